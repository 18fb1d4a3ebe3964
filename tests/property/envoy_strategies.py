"""Random route configurations in Envoy's words, and requests that come near them.

Alphabets are small on purpose: what matters is that conditions and requests meet.
"""

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from lateen.simulate.request import Request
from support.handmade import FILTERS, Json

HOSTS = ("a.com", "b.a.com", "c.b.a.com", "a.org", "x", "x.default", "a.com:80", "X", "-a.com")
DOMAINS = (
    "a.com",
    "b.a.com",
    "*.a.com",
    "*.b.a.com",
    "a.*",
    "x",
    "x.*",
    "*-a.com",
    "x.default",
    "a.com:80",
    "A.org",
)
SEGMENTS = ("foo", "bar", "Foo", "v1", "foobar", "", "foo.html", "%66oo", "..", ".", "a b", "b;c")
VALUES = ("a", "b", "ab", "A", "a,b", "", "7", "-3", "10", "aa b")
NAMES = ("x-one", "x-two", "end-user")
REGEXES = ("a+", "a|b", ".*", "[a-z]?", "(a)(b)?", ".+b", r"\d+", "(?i)AB")
PATH_REGEXES = ("/foo.*", "/.*/bar", "/v[0-9]+(/.*)?", "/(foo|bar)", ".*", "/foo/?", "(?i)/FOO.*")
CLUSTERS = ("one", "two", "three", "empty", "missing")


def path_text() -> SearchStrategy[str]:
    return st.lists(st.sampled_from(SEGMENTS), max_size=3).map(lambda parts: "/" + "/".join(parts))


def clean_path() -> SearchStrategy[str]:
    words = st.sampled_from(("foo", "bar", "Foo", "v1", "fo", ""))
    return st.lists(words, max_size=2).map(lambda parts: "/" + "/".join(parts))


def string_matches() -> SearchStrategy[Json]:
    filled = st.sampled_from([value for value in VALUES if value])
    kinds = st.sampled_from(("prefix", "suffix", "contains"))
    plain = st.builds(lambda kind, value: {kind: value}, kinds, filled) | st.sampled_from(VALUES).map(
        lambda value: {"exact": value}
    )
    cased = st.builds(
        lambda found, ignore: found | ({"ignore_case": True} if ignore else {}), plain, st.booleans()
    )
    return cased | st.sampled_from(REGEXES).map(lambda regex: {"safe_regex": {"regex": regex}})


def header_matches() -> SearchStrategy[Json]:
    value = st.one_of(
        string_matches().map(lambda found: {"string_match": found}),
        st.booleans().map(lambda found: {"present_match": found}),
        st.just({"range_match": {"start": -5, "end": 8}}),
    )
    names = st.sampled_from((*NAMES, *NAMES, ":method", ":authority", ":path", ":scheme", "host"))
    flags = st.fixed_dictionaries(
        {}, optional={"invert_match": st.just(True), "treat_missing_header_as_empty": st.just(True)}
    )
    return st.builds(lambda name, found, more: {"name": name, **found, **more}, names, value, flags)


def query_matches() -> SearchStrategy[Json]:
    value = string_matches().map(lambda found: {"string_match": found}) | st.booleans().map(
        lambda found: {"present_match": found}
    )
    return st.builds(lambda name, found: {"name": name, **found}, st.sampled_from(("q", "r")), value)


def path_matches() -> SearchStrategy[Json]:
    separated = clean_path().filter(lambda path: not path.endswith("/") and "//" not in path)
    return st.one_of(
        clean_path().map(lambda path: {"prefix": path}),
        clean_path().map(lambda path: {"path": path}),
        separated.map(lambda path: {"path_separated_prefix": path}),
        st.sampled_from(PATH_REGEXES).map(lambda regex: {"safe_regex": {"regex": regex}}),
        st.just({"prefix": "/"}),
    )


def matches() -> SearchStrategy[Json]:
    optional = {
        "headers": st.lists(header_matches(), min_size=1, max_size=2),
        "query_parameters": st.lists(query_matches(), min_size=1, max_size=2),
        "case_sensitive": st.booleans(),
        "runtime_fraction": st.sampled_from((0, 50, 100)).map(
            lambda part: {"default_value": {"numerator": part}}
        ),
    }
    chosen = st.fixed_dictionaries({}, optional=optional)
    return st.builds(lambda path, more: path | _fitting(path, more), path_matches(), chosen)


def _fitting(path: Json, more: Json) -> Json:
    return {
        key: value for key, value in more.items() if not (key == "case_sensitive" and "safe_regex" in path)
    }


def header_options() -> SearchStrategy[Json]:
    actions = st.sampled_from(
        ("APPEND_IF_EXISTS_OR_ADD", "ADD_IF_ABSENT", "OVERWRITE_IF_EXISTS_OR_ADD", "OVERWRITE_IF_EXISTS")
    )
    values = st.sampled_from(("v", "w", "%REQ(x-one)%", "%REQ(x-none?x-two)%", "100%%", "%REQ(:path)%"))
    return st.builds(
        lambda name, value, action: {"header": {"key": name, "value": value}, "append_action": action},
        st.sampled_from((*NAMES, "x-new")), values, actions,
    )  # fmt: skip


def mutations() -> SearchStrategy[Json]:
    options = st.lists(header_options(), min_size=1, max_size=3)
    removed = st.lists(st.sampled_from((*NAMES, "x-from-backend")), min_size=1, max_size=2, unique=True)
    return st.fixed_dictionaries(
        {},
        optional={
            "request_headers_to_add": options, "request_headers_to_remove": removed,
            "response_headers_to_add": options, "response_headers_to_remove": removed,
        },
    )  # fmt: skip


def filter_settings() -> SearchStrategy[Json]:
    percentage = st.sampled_from((0, 50, 100)).map(lambda part: {"numerator": part})
    abort = st.builds(
        lambda kind, part: {**kind, "percentage": part},
        st.sampled_from(({"http_status": 503}, {"http_status": 418}, {"grpc_status": 14})), percentage,
    )  # fmt: skip
    delay = percentage.map(lambda part: {"fixed_delay": "5s", "percentage": part})
    fault = st.fixed_dictionaries({}, optional={"abort": abort, "delay": delay}).filter(bool)
    origins = st.lists(string_matches(), min_size=1, max_size=2)
    cors = st.fixed_dictionaries(
        {"allow_origin_string_match": origins},
        optional={
            "allow_methods": st.just("GET,PUT"), "allow_headers": st.just("x-a"), "expose_headers": st.just("x-b"),
            "max_age": st.just("60"), "allow_credentials": st.booleans(),
            "forward_not_matching_preflights": st.booleans(),
        },
    )  # fmt: skip
    chosen = st.fixed_dictionaries(
        {},
        optional={
            "envoy.filters.http.fault": fault.map(
                lambda one: {"@type": FILTERS + "http.fault.v3.HTTPFault", **one}
            ),
            "envoy.filters.http.cors": cors.map(
                lambda one: {"@type": FILTERS + "http.cors.v3.CorsPolicy", **one}
            ),
        },
    )
    return chosen.map(lambda found: {"typed_per_filter_config": found} if found else {})


def rewrites(match: Json) -> SearchStrategy[Json]:
    regex = st.sampled_from((("^/foo", "/new"), ("o+", "0"), ("/([^/]+)/(.*)", r"/\2/\1"), ("a", "")))
    path = st.one_of(
        st.just({}),
        st.sampled_from(("/", "/new", "/new/")).map(lambda to: {"prefix_rewrite": to}),
        regex.map(lambda pair: {"regex_rewrite": {"pattern": {"regex": pair[0]}, "substitution": pair[1]}}),
    )
    host = st.one_of(
        st.just({}),
        st.just({"host_rewrite_literal": "rewritten.com"}),
        st.just({"host_rewrite_header": "x-one"}),
    )
    plain = path if "safe_regex" not in match else path.filter(lambda found: "prefix_rewrite" not in found)
    return st.builds(lambda one, two: one | two, plain, host)


def forwards(match: Json) -> SearchStrategy[Json]:
    single = st.sampled_from(CLUSTERS).map(lambda name: {"cluster": name})
    entry = st.builds(
        lambda name, weight, more, settings: {"name": name, "weight": weight, **more, **settings},
        st.sampled_from(CLUSTERS), st.sampled_from((0, 1, 3)), mutations(), st.just({}) | filter_settings(),
    )  # fmt: skip
    entries = st.lists(entry, min_size=1, max_size=3).filter(
        lambda found: any(one["weight"] for one in found)
    )
    weighted = entries.map(lambda found: {"weighted_clusters": {"clusters": found}})
    target = st.one_of(single, single, weighted, st.just({"cluster_header": "x-one"}))
    return st.builds(lambda to, rewrite: {"route": to | rewrite}, target, rewrites(match))


def redirects(match: Json) -> SearchStrategy[Json]:
    path = st.one_of(
        st.just({}),
        st.sampled_from(("/there", "/there?with=query")).map(lambda to: {"path_redirect": to}),
        rewrites(match).map(lambda found: {k: v for k, v in found.items() if not k.startswith("host")}),
    )
    optional = {
        "host_redirect": st.just("other.com"),
        "port_redirect": st.sampled_from((80, 8080, 443)),
        "response_code": st.sampled_from(("FOUND", "SEE_OTHER", "TEMPORARY_REDIRECT", "PERMANENT_REDIRECT")),
        "strip_query": st.booleans(),
    }
    scheme = st.sampled_from(
        ({}, {"https_redirect": True}, {"scheme_redirect": "http"}, {"scheme_redirect": "ftp"})
    )
    chosen = st.fixed_dictionaries({}, optional=optional)
    return st.builds(lambda one, two, three: {"redirect": one | two | three}, path, scheme, chosen)


def routes() -> SearchStrategy[Json]:
    answers = st.sampled_from((200, 404, 503)).map(
        lambda status: {"direct_response": {"status": status, "body": {"inline_string": "said so"}}}
    )

    def with_action(match: Json) -> SearchStrategy[Json]:
        actions = st.one_of(forwards(match), forwards(match), redirects(match), answers)
        return st.builds(
            lambda action, more, settings: {"match": match, **action, **more, **settings},
            actions, st.just({}) | mutations(), st.just({}) | filter_settings(),
        )  # fmt: skip

    return matches().flatmap(with_action)


def virtual_hosts() -> SearchStrategy[list[Json]]:
    def dealt(groups: list[int]) -> SearchStrategy[list[Json]]:
        domains: dict[int, list[str]] = {}
        for domain, group in zip((*DOMAINS, "*"), groups, strict=True):
            if group:
                domains.setdefault(group, []).append(domain)
        hosts = [virtual_host(f"host-{group}", found) for group, found in domains.items()]
        return st.tuples(*hosts).map(list)

    return (
        st.lists(st.integers(0, 4), min_size=len(DOMAINS) + 1, max_size=len(DOMAINS) + 1)
        .filter(any)
        .flatmap(dealt)
    )


def virtual_host(name: str, domains: list[str]) -> SearchStrategy[Json]:
    def named(found: list[Json], more: Json, tls: Json) -> Json:
        numbered = [{"name": f"{name}-{index}", **route} for index, route in enumerate(found)]
        return {"name": name, "domains": domains, "routes": numbered, **more, **tls}

    tls = st.sampled_from(({}, {}, {}, {}, {"require_tls": "ALL"}))
    return st.builds(named, st.lists(routes(), max_size=4), st.just({}) | mutations(), tls)


def route_configurations() -> SearchStrategy[Json]:
    flags = st.fixed_dictionaries(
        {},
        optional={
            "ignore_port_in_host_matching": st.booleans(),
            "most_specific_header_mutations_wins": st.booleans(),
        },
    )
    return st.builds(
        lambda hosts, more, flag: {"name": "routes", "virtual_hosts": hosts, **more, **flag},
        virtual_hosts(), st.just({}) | mutations(), flags,
    )  # fmt: skip


def managers() -> SearchStrategy[Json]:
    return st.fixed_dictionaries(
        {},
        optional={
            "normalize_path": st.booleans(),
            "merge_slashes": st.booleans(),
            "strip_any_host_port": st.just(True),
            "strip_trailing_host_dot": st.just(True),
            "use_remote_address": st.booleans(),
            "path_with_escaped_slashes_action": st.sampled_from(
                ("KEEP_UNCHANGED", "REJECT_REQUEST", "UNESCAPE_AND_FORWARD", "UNESCAPE_AND_REDIRECT")
            ),
        },
    )


def requests() -> SearchStrategy[Request]:
    query = st.lists(
        st.builds(
            lambda name, value: f"{name}={value}",
            st.sampled_from(("q", "r", "s")),
            st.sampled_from(("a", "b", "ab", "", "7")),
        ),
        max_size=2,
    ).map(lambda parts: "?" + "&".join(parts) if parts else "")
    paths = st.builds(lambda path, more: path.replace(" ", "%20") + more, path_text() | clean_path(), query)
    header: Any = st.tuples(st.sampled_from((*NAMES, "X-One")), st.sampled_from(VALUES))
    cors = st.sampled_from(
        ((), (), (), (("origin", "a"),), (("origin", "b"), ("access-control-request-method", "GET")))
    )
    headers = st.builds(lambda one, two: (*one, *two), st.lists(header, max_size=3).map(tuple), cors)
    return st.builds(
        Request,
        method=st.sampled_from(("GET", "GET", "POST", "OPTIONS", "HEAD")),
        authority=st.sampled_from((*HOSTS, "a.com:8080", "b.a.com:80", "a.com.", "nowhere")),
        path=paths,
        headers=headers,
    )
