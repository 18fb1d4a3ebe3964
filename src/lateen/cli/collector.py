"""How often Python looks for garbage in circles while a mesh is loaded or served."""

import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

START = 30.0
"""Seconds in which a mesh of any size is loaded and sent to its first proxies."""
THRESHOLDS = (100_000, 20, 50)
"""Thousands of facts and answers live long: the usual 700 costs a quarter of a start, and pauses while serving."""


def collect_rarely() -> None:
    """Set the thresholds for this process."""
    gc.set_threshold(*THRESHOLDS)


def collect_after_start(loop: "asyncio.AbstractEventLoop") -> None:
    """Do not look at all while nearly everything that is made stays: it is a twentieth of a large mesh's start."""
    gc.disable()
    loop.call_later(START, gc.enable)
