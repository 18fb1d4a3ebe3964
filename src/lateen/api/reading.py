"""The slow way from a YAML value to a struct: takes all that jsonpb takes, and finds every error at once.

Used when msgspec refuses a value, so that the fast path stays fast and its first error is not the only one.
"""

from base64 import b64decode
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, NamedTuple, Union, cast, get_args, get_origin

from msgspec import UNSET, Struct

from lateen.api.duration import Duration
from lateen.api.message import Message, json_name
from lateen.api.schema import Field, bounds, enum_number, fields_of, is_enum, spellings
from lateen.api.secret_bytes import SecretBytes, SecretText


class Problem(NamedTuple):
    """What is wrong at one place."""

    path: str
    message: str
    suggestion: str = ""


class Reader:
    """Reads one object and collects what is wrong with it; a part that is wrong is left out."""

    def __init__(self, *, jsonpb: bool, confidential: bool = False) -> None:
        """Read as jsonpb (Istio's kinds) or as Kubernetes; confidential values are never quoted in messages."""
        self.jsonpb = jsonpb
        self.confidential = confidential
        self.problems: list[Problem] = []
        self.refused_by_kubernetes: list[Problem] = []
        """What jsonpb takes, and the schemas of Istio's kinds do not: kubectl cannot apply it."""

    def read(self, expected: Any, value: Any, path: str) -> Any:
        """Return the value as the annotation wants it, or UNSET when it is null or wrong."""
        if value is None:
            return UNSET
        expected, low, high = bounds(expected)
        if expected is Any:
            return value
        if is_enum(expected):
            return self._enum(get_args(expected), value, path)
        origin = get_origin(expected)
        if origin is tuple:
            return self._list(get_args(expected)[0], value, path)
        if origin is dict:
            return self._map(get_args(expected)[1], value, path)
        if origin is Union:
            return (
                value
                if type(value) in get_args(expected)
                else self.wrong("a number or a string", value, path)
            )
        if issubclass(expected, Struct):
            return self._struct(expected, value, path)
        if expected is int:
            return self._int(value, low, high, path)
        return SCALARS[expected](self, value, path)

    def problem(self, path: str, message: str, suggestion: str = "") -> Any:
        """Note an error; returns UNSET for convenience."""
        self.problems.append(Problem(path, message, suggestion))
        return UNSET

    def wrong(self, expected: str, value: Any, path: str, suggestion: str = "") -> Any:
        """Note that a value has the wrong type."""
        return self.problem(path, f"expected {expected}, got {self._describe(value)}", suggestion)

    def _lenient(self, path: str, message: str) -> None:
        """Note what only Istio's own decoder understands."""
        if self.jsonpb:
            self.refused_by_kubernetes.append(Problem(path, f"Kubernetes does not take this: {message}"))

    def quoted(self, path: str) -> None:
        """Note a number in quotes."""
        self._lenient(path, "write the number without quotes")

    def _describe(self, value: Any) -> str:
        """Name a value by its type, and quote it when it is short and not confidential."""
        kinds = {bool: "the boolean", int: "the number", float: "the number", str: "the string"}
        kind = kinds.get(type(value))
        if kind is None:
            return "a list" if isinstance(value, list) else "a mapping"
        if self.confidential:
            return f"a {kind.removeprefix('the ')}"
        text = str(value).lower() if isinstance(value, bool) else repr(value)
        return f"{kind} {text if len(text) <= 60 else text[:57] + '...'}"

    def _struct(self, struct: type[Struct], value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            return self.wrong("a mapping", value, path)
        known, found = fields_of(struct), cast("dict[str, Any]", {})
        for key, part in value.items():
            field = known.get(key) if self.jsonpb else self._kubernetes_field(struct, key)
            where = f"{path}.{key}" if path else str(key)
            if field is None:
                self._unknown(struct, key, path, where)
            elif field.name in found:
                self.problem(where, f"{key} is the same field as {field.json}, which is also set")
            else:
                if key != field.json:
                    self._lenient(where, f"the field is called {field.json}")
                found[field.name] = self.read(field.type, part, where)
        found = {name: part for name, part in found.items() if part is not UNSET}
        self._one_of(struct, found, path)
        return struct(**found)

    def _kubernetes_field(self, struct: type[Struct], key: str) -> Field | None:
        return fields_of(struct)[key] if key in spellings(struct) else None

    def _unknown(self, struct: type[Struct], key: str, path: str, where: str) -> None:
        if not issubclass(struct, Message):
            return  # Kubernetes knows many fields that do not matter here; api.misspelling looks at them
        names = sorted(spellings(struct))
        near = get_close_matches(json_name(str(key)), names, 1, 0.6)
        hint = f"did you mean {near[0]}?" if near else f"known fields: {', '.join(names) or 'none'}"
        self.problem(where, f"unknown field {key} in {path or struct.__name__}", hint)

    def _one_of(self, struct: type[Struct], found: dict[str, Any], path: str) -> None:
        groups: tuple[tuple[str, ...], ...] = getattr(struct, "oneofs", ())
        for group in groups:
            chosen = [name for name in group if name in found]
            if len(chosen) > 1:
                names = " and ".join(json_name(name) for name in chosen)
                where = f"{path}.{json_name(chosen[1])}" if path else json_name(chosen[1])
                self.problem(where, f"{names} exclude each other", "keep one of them")
            for name in chosen[1:]:
                del found[name]

    def _list(self, expected: Any, value: Any, path: str) -> Any:
        if not isinstance(value, list | tuple):
            return self.wrong(
                "a list", value, path, "write each entry on a line of its own that begins with a dash"
            )
        found = []
        for place, part in enumerate(value):
            where = f"{path}[{place}]"
            item = (
                self.problem(where, "the entry is empty")
                if part is None
                else self.read(expected, part, where)
            )
            if item is not UNSET:
                found.append(item)
        return tuple(found)

    def _map(self, expected: Any, value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            return self.wrong("a mapping", value, path)
        found = {str(key): self._entry(expected, part, f"{path}[{key}]") for key, part in value.items()}
        return {key: part for key, part in found.items() if part is not UNSET}

    def _entry(self, expected: Any, value: Any, path: str) -> Any:
        if value is None and isinstance(expected, type) and issubclass(expected, Message):
            return self.problem(path, "the entry is empty", "write {} when only presence matters")
        if value is None and expected is str and not self.jsonpb:
            return ""
        if value is None and bounds(expected)[0] in (str, int):
            return self.problem(
                path, "the entry is empty", 'write "" for an empty text' if expected is str else ""
            )
        return self.read(expected, value, path)

    def _enum(self, values: tuple[str, ...], value: Any, path: str) -> Any:
        if value in values:
            return value
        if type(value) is int and (name := enum_number(values, value)) is not None:
            self._lenient(path, f"write {name} instead of a number")
            return name
        near = get_close_matches(str(value)[:60].upper(), values, 1)
        hint = f"did you mean {near[0]}?" if near else ""
        return self.wrong(f"one of {', '.join(values)}", value, path, hint)

    def _int(self, value: Any, low: int | None, high: int | None, path: str) -> Any:
        number = self._whole(value)
        if number is None:
            hint = "write it without quotes" if isinstance(value, str) and _is_number(value) else ""
            return self.wrong("a whole number", value, path, hint)
        if (low is not None and number < low) or (high is not None and number > high):
            return self.wrong(
                f"a number from {low} to {high}" if high else f"a number from {low}", value, path
            )
        if isinstance(value, str):
            self.quoted(path)
        return number

    def _whole(self, value: Any) -> int | None:
        if isinstance(value, str) and self.jsonpb and _is_number(value):
            value = float(value) if set(value) & set(".eE") else int(value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return value if isinstance(value, int) and not isinstance(value, bool) else None


def _str(reader: Reader, value: Any, path: str) -> Any:
    if isinstance(value, str):
        return value
    simple = isinstance(value, bool | int | float) and not reader.confidential
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return reader.wrong("a string", value, path, f'write it in quotes: "{text}"' if simple else "")


def _bool(reader: Reader, value: Any, path: str) -> Any:
    if isinstance(value, bool):
        return value
    quoted = isinstance(value, str) and value in {"true", "false"}
    return reader.wrong("true or false", value, path, "write it without quotes" if quoted else "")


def _float(reader: Reader, value: Any, path: str) -> Any:
    if isinstance(value, str) and reader.jsonpb and _is_number(value):
        value = float(value)
        reader.quoted(path)
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST:
        return float(value)
    return reader.wrong("a number", value, path)


def _duration(reader: Reader, value: Any, path: str) -> Any:
    if not isinstance(value, str):
        unit = (
            f"write a unit, such as {value}s"
            if isinstance(value, int) and not isinstance(value, bool)
            else ""
        )
        return reader.wrong("a duration", value, path, unit)
    try:
        return Duration.parse(value)
    except ValueError as error:
        return reader.problem(path, str(error))


def _bytes(reader: Reader, value: Any, path: str) -> Any:
    if not isinstance(value, str):
        return reader.wrong("base64", value, path)
    try:
        return b64decode(value, validate=True)
    except ValueError:
        return reader.problem(path, "the value is not base64")


def _secret(reader: Reader, value: Any, path: str) -> Any:
    found = _bytes(reader, "".join(value.split()) if isinstance(value, str) else value, path)
    return found if found is UNSET else SecretBytes(found)


def _secret_text(reader: Reader, value: Any, path: str) -> Any:
    found = _str(reader, value, path)
    return found if found is UNSET else SecretText(found.encode())


SCALARS: dict[Any, Callable[[Reader, Any, str], Any]] = {
    str: _str,
    bool: _bool,
    float: _float,
    Duration: _duration,
    bytes: _bytes,
    SecretBytes: _secret,
    SecretText: _secret_text,
}


LARGEST = 2**1023
"""Numbers beyond this, infinity and NaN are no use to anybody."""


def _is_number(text: str) -> bool:
    """Say whether a text is a number in JSON's syntax, of a length that is worth reading."""
    body = text.removeprefix("-")
    if len(text) > 40 or not body[:1].isdigit() or not text.isascii() or "_" in text:
        return False
    try:
        float(text)
    except ValueError:
        return False
    return True
