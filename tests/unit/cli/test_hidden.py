"""Values of Secrets are not printed unless asked for."""

from lateen.cli.hidden import without_values


def test_values_become_sizes_and_keys_stay() -> None:
    secret = {
        "kind": "Secret",
        "type": "Opaque",
        "data": {"a": "czNjcjN0", "b": "not base64!"},
        "stringData": {"c": "ü"},
    }
    assert without_values(secret) == {
        "kind": "Secret",
        "type": "Opaque",
        "data": {"a": "<6 bytes>", "b": "<11 bytes>", "c": "<2 bytes>"},
    }


def test_other_kinds_stay_as_they_are() -> None:
    plain = {"kind": "ConfigMap", "data": {"a": "b"}}
    assert without_values(plain) is plain
