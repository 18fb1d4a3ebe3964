"""Documents to objects: parse, expand lists, decode, and remember where each object is written."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from lateen.api import codes
from lateen.api.decode import decode, expand
from lateen.api.finding import Finding, Level
from lateen.api.foreign import find
from lateen.api.meta import Object, Ref
from lateen.sources.origin import Origin
from lateen.sources.yaml import Document, moved, parse, split

DEFAULT_NAMESPACE = "default"


class Entry(Struct, frozen=True, gc=False):
    """One object that a source defines, or tried to."""

    ref: Ref
    origin: Origin
    object: Object[Any] | None
    """None when it was refused; its last good version stays."""
    written: Object[Any] | None = None
    """A refused object as far as it could be read, for analysis."""


class Load(Struct, frozen=True, gc=False):
    """Everything that was read from some texts."""

    entries: tuple[Entry, ...] = ()
    """In the order of the texts; each identity once."""
    findings: tuple[Finding, ...] = ()
    """With positions."""
    broken: frozenset[str] = frozenset()
    """Files with a document that could not be read so far as to say which object it is."""
    foreign: tuple[Entry, ...] = ()
    """Objects of kinds that only analysis looks at; their `object` is None."""

    @property
    def objects(self) -> tuple[Object[Any], ...]:
        """The objects that could be read."""
        return tuple(entry.object for entry in self.entries if entry.object is not None)


class Reading(Struct, frozen=True, gc=False):
    """One value of a document and what became of it, independent of where the document stands."""

    prefix: str
    """Path of the object in the document, e.g. `items[3]`."""
    ref: Ref | None
    object: Object[Any] | None
    findings: tuple[Finding, ...]
    written: Object[Any] | None = None


EXPECTATIONS = ("expectations", "testCases")
"""What documents without a kind hold that stand beside the configuration and are none of it (`lateen test`)."""


class Text(Struct, frozen=True):
    """One text of a file, read."""

    text: str
    readings: tuple[tuple[str, tuple[Reading, ...]], ...]
    """Of each document, by its text."""
    items: tuple[Finding | Entry, ...]
    """What is said about the documents, and the objects, in the order of the text; an identity as often as it is there."""
    foreign: tuple[Entry, ...]
    is_broken: bool


class Texts:
    """Reads texts into objects; a document that has not changed is not read again, wherever it has moved."""

    def __init__(self, namespace: str = DEFAULT_NAMESPACE) -> None:
        """Objects that name no namespace are put into the given one."""
        self.namespace = namespace
        self._known: dict[str, tuple[Reading, ...]] = {}
        self._files: dict[str, Text] = {}

    def load(self, texts: Iterable[tuple[str, str]], findings: Iterable[Finding] = ()) -> Load:
        """Read (file, text) pairs; findings are those of files that could not be read, and come first."""
        entries: dict[Ref, Entry] = {}
        foreign: list[Entry] = []
        found = list(findings)
        broken = {finding.where.file for finding in found if finding.where is not None}
        files: dict[str, Text] = {}
        for file, text in texts:
            known = self._files.get(file)
            files[file] = one = known if known is not None and known.text == text else self._text(file, text)
            foreign += one.foreign
            if one.is_broken:
                broken.add(file)
            for item in one.items:
                if isinstance(item, Finding):
                    found.append(item)
                elif (first := entries.setdefault(item.ref, item)) is not item:
                    found.append(_duplicate(first, item))
        self._files = files
        self._known = {text: own for one in files.values() for text, own in one.readings}
        return Load(tuple(entries.values()), tuple(found), frozenset(broken), tuple(foreign))

    def _text(self, file: str, text: str) -> Text:
        items: list[Finding | Entry] = []
        foreign: list[Entry] = []
        read: dict[str, tuple[Reading, ...]] = {}
        is_broken = False
        for document in split(text, file):
            known = self._known.get(document.text) or read.get(document.text)
            readings = read[document.text] = known or self._read(document.text)
            for reading in readings:
                items += _placed(reading, document)
                is_broken = is_broken or _is_broken(reading)
                if is_foreign(reading.written):
                    foreign.append(_entry(reading, document))
                elif _is_told(reading):
                    items.append(_entry(reading, document))
        return Text(text, tuple(read.items()), tuple(items), tuple(foreign), is_broken)

    def _read(self, text: str) -> tuple[Reading, ...]:
        parsed = parse(text)
        if parsed.findings:
            return (Reading("", None, None, parsed.findings),)
        if parsed.value is None or holds_expectations(parsed.value):
            return ()
        return tuple(self._decode(prefix, value) for prefix, value in expand(parsed.value))

    def _decode(self, prefix: str, value: Any) -> Reading:
        decoded = decode(value, self.namespace)
        return Reading(prefix, decoded.ref, decoded.object, decoded.findings, decoded.written)


def _is_told(reading: Reading) -> bool:
    """Tell whether a reading names an object, though perhaps a refused one."""
    named = reading.ref is not None and bool(reading.ref.name)
    return named and (reading.object is not None or _is_error(reading))


def holds_expectations(value: object) -> bool:
    """Tell whether a document is about requests, for `lateen test`, and no object."""
    return isinstance(value, dict) and "kind" not in value and any(key in value for key in EXPECTATIONS)


def is_foreign(written: Object[Any] | None) -> bool:
    """Tell whether an object is of a kind that only analysis looks at."""
    return written is not None and find(written.api_version, written.kind) is not None


def _entry(reading: Reading, document: Document) -> Entry:
    assert reading.ref is not None
    return Entry(reading.ref, Origin(document, reading.prefix), reading.object, reading.written)


def _placed(reading: Reading, document: Document) -> Iterable[Finding]:
    """Say where findings are."""
    origin = Origin(document, reading.prefix)
    for finding in reading.findings:
        if finding.where is not None:
            yield moved(finding, document)
        else:
            yield replace(finding, where=origin.position(finding.path))


def _is_error(reading: Reading) -> bool:
    return any(finding.level is Level.ERROR for finding in reading.findings)


def _is_broken(reading: Reading) -> bool:
    return (reading.ref is None or not reading.ref.name) and _is_error(reading)


def _duplicate(first: Entry, second: Entry) -> Finding:
    place = first.origin.position("")
    message = f"the object is already defined at {place}; that definition is used"
    where = second.origin.position("metadata.name")
    return Finding(
        codes.DUPLICATE, Level.ERROR, second.ref, "metadata.name", message, "remove one of the two", where
    )
