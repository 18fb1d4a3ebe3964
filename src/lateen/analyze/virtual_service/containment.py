"""Whether every request that meets one condition meets another; undecided is no.

Sound, not complete: expressions are compared by their text, or tried on texts that are known whole.
"""

from collections.abc import Mapping

import msgspec

from lateen.analyze.virtual_service.sample import META, full_match
from lateen.api.common import StringMatch
from lateen.api.virtual_service import HTTPMatchRequest
from lateen.model.routing_match import is_presence

ANY_PATH = StringMatch(prefix="/")
EVERYTHING = (".*", ".+", "/.*", "^.*$", "(.*)")
Texts = Mapping[str, StringMatch]


def covers(outer: HTTPMatchRequest, inner: HTTPMatchRequest) -> bool:
    """Tell whether `outer` takes every request that `inner` takes, in every proxy that has `inner`."""
    return _same_place(outer, inner) and _same_request(outer, inner)


def _same_place(outer: HTTPMatchRequest, inner: HTTPMatchRequest) -> bool:
    if outer.port and outer.port != inner.port:
        return False
    if outer.gateways:  # its source conditions are not read then
        return bool(inner.gateways) and set(inner.gateways) <= set(outer.gateways)
    if inner.gateways:
        return not outer.source_labels and not outer.source_namespace
    labels = inner.source_labels
    if any(labels.get(key) != value for key, value in outer.source_labels.items()):
        return False
    return not outer.source_namespace or outer.source_namespace == inner.source_namespace


def _same_request(outer: HTTPMatchRequest, inner: HTTPMatchRequest) -> bool:
    return (
        _path_covers(outer, inner)
        and all(
            _covers(getattr(outer, one), getattr(inner, one)) for one in ("method", "authority", "scheme")
        )
        and all(
            _covers(wanted, _folded(inner.headers).get(key.lower())) for key, wanted in outer.headers.items()
        )
        and all(_covers(wanted, inner.query_params.get(key)) for key, wanted in outer.query_params.items())
        and all(_excluded(key.lower(), wanted, inner) for key, wanted in outer.without_headers.items())
    )


def _folded(texts: Texts) -> Texts:
    return {key.lower(): wanted for key, wanted in texts.items()}


def _excluded(name: str, unwanted: StringMatch, inner: HTTPMatchRequest) -> bool:
    """Tell whether no request of `inner` has a header that `outer` forbids."""
    forbidden = _folded(inner.without_headers).get(name)
    if forbidden is not None and _covers(forbidden, unwanted):
        return True
    wanted = _folded(inner.headers).get(name)
    return (
        wanted is not None
        and not is_presence(unwanted)
        and wanted.exact is not None
        and not holds(unwanted, wanted.exact)
    )


def _path_covers(outer: HTTPMatchRequest, inner: HTTPMatchRequest) -> bool:
    wide, narrow = outer.uri or ANY_PATH, inner.uri or ANY_PATH
    if wide.prefix == "/" or wide.regex in EVERYTHING:
        return True
    if not outer.ignore_uri_case:
        return not inner.ignore_uri_case and _covers(wide, narrow)
    return wide.regex is None and narrow.regex is None and _covers(_lower(wide), _lower(narrow))


def _lower(wanted: StringMatch) -> StringMatch:
    parts = {key: value.lower() for key in ("exact", "prefix") if (value := getattr(wanted, key)) is not None}
    return msgspec.structs.replace(wanted, **parts)


def _covers(outer: StringMatch | None, inner: StringMatch | None) -> bool:
    if outer is None:
        return True
    if inner is None:
        return False
    if is_presence(outer) or outer.regex == ".*" or outer == inner:
        return True
    if inner.exact is not None:
        return holds(outer, inner.exact)
    if inner.prefix is not None:
        return _covers_prefix(outer, inner.prefix)
    return outer.prefix is not None and literal_beginning(inner.regex or "").startswith(outer.prefix)


def _covers_prefix(outer: StringMatch, prefix: str) -> bool:
    if outer.prefix is not None:
        return prefix.startswith(outer.prefix)
    regex = (outer.regex or "").removeprefix("^").removesuffix("$")
    if not regex.endswith(".*"):
        return False
    stem = regex[:-2]
    return literal_beginning(stem) == stem and prefix.startswith(stem)


def literal_beginning(regex: str) -> str:
    """Return the plain text that every match of an expression begins with; may be shorter than it could be."""
    text = regex.removeprefix("^")
    if "|" in text:
        return ""
    end = next((place for place, one in enumerate(text) if one in META), len(text))
    # a quantifier that allows none concerns the character before it
    return text[: end - 1] if end < len(text) and text[end] in "*?{" else text[:end]


def holds(wanted: StringMatch, text: str) -> bool:
    """Tell whether a text meets a condition."""
    if is_presence(wanted):
        return True
    if wanted.exact is not None:
        return text == wanted.exact
    if wanted.prefix is not None:
        return text.startswith(wanted.prefix)
    return full_match(wanted.regex or "", text)
