"""Direct responses that are too long."""

import lateen
from lateen.api.finding import Level

RULE = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: x}\nspec: {hosts: [a.example], http: [SAID]}\n"
MEBIBYTE = 1024 * 1024


def levels(length):
    said = f"{{directResponse: {{status: 200, body: {{string: '{'x' * length}'}}}}}}"
    found = lateen.load(RULE.replace("SAID", said)).findings
    return [one.level for one in found if one.path.endswith("body")]


# item 84
def test_a_long_answer_is_warned_about_and_one_of_more_than_a_mebibyte_is_refused():
    assert levels(100 * 1024) == []
    assert levels(100 * 1024 + 1) == [Level.WARNING]
    assert levels(MEBIBYTE) == [Level.WARNING]
    assert levels(MEBIBYTE + 1) == [Level.ERROR]
