"""The page, as HTML. Whatever the other services say is escaped, and may lack anything."""

from collections.abc import Mapping
from html import escape
from pathlib import Path

from lateen.demo.calling import Answer

STYLE = Path(__file__).with_name("static").joinpath("bookinfo.css").read_text("utf-8")
"""The style sheet, which the page carries within itself so that one request shows everything."""

SUMMARY = (
    "Two masters, each with the same name, and two servants, each with the same name, are loose in one town on one day. "
    "Nobody knows it but the audience. <b>William Shakespeare's</b> shortest play is also among his earliest and most "
    "boisterous: mistaken identity from the first scene to the last. "
    '<a href="https://en.wikipedia.org/wiki/The_Comedy_of_Errors">The story, on Wikipedia</a>'
)

PRODUCT: Mapping[str, object] = {"id": 0, "title": "The Comedy of Errors", "descriptionHtml": SUMMARY}
"""The only book in the shop."""

FACTS = (
    ("Type", "type"),
    ("Pages", "pages"),
    ("Publisher", "publisher"),
    ("Language", "language"),
    ("ISBN-10", "ISBN-10"),
    ("ISBN-13", "ISBN-13"),
)
"""What the page says of the details service's answer, with the key that has it."""

SHADES = {"black": "#111827", "red": "#d0142c"}
"""Star colours that look better than their CSS names; any other name is used as it is."""

MOST_STARS = 5

ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Cpath d='M2 13 L13 2 L13 13 Z' fill='%231e5b8f'/%3E%3C/svg%3E"
)

SIGN_IN = """<details class="account">
<summary class="button">Sign in</summary>
<form method="post" action="/login" aria-label="Sign in">
<label for="username">User name</label>
<input id="username" name="username" autocomplete="username" autocapitalize="none" maxlength="64" required>
<label for="password">Password</label>
<input id="password" name="passwd" type="password" autocomplete="off">
<button class="button" type="submit">Sign in</button>
<p class="hint">Any name will do, and any password. Rules may treat <b>jason</b> in a way of his own.</p>
</form>
</details>"""


def page(user: str, details: Answer, reviews: Answer) -> str:
    """Return the whole document for a user (empty: nobody is signed in) and the two services' answers."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The Comedy of Errors · BookInfo Sample</title>
<link rel="icon" href="{ICON}">
<style>
{STYLE}</style>
</head>
<body>
<header><div class="width">
<a class="brand" href="/productpage"><span class="sail" aria-hidden="true"></span>BookInfo Sample</a>
{_account(user)}
</div></header>
<main class="width">
<section class="book">
<div class="cover" aria-hidden="true"><i>The</i> Comedy <i>of</i> Errors</div>
<div><h1>{PRODUCT["title"]}</h1>
<p class="summary"><b>Summary:</b> {SUMMARY}</p></div>
</section>
<div class="columns">
<section id="details" aria-labelledby="details-title">
{_details(details)}
</section>
<section id="reviews" aria-labelledby="reviews-title">
{_reviews(reviews)}
</section>
</div>
</main>
</body>
</html>
"""


def _account(user: str) -> str:
    if not user:
        return SIGN_IN
    initial = escape(user[0].upper())
    return (
        f'<div class="account"><span class="face" aria-hidden="true">{initial}</span>'
        f'<span class="user">{escape(user)}</span> <a class="button quiet" href="/logout">Sign out</a></div>'
    )


def _details(answer: Answer) -> str:
    if answer.status != 200:
        return _missing("details", answer)
    facts = _mapping(answer.value)
    rows = "\n".join(f"<div><dt>{label}</dt><dd>{_text(facts, key)}</dd></div>" for label, key in FACTS)
    return (
        f'<h2 id="details-title">Book Details</h2>\n<dl>\n{rows}\n</dl>\n{_served_by("Details", "", answer)}'
    )


def _reviews(answer: Answer) -> str:
    if answer.status != 200:
        return _missing("reviews", answer)
    body = _mapping(answer.value)
    listed = body.get("reviews")
    reviews = "\n".join(_review(_mapping(review)) for review in (listed if isinstance(listed, list) else ()))
    pod = "" if body.get("podname") == "null" else _text(body, "podname")
    if body.get("clustername", "null") != "null":
        pod += f" on cluster {_text(body, 'clustername')}"
    return f'<h2 id="reviews-title">Book Reviews</h2>\n{reviews}\n{_served_by("Reviews", pod, answer)}'


def _review(review: Mapping[str, object]) -> str:
    rating = _rating(_mapping(review["rating"])) if "rating" in review else ""
    return (
        f'<figure class="review"><blockquote>{_text(review, "text")}</blockquote>\n'
        f"<figcaption>{_text(review, 'reviewer')}</figcaption>{rating}</figure>"
    )


def _rating(rating: Mapping[str, object]) -> str:
    stars = rating.get("stars")
    if not isinstance(stars, int):
        return f'\n<p class="trouble">{_text(rating, "error")}</p>'
    count = max(0, min(stars, MOST_STARS))
    color = str(rating.get("color", "black"))
    shade = SHADES.get(color, color) if color.isalpha() else SHADES["black"]
    return (
        f'\n<p class="stars" role="img" aria-label="{count} of {MOST_STARS} stars" data-stars="{count}" '
        f'data-color="{escape(color)}" style="color:{shade}">{"★" * count}<span>{"☆" * (MOST_STARS - count)}</span></p>'
    )


def _missing(part: str, answer: Answer) -> str:
    return (
        f'<h2 id="{part}-title" class="trouble">Error fetching product {part}!</h2>\n'
        f'<p class="trouble-text">{_text(_mapping(answer.value), "error")}</p>'
    )


def _served_by(part: str, pod: str, answer: Answer) -> str:
    version = f'<b class="version">{escape(answer.version)}</b>' if answer.version else ""
    where = " ".join(filter(None, (pod, version)))
    return f'<p class="served">{part} served by: {where}</p>' if where else ""


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _text(values: Mapping[str, object], key: str) -> str:
    return escape(str(values.get(key, "")))
