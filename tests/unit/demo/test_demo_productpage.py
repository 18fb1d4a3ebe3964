import pytest

from lateen.demo import details
from lateen.demo.calling import Answer
from lateen.demo.page import page
from lateen.demo.productpage import ProductPage
from lateen.demo.ratings import Ratings
from lateen.demo.serving import Route, json_response
from lateen.demo.session import clean_name, signed, signed_in

NOBODY = "http://127.0.0.1:1"
KEY = b"key"
NO_DETAILS = Answer(200, {})


class Recorder:
    """A reviews service that remembers what it was asked with, and answers what it is told to."""

    def __init__(self, status=200):
        self.headers = []
        self.status = status

    @property
    def routes(self):
        return (Route("GET", "/reviews/{product}", self.answer),)

    def answer(self, request):
        self.headers.append(request.headers)
        return json_response({"reviews": []}, self.status)


@pytest.fixture
def shop(start):
    """A page with details and ratings, and reviews that the test provides."""

    def shop(reviews_url=NOBODY):
        urls = {"DETAILS_URL": start(details.ROUTES).url, "RATINGS_URL": start(Ratings().routes).url}
        return start(ProductPage({**urls, "REVIEWS_URL": reviews_url}).routes)

    return shop


def cookie_of(service, user):
    status, _, headers = service.ask("/login", "POST", f"username={user}&passwd=x")
    assert (status, headers["location"]) == (302, "/productpage")
    return headers["set-cookie"]


@pytest.mark.parametrize("path", ["/", "/productpage"])
def test_the_page_is_at_both_addresses(shop, path):
    status, html, headers = shop().ask(path)
    assert (status, headers["content-type"], headers["cache-control"]) == (
        200,
        "text/html; charset=utf-8",
        "no-store",
    )
    assert "<h1>The Comedy of Errors</h1>" in html


def test_health_and_style(shop):
    service = shop()
    assert service.ask("/health")[:2] == (200, "Product page is healthy")
    assert service.ask("/static/bookinfo.css")[1] in service.ask("/")[1]


def test_a_signed_in_user_is_sent_on(start, shop):
    reviews = Recorder()
    service = shop(start(reviews.routes).url)
    cookie = cookie_of(service, "jason")
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Lax")
    pair = cookie.partition(";")[0]
    service.ask(
        "/productpage", headers={"cookie": pair, "x-request-id": "r1", "traceparent": "t1", "b3": "b1"}
    )
    sent = reviews.headers[0]
    assert {name: sent[name] for name in ("end-user", "x-request-id", "traceparent", "b3", "cookie")} == {
        "end-user": "jason",
        "x-request-id": "r1",
        "traceparent": "t1",
        "b3": "b1",
        "cookie": pair,
    }


def test_a_user_beyond_ascii_reaches_the_other_side_as_utf8(start, shop):
    reviews = Recorder()
    service = shop(start(reviews.routes).url)
    pair = cookie_of(service, "Zo%C3%AB").partition(";")[0]
    assert "Zoë" in service.ask("/productpage", headers={"cookie": pair})[1]
    assert reviews.headers[0]["end-user"].encode("latin-1") == "Zoë".encode()


def test_nobody_can_claim_to_be_a_user_by_header_or_by_a_cookie_of_their_own(start, shop):
    reviews = Recorder()
    service = shop(start(reviews.routes).url)
    forged = f"session={signed('jason', b'another key')}"
    service.ask("/productpage", headers={"end-user": "jason", "cookie": forged})
    assert "end-user" not in reviews.headers[0]


def test_signing_out_and_signing_in_without_a_name_forget_the_user(shop):
    service = shop()
    assert service.ask("/logout")[2]["set-cookie"].startswith("session=; Max-Age=0;")
    assert cookie_of(service, "+").startswith("session=; Max-Age=0;")


@pytest.mark.parametrize("status", [500, 503, 504])
def test_reviews_are_asked_for_twice_and_details_once(start, shop, status):
    reviews = Recorder(status)
    html = shop(start(reviews.routes).url).ask("/productpage")[1]
    assert len(reviews.headers) == 2
    assert "Error fetching product reviews!" in html
    assert "Sorry, product reviews are currently unavailable for this book." in html
    assert "Book Details" in html


def test_without_details_the_reviews_are_still_there(start):
    reviews = Recorder()
    urls = {"DETAILS_URL": NOBODY, "REVIEWS_URL": start(reviews.routes).url}
    html = start(ProductPage(urls).routes).ask("/productpage")[1]
    assert "Error fetching product details!" in html
    assert "Sorry, product details are currently unavailable for this book." in html
    assert "Book Reviews" in html


def test_the_page_waits_three_seconds(monkeypatch, start):
    waits = []
    monkeypatch.setattr(
        "lateen.demo.productpage.get_json",
        lambda url, _headers, timeout: waits.append((url.split("/")[2], timeout)) or Answer(0),
    )
    start(ProductPage({}).routes).ask("/productpage")
    assert waits == [("details:9080", 3.0), ("reviews:9080", 3.0), ("reviews:9080", 3.0)]


def test_the_api(start, shop):
    service = shop(start(Recorder().routes).url)
    (product,) = service.ask("/api/v1/products")[1]
    assert (product["id"], product["title"]) == (0, "The Comedy of Errors")
    assert service.ask("/api/v1/products/0")[1]["publisher"] == "PublisherA"
    assert service.ask("/api/v1/products/0/reviews")[:2] == (200, {"reviews": []})
    assert service.ask("/api/v1/products/0/ratings")[1]["ratings"]["Reviewer2"] == 4


def test_the_api_hands_on_what_went_wrong(start, shop):
    words = {"error": "Sorry, product reviews are currently unavailable for this book."}
    assert shop().ask("/api/v1/products/0/reviews")[:2] == (500, words)
    assert shop(start(Recorder(503).routes).url).ask("/api/v1/products/0/reviews")[:2] == (503, words)
    assert shop().ask("/api/v1/products/x")[0] == 400


def test_names_are_cleaned():
    assert clean_name("  ja\r\nson\0 ") == "jason"
    assert clean_name("x" * 99) == "x" * 64


@pytest.mark.parametrize("user", ["jason", "Zoë", "a.b=c;d", "xx", "xxx"])
def test_a_signature_holds_for_its_key_alone(user):
    value = signed(user, KEY)
    assert signed_in(f"a=b; session={value}; c=d", KEY) == user
    assert signed_in(f"session={value}", b"other") == ""
    assert signed_in(f"session=x{value}", KEY) == ""
    assert signed_in(f"session={value[:-1]}", KEY) == ""


@pytest.mark.parametrize("cookies", ["", "session", "session=", "session=.", "session=é.ü", ";;", "other=1"])
def test_other_cookies_are_nobody(cookies):
    assert signed_in(cookies, KEY) == ""


def test_what_services_say_is_escaped():
    nasty = '<script>"&'
    reviews = {
        "podname": nasty,
        "clustername": nasty,
        "reviews": [
            {"reviewer": nasty, "text": nasty, "rating": {"stars": 3, "color": nasty}},
            {"rating": {"error": nasty}},
        ],
    }
    html = page(nasty, Answer(200, {"publisher": nasty}, nasty), Answer(200, reviews, nasty))
    assert "<script" not in html
    assert html.count("&lt;script&gt;&quot;&amp;") == 10
    assert 'style="color:#111827"' in html


@pytest.mark.parametrize("value", [None, [], "x", {"reviews": 3}, {"reviews": [None, {"rating": None}]}])
def test_the_page_stands_whatever_reviews_answer(value):
    assert "</html>" in page("", NO_DETAILS, Answer(200, value))


@pytest.mark.parametrize(
    ("stars", "shown"), [(-1, "<span>☆☆☆☆☆</span>"), (3, "★★★<span>☆☆</span>"), (9, "★★★★★<span></span>")]
)
def test_there_are_five_stars_at_most(stars, shown):
    reviews = {"reviews": [{"rating": {"stars": stars, "color": "red"}}]}
    assert f">{shown}</p>" in page("", NO_DETAILS, Answer(200, reviews))


def test_the_page_says_which_pod_and_version_served():
    reviews = {"podname": "reviews-v3-7", "clustername": "null", "reviews": []}
    html = page("", NO_DETAILS, Answer(200, reviews, "v3"))
    assert 'Reviews served by: reviews-v3-7 <b class="version">v3</b>' in html
    elsewhere = page("", NO_DETAILS, Answer(200, {**reviews, "clustername": "east"}))
    assert "Reviews served by: reviews-v3-7 on cluster east</p>" in elsewhere
