"""The page under test: a running mesh's when LATEEN_PAGE_URL names it, else the services on loopback ports."""

import contextlib
import os
import threading
from collections.abc import Iterator, Sequence

import pytest

from lateen.demo import details
from lateen.demo.calling import get_json
from lateen.demo.headers import forwarded
from lateen.demo.productpage import ProductPage
from lateen.demo.ratings import Ratings
from lateen.demo.reviews import Reviews
from lateen.demo.serving import Request, Response, Route, Server, json_response


@contextlib.contextmanager
def serving(routes: Sequence[Route], version: str) -> Iterator[str]:
    server = Server(routes, 0, version, log=lambda _line: None)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.stop()
        thread.join()


def reviews(version: str, color: str, ratings_url: str) -> tuple[Route, ...]:
    environment = {"ENABLE_RATINGS": "true", "STAR_COLOR": color, "RATINGS_URL": ratings_url}
    return Reviews({**environment, "HOSTNAME": f"reviews-{version}"}).routes


def by_user(jason: str, others: str) -> tuple[Route, ...]:
    """Stand in for the mesh: jason's requests go to one address, everyone else's to the other."""

    def pick(request: Request) -> Response:
        base = jason if request.headers.get("end-user") == "jason" else others
        answer = get_json(base + request.path, forwarded(request.headers), 3)
        return json_response(answer.value, answer.status)._replace(
            headers=(("x-service-version", answer.version),)
        )

    return (Route("GET", "/reviews/{product}", pick),)


@contextlib.contextmanager
def bookinfo() -> Iterator[str]:
    with contextlib.ExitStack() as stack:

        def start(routes: Sequence[Route], version: str = "v1") -> str:
            return stack.enter_context(serving(routes, version))

        ratings = start(Ratings().routes)
        black = start(reviews("v2", "black", ratings), "v2")
        red = start(reviews("v3", "red", ratings), "v3")
        urls = {
            "RATINGS_URL": ratings,
            "DETAILS_URL": start(details.ROUTES),
            "REVIEWS_URL": start(by_user(black, red), ""),
        }
        yield start(ProductPage(urls).routes)


@pytest.fixture(scope="session")
def page_url() -> Iterator[str]:
    """The address up to the path, of a Bookinfo whose rules show jason black stars and everyone else red ones."""
    if url := os.environ.get("LATEEN_PAGE_URL"):
        yield url.rstrip("/")
        return
    with bookinfo() as url:
        yield url
