"""The product page: what a reader sees, and a small JSON API in front of the other services.

Signing in takes any password. The user is kept in a cookie and sent to the other services as `end-user`; an `end-user`
header of the caller's own is not believed. Waits 3 s for each service; reviews are asked for twice before giving up,
which together with slow ratings makes the well-known mistake that a 7 s delay brings to light.

`SESSION_KEY` signs the cookie; give all replicas the same.
"""

import os
import sys
from collections.abc import Mapping
from urllib.parse import parse_qs

from lateen.demo.addresses import base_url
from lateen.demo.calling import Answer, get_json
from lateen.demo.headers import forwarded
from lateen.demo.page import PRODUCT, STYLE, page
from lateen.demo.serving import Request, Response, Route, json_response, run
from lateen.demo.session import COOKIE, clean_name, signed, signed_in

TIMEOUT_SECONDS = 3.0
"""How long to wait for another service."""

ATTEMPTS = {"details": 1, "reviews": 2, "ratings": 1}
"""How often to ask each service before giving up."""

COOKIE_ATTRIBUTES = "Path=/; HttpOnly; SameSite=Lax"


def health(_request: Request) -> Response:
    """Say that the service is there."""
    return Response(200, b"Product page is healthy", "text/plain; charset=utf-8")


def style(_request: Request) -> Response:
    """Return the style sheet that the page carries within itself."""
    return Response(200, STYLE.encode(), "text/css; charset=utf-8")


def products(_request: Request) -> Response:
    """List the books: there is one."""
    return json_response([PRODUCT])


def sign_out(_request: Request) -> Response:
    """Forget the user and go back to the page."""
    return _back_to_page(f"{COOKIE}=; Max-Age=0; {COOKIE_ATTRIBUTES}")


def _back_to_page(cookie: str) -> Response:
    return Response(302, b"", "text/plain", (("location", "/productpage"), ("set-cookie", cookie)))


class ProductPage:
    """The page and its API."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._urls = {service: base_url(service, environment) for service in ATTEMPTS}
        self._key = environment.get("SESSION_KEY", "bookinfo").encode()

    @property
    def routes(self) -> tuple[Route, ...]:
        """Everything that this service answers."""
        api = "/api/v1/products"
        return (
            Route("GET", "/", self.front),
            Route("GET", "/productpage", self.front),
            Route("GET", "/health", health),
            Route("POST", "/login", self.sign_in),
            Route("GET", "/logout", sign_out),
            Route("GET", "/static/bookinfo.css", style),
            Route("GET", api, products),
            Route("GET", f"{api}/{{product}}", lambda request: self._relay("details", request)),
            Route("GET", f"{api}/{{product}}/reviews", lambda request: self._relay("reviews", request)),
            Route("GET", f"{api}/{{product}}/ratings", lambda request: self._relay("ratings", request)),
        )

    def front(self, request: Request) -> Response:
        """Make the page; a service that does not answer is named on it, and the rest is shown."""
        book = request._replace(product=str(PRODUCT["id"]))
        html = page(self._user(request), self._ask("details", book), self._ask("reviews", book))
        return Response(200, html.encode(), "text/html; charset=utf-8", (("cache-control", "no-store"),))

    def sign_in(self, request: Request) -> Response:
        """Remember the `username` of the form and go back to the page; without one, sign out."""
        form = parse_qs(request.body.decode("utf-8", "replace"))
        user = clean_name(form.get("username", [""])[0])
        if not user:
            return sign_out(request)
        return _back_to_page(f"{COOKIE}={signed(user, self._key)}; {COOKIE_ATTRIBUTES}")

    def _user(self, request: Request) -> str:
        return signed_in(request.headers.get("cookie", ""), self._key)

    def _ask(self, service: str, request: Request) -> Answer:
        headers = forwarded(request.headers)
        headers.pop("end-user", None)
        if user := self._user(request):
            headers["end-user"] = user.encode().decode("latin-1")
        answer = Answer(0)
        for _ in range(ATTEMPTS[service]):
            answer = get_json(f"{self._urls[service]}/{service}/{request.product}", headers, TIMEOUT_SECONDS)
            if answer.status == 200 and answer.value is not None:
                return answer
        words = f"Sorry, product {service} are currently unavailable for this book."
        return Answer(500 if answer.status in {0, 200} else answer.status, {"error": words})

    def _relay(self, service: str, request: Request) -> Response:
        answer = self._ask(service, request)
        return json_response(answer.value, answer.status)


if __name__ == "__main__":
    run("productpage", ProductPage(os.environ).routes, sys.argv[1:], os.environ)
