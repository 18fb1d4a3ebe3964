"""The reviews service: what readers say. `GET /reviews/{id}` and `GET /health`.

The versions differ by their environment alone, as in Istio's sample: `ENABLE_RATINGS` (default false) asks the ratings
service for stars, `STAR_COLOR` (default black) colours them. A version with black stars waits 10 s for ratings, others
2.5 s. `HOSTNAME` and `CLUSTER_NAME` are reported as `podname` and `clustername` ("null" when unset).
"""

import os
import sys
from collections.abc import Mapping

from lateen.demo.addresses import base_url
from lateen.demo.calling import get_json
from lateen.demo.headers import forwarded
from lateen.demo.serving import Request, Response, Route, failure, json_response, run

REVIEWS = (
    ("Reviewer1", "Two pairs of twins, one long afternoon, and I laughed all the way through it."),
    ("Reviewer2", "Quick, silly and very well built. Just don't come looking for deep thoughts."),
)
"""Who wrote, and what."""

UNAVAILABLE = {"error": "Ratings service is currently unavailable"}
"""The rating of a review when the ratings service did not answer."""


class Reviews:
    """One version of the reviews."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._has_ratings = environment.get("ENABLE_RATINGS", "").lower() == "true"
        self._color = environment.get("STAR_COLOR", "black")
        self._timeout = 10.0 if self._color == "black" else 2.5
        self._ratings_url = base_url("ratings", environment)
        self._podname = environment.get("HOSTNAME", "null")
        self._clustername = environment.get("CLUSTER_NAME", "null")

    @property
    def routes(self) -> tuple[Route, ...]:
        """Everything that this service answers."""
        return (Route("GET", "/health", self.health), Route("GET", "/reviews/{product}", self.reviews))

    def health(self, _request: Request) -> Response:
        """Say that the service is there."""
        return json_response({"status": "Reviews is healthy"})

    def reviews(self, request: Request) -> Response:
        """Return the reviews of a book, with stars where this version has them; 404 for an id that is not a number."""
        if not request.product.isdecimal():
            return failure(404, "no such product")
        stars = self._stars(request) if self._has_ratings else {}
        return json_response(
            {
                "id": request.product,
                "podname": self._podname,
                "clustername": self._clustername,
                "reviews": [self._review(name, text, stars) for name, text in REVIEWS],
            },
        )

    def _review(self, reviewer: str, text: str, stars: Mapping[str, int]) -> dict[str, object]:
        review: dict[str, object] = {"reviewer": reviewer, "text": text}
        if self._has_ratings:
            known = reviewer in stars
            review["rating"] = {"stars": stars[reviewer], "color": self._color} if known else UNAVAILABLE
        return review

    def _stars(self, request: Request) -> dict[str, int]:
        url = f"{self._ratings_url}/ratings/{request.product}"
        answer = get_json(url, forwarded(request.headers), self._timeout)
        ratings = answer.value.get("ratings") if isinstance(answer.value, dict) else None
        if answer.status != 200 or not isinstance(ratings, dict):
            return {}
        return {name: stars for name, stars in ratings.items() if type(stars) is int}


if __name__ == "__main__":
    run("reviews", Reviews(os.environ).routes, sys.argv[1:], os.environ)
