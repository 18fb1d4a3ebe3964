"""The details service: facts about the book. `GET /details/{id}` and `GET /health`."""

import os
import sys

from lateen.demo.serving import Request, Response, Route, failure, json_response, run


def health(_request: Request) -> Response:
    """Say that the service is there."""
    return json_response({"status": "Details is healthy"})


def details(request: Request) -> Response:
    """Describe the book; 400 for an id that is not a number."""
    if not request.product.isdecimal():
        return failure(400, "please provide numeric product id")
    return json_response(
        {
            "id": int(request.product),
            "author": "William Shakespeare",
            "year": 1595,
            "type": "paperback",
            "pages": 200,
            "publisher": "PublisherA",
            "language": "English",
            "ISBN-10": "1234567890",
            "ISBN-13": "123-1234567890",
        },
    )


ROUTES = (Route("GET", "/health", health), Route("GET", "/details/{product}", details))
"""Everything that this service answers."""

if __name__ == "__main__":
    run("details", ROUTES, sys.argv[1:], os.environ)
