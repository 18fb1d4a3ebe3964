"""The ratings service: how many stars each reviewer gave. `GET` and `POST /ratings/{id}`, `GET /health`.

`SERVICE_VERSION` makes it misbehave, as in Istio's sample: `v-faulty` fails every second request by chance, `v-delayed`
is 7 s late by chance, `v-unavailable` fails during every second minute, `v-unhealthy` fails and says so for 15 minutes
out of 30. Any other version is well; what is posted is kept in memory (there is no version with a database here).
"""

import json
import os
import random
import sys
import time
from collections.abc import Callable

from lateen.demo.serving import Request, Response, Route, failure, json_response, run

DELAY_SECONDS = 7.0
"""How late `v-delayed` is."""

PERIODS = {"v-unavailable": 60.0, "v-unhealthy": 900.0}
"""Seconds after which these versions change between well and unavailable."""


class Ratings:
    """The ratings, in memory, and the switch for misbehaviour."""

    def __init__(
        self,
        version: str = "v1",
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._version = version
        self._clock = clock
        self._chance = chance
        self._sleep = sleep
        self._started = clock()
        self._posted: dict[int, object] = {}

    @property
    def routes(self) -> tuple[Route, ...]:
        """Everything that this service answers."""
        return (
            Route("GET", "/health", self.health),
            Route("GET", "/ratings/{product}", self.read),
            Route("POST", "/ratings/{product}", self.write),
        )

    def health(self, _request: Request) -> Response:
        """Say that the service is there; `v-unhealthy` denies it half of the time."""
        if self._version == "v-unhealthy" and self._is_unavailable():
            return json_response({"status": "Ratings is not healthy"}, 500)
        return json_response({"status": "Ratings is healthy"})

    def read(self, request: Request) -> Response:
        """Return the stars by reviewer; 400 for an id that is not a number, 503 where the version misbehaves."""
        if not request.product.isdecimal():
            return failure(400, "please provide numeric product ID")
        if self._is_unavailable() or (self._version == "v-faulty" and self._chance() <= 0.5):
            return failure(503, "Service unavailable")
        if self._version == "v-delayed" and self._chance() <= 0.5:
            self._sleep(DELAY_SECONDS)
        return self._ratings(int(request.product))

    def write(self, request: Request) -> Response:
        """Replace the stars of a book by the JSON in the body, and return them."""
        if not request.product.isdecimal():
            return failure(400, "please provide numeric product ID")
        try:
            ratings = json.loads(request.body)
        except ValueError:
            return failure(400, "please provide valid ratings JSON")
        self._posted[int(request.product)] = ratings
        return self._ratings(int(request.product))

    def _ratings(self, product: int) -> Response:
        ratings = self._posted.get(product, {"Reviewer1": 5, "Reviewer2": 4})
        return json_response({"id": product, "ratings": ratings})

    def _is_unavailable(self) -> bool:
        period = PERIODS.get(self._version)
        return period is not None and int((self._clock() - self._started) // period) % 2 == 1


if __name__ == "__main__":
    run("ratings", Ratings(os.environ.get("SERVICE_VERSION", "v1")).routes, sys.argv[1:], os.environ)
