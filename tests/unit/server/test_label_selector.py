"""Label selectors."""

import pytest

from lateen.server.selector import BadSelectorError, selector


@pytest.mark.parametrize(
    ("text", "labels", "taken"),
    [
        ("", {}, True),
        ("app=x", {"app": "x"}, True),
        ("app==x", {"app": "y"}, False),
        ("app!=x", {}, True),
        ("app!=x", {"app": "x"}, False),
        ("app in (x, y)", {"app": "y"}, True),
        ("app in (x,y),tier", {"app": "y"}, False),
        ("app notin (x, y)", {}, True),
        ("app notin (x, y)", {"app": "x"}, False),
        ("app", {"app": ""}, True),
        ("!app", {"app": ""}, False),
        ("a.b/c-d=", {"a.b/c-d": ""}, True),
    ],
)
def test_terms(text, labels, taken):
    assert selector(text)(labels) is taken


@pytest.mark.parametrize("text", ["app in x", "=x", "a b"])
def test_no_selector(text):
    with pytest.raises(BadSelectorError, match="is no label selector"):
        selector(text)
