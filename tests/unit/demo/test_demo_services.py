import json
import threading

import pytest

from lateen.demo import details
from lateen.demo.addresses import base_url
from lateen.demo.calling import Answer, get_json
from lateen.demo.headers import FORWARDED
from lateen.demo.ratings import DELAY_SECONDS, Ratings
from lateen.demo.reviews import Reviews
from lateen.demo.serving import Response, Route, json_response

NOBODY = "http://127.0.0.1:1"


@pytest.fixture
def ratings(start):
    return start(Ratings().routes)


def reviews(ratings_url, **environment):
    return Reviews({"RATINGS_URL": ratings_url, **environment}).routes


def test_details_describe_the_book(start):
    status, book, _ = start(details.ROUTES).ask("/details/0")
    assert status == 200
    assert book == {
        "id": 0,
        "author": "William Shakespeare",
        "year": 1595,
        "type": "paperback",
        "pages": 200,
        "publisher": "PublisherA",
        "language": "English",
        "ISBN-10": "1234567890",
        "ISBN-13": "123-1234567890",
    }


def test_details_want_a_number(start):
    service = start(details.ROUTES)
    assert service.ask("/details/x")[:2] == (400, {"error": "please provide numeric product id"})
    assert service.ask("/health")[:2] == (200, {"status": "Details is healthy"})


def test_ratings_are_kept_by_product(ratings):
    first = {"id": 0, "ratings": {"Reviewer1": 5, "Reviewer2": 4}}
    assert ratings.ask("/ratings/0")[:2] == (200, first)
    changed = {"id": 0, "ratings": {"Reviewer1": 1}}
    assert ratings.ask("/ratings/0", "POST", '{"Reviewer1": 1}')[:2] == (200, changed)
    assert ratings.ask("/ratings/0")[1] == changed
    assert ratings.ask("/ratings/1")[1] == {**first, "id": 1}


def test_ratings_refuse_what_they_cannot_read(ratings):
    assert ratings.ask("/ratings/0", "POST", "{")[:2] == (400, {"error": "please provide valid ratings JSON"})
    assert ratings.ask("/ratings/x", "POST", "{}")[:2] == (
        400,
        {"error": "please provide numeric product ID"},
    )
    assert ratings.ask("/ratings/x")[:2] == (400, {"error": "please provide numeric product ID"})


@pytest.mark.parametrize(("chance", "status"), [(0.5, 503), (0.51, 200)])
def test_faulty_ratings_fail_by_chance(start, chance, status):
    assert start(Ratings("v-faulty", chance=lambda: chance).routes).ask("/ratings/0")[0] == status


@pytest.mark.parametrize(("chance", "slept"), [(0.5, [DELAY_SECONDS]), (0.51, [])])
def test_delayed_ratings_are_late_by_chance(start, chance, slept):
    sleeps = []
    service = start(Ratings("v-delayed", chance=lambda: chance, sleep=sleeps.append).routes)
    assert service.ask("/ratings/0")[0] == 200
    assert sleeps == slept


@pytest.mark.parametrize(
    ("version", "statuses", "health"),
    [("v-unavailable", [200, 503, 200], [200] * 3), ("v-unhealthy", [200, 503, 200], [200, 500, 200])],
)
def test_ratings_come_and_go(start, version, statuses, health):
    period = {"v-unavailable": 60, "v-unhealthy": 900}[version]
    now = [1000.0]
    service = start(Ratings(version, clock=lambda: now[0]).routes)
    seen = []
    for _ in statuses:
        seen.append((service.ask("/ratings/0")[0], service.ask("/health")[0]))
        now[0] += period
    assert seen == list(zip(statuses, health, strict=True))


def test_reviews_v1_ask_nobody_for_stars(start):
    status, answer, _ = start(reviews(NOBODY)).ask("/reviews/0")
    assert status == 200
    assert (answer["id"], answer["podname"], answer["clustername"]) == ("0", "null", "null")
    assert [set(review) for review in answer["reviews"]] == [{"reviewer", "text"}] * 2
    assert [review["reviewer"] for review in answer["reviews"]] == ["Reviewer1", "Reviewer2"]


@pytest.mark.parametrize(("environment", "color"), [({}, "black"), ({"STAR_COLOR": "red"}, "red")])
def test_reviews_v2_and_v3_colour_the_stars(start, ratings, environment, color):
    routes = reviews(ratings.url, ENABLE_RATINGS="true", HOSTNAME="pod", CLUSTER_NAME="one", **environment)
    answer = start(routes).ask("/reviews/0")[1]
    stars = [{"stars": 5, "color": color}, {"stars": 4, "color": color}]
    assert [review["rating"] for review in answer["reviews"]] == stars
    assert (answer["podname"], answer["clustername"]) == ("pod", "one")


@pytest.mark.parametrize(
    "answer",
    [
        json_response({"error": "no"}, 500),
        json_response([1]),
        json_response({"ratings": 5}),
        json_response({"ratings": {"Reviewer1": "five", "Reviewer2": True}}),
        Response(200, b"not JSON"),
    ],
    ids=["fails", "list", "number", "wrong types", "not JSON"],
)
def test_reviews_do_without_ratings_that_are_wrong(start, answer):
    ratings = start((Route("GET", "/ratings/{product}", lambda _request: answer),))
    body = start(reviews(ratings.url, ENABLE_RATINGS="true")).ask("/reviews/0")[1]
    unavailable = {"error": "Ratings service is currently unavailable"}
    assert [review["rating"] for review in body["reviews"]] == [unavailable] * 2


def test_reviews_do_without_ratings_that_are_not_there(start):
    body = start(reviews(NOBODY, ENABLE_RATINGS="true")).ask("/reviews/0")[1]
    assert "error" in body["reviews"][0]["rating"]


def test_reviews_hand_on_user_and_trace_and_nothing_else(start):
    seen = []
    routes = (
        Route("GET", "/ratings/{product}", lambda request: seen.append(request.headers) or json_response({})),
    )
    sent = {name: f"value of {name}" for name in FORWARDED} | {"x-other": "no", "accept": "no"}
    start(reviews(start(routes).url, ENABLE_RATINGS="true")).ask("/reviews/0", headers=sent)
    own = {"host", "accept-encoding", "connection"}
    assert {name: value for name, value in seen[0].items() if name not in own} == {
        name: f"value of {name}" for name in FORWARDED
    }


@pytest.mark.parametrize(("color", "seconds"), [("black", 10.0), ("red", 2.5), ("blue", 2.5)])
def test_black_stars_are_more_patient(monkeypatch, start, color, seconds):
    waits = []
    monkeypatch.setattr(
        "lateen.demo.reviews.get_json", lambda _url, _headers, timeout: waits.append(timeout) or Answer(0)
    )
    start(reviews(NOBODY, ENABLE_RATINGS="true", STAR_COLOR=color)).ask("/reviews/0")
    assert waits == [seconds]


def test_a_call_gives_up_after_its_time(start):
    may_answer = threading.Event()
    service = start((Route("GET", "/", lambda _request: json_response(may_answer.wait(10))),))
    assert get_json(f"{service.url}/", {}, 0.02) == Answer(0)
    may_answer.set()
    assert get_json(f"{service.url}/", {}, 10) == Answer(200, True, "v1")


def test_addresses_are_plain_names_unless_told_otherwise():
    assert base_url("reviews", {}) == "http://reviews:9080"
    parts = {"REVIEWS_HOSTNAME": "other", "SERVICES_DOMAIN": "shop", "REVIEWS_SERVICE_PORT": "80"}
    assert base_url("reviews", parts) == "http://other.shop:80"
    assert base_url("reviews", {**parts, "REVIEWS_URL": "http://here:1/"}) == "http://here:1"


def test_error_answers_are_json(start):
    status, body, headers = start(details.ROUTES).ask("/nowhere")
    assert (status, headers["content-type"]) == (404, "application/json")
    assert json.dumps(body) == '{"error": "no such page"}'
