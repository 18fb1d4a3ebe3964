import copy

from hypothesis import given, settings
from hypothesis import strategies as st

from lateen.api.decode import decode
from lateen.api.finding import Level, render

GOOD = [
    {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "a", "labels": {"x": "y"}},
        "spec": {
            "hosts": ["a"],
            "http": [
                {
                    "match": [
                        {"headers": {"h": {"exact": "1"}}, "uri": {"prefix": "/"}, "ignoreUriCase": True}
                    ],
                    "route": [{"destination": {"host": "a", "port": {"number": 80}}, "weight": 1}],
                    "timeout": "5s",
                    "fault": {"delay": {"percentage": {"value": 0.5}, "fixedDelay": "1s"}},
                }
            ],
        },
    },
    {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {"name": "a"},
        "spec": {
            "host": "a",
            "trafficPolicy": {
                "loadBalancer": {"simple": "RANDOM"},
                "outlierDetection": {"consecutive5xxErrors": 3},
            },
        },
    },
    {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "a"},
        "data": {"k": "aGk="},
        "stringData": {"s": "t"},
    },
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "a"},
        "spec": {
            "replicas": 1,
            "template": {"spec": {"containers": [{"name": "c", "ports": [{"containerPort": 80}]}]}},
        },
    },
    {
        "apiVersion": "v1",
        "kind": "List",
        "items": [{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}}],
    },
]
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["5s", "-1s", "0x1", "1e400", "9" * 5000]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def places(value, path=()):
    yield path
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(part, (*path, key))


def changed(value, path, junk):
    if not path:
        return junk
    value = copy.copy(value)
    value[path[0]] = changed(value[path[0]], path[1:], junk)
    return value


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_value_anywhere_is_an_object_or_findings(data):
    value = data.draw(st.sampled_from(GOOD))
    for _ in range(data.draw(st.integers(1, 3))):
        value = changed(value, data.draw(st.sampled_from(list(places(value)))), data.draw(JUNK))
    decoded = decode(value)
    assert decoded.object is not None or any(
        finding.level is Level.ERROR or finding.message for finding in decoded.findings
    )
    for finding in decoded.findings:
        assert render(finding)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_renamed_field_of_istio_is_always_reported(data):
    value = data.draw(st.sampled_from(GOOD[:2]))
    path = data.draw(
        st.sampled_from(
            [
                path
                for path in places(value)
                if len(path) > 1 and path[0] == "spec" and isinstance(path[-1], str) and path[-2] != "headers"
            ]
        )
    )
    parent = value
    value = copy.deepcopy(value)
    parent = value
    for key in path[:-1]:
        parent = parent[key]
    parent["zz_" + path[-1]] = parent.pop(path[-1])
    decoded = decode(value)
    assert decoded.object is None
    assert any("zz_" + path[-1] in finding.path for finding in decoded.findings)
