"""Brings the HTTP API up beside a mesh that is already starting."""

import asyncio
import importlib

from lateen.server.answers import Answers
from lateen.server.state import State


async def serve_api(answers: Answers, state: State, stop: asyncio.Event) -> None:
    """Serve the API on the mesh's socket until `stop` is set.

    Importing the web server takes a tenth of a second; it happens in a thread, so that workloads start meanwhile.
    """
    api = await asyncio.to_thread(importlib.import_module, "lateen.server.api")
    await api.serve(answers, state.api_socket, stop)
