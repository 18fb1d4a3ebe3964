"""Documents to objects: parse, expand lists, decode, and remember where each object is written."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import blake2b
from itertools import groupby
from operator import attrgetter
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from lateen.api.decode import decode, expand
from lateen.api.finding import Finding, Level
from lateen.api.foreign import find
from lateen.api.meta import Object, Ref
from lateen.sources.load import Entry, Load, Part
from lateen.sources.origin import Origin
from lateen.sources.yaml import Document, moved, parse, split

DEFAULT_NAMESPACE = "default"
Key = str | tuple[str, int]
"""A file's name; with a number where one name is given several times."""
_PART = attrgetter("part")
SHORT = 2**11
"""Characters up to which a document may be remembered when it is not in force any more."""
RECENT = 2**10
"""Documents that are remembered."""
CONFIDENTIAL = ("Secret", "\\")
"""A document with none of these has no Secret in it: there is no other way to write the word."""


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


class Text(Struct, frozen=True, gc=False):
    """One text of a file, read."""

    mark: str | bytes
    """The text where that is its only document; else its digest, as its documents have it already."""
    odd: tuple[tuple[str, tuple[Reading, ...]], ...]
    """What became of documents that are not just objects without findings, by their texts."""
    part: Part

    def is_of(self, text: str) -> bool:
        """Tell whether this is what became of a text."""
        return self.mark == (text if isinstance(self.mark, str) else _digest(text))

    @property
    def readings(self) -> dict[str, tuple[Reading, ...]]:
        """What became of each document, by its text."""
        found: dict[str, tuple[Reading, ...]] = {}
        for document, entries in groupby(self.part.entries, lambda entry: entry.origin.document):
            own = tuple(Reading(one.origin.prefix, one.ref, one.object, ()) for one in entries)
            found.setdefault(document.text, own)
        return found | dict(self.odd)


class Texts:
    """Reads texts into objects; a document that has not changed is not read again, wherever it has moved."""

    def __init__(self, namespace: str = DEFAULT_NAMESPACE) -> None:
        """Objects that name no namespace are put into the given one."""
        self.namespace = namespace
        self._files: dict[Key, Text] = {}
        self._unread: tuple[Finding, ...] = ()

    def __contains__(self, file: str) -> bool:
        """Tell whether a file was among those that were last loaded."""
        return file in self._files

    def load(self, texts: Iterable[tuple[str, str | None]], unread: Iterable[Finding] = ()) -> Load:
        """Read all texts.

        Args:
            texts: files and their texts; None for one that is as it was when it was last given, which was the last time.
            unread: findings about files that could not be read, which come first.
        """
        given: dict[Key, str | None] = {}
        for file, text in texts:
            given[file if file not in given else (file, len(given))] = text
        gone = [self._files[key] for key in self._files.keys() - given.keys()]
        self._read_all(given, gone)
        self._files = {key: self._files[key] for key in given}
        self._unread = tuple(unread)
        return self._loaded()

    def change(self, texts: Mapping[str, str]) -> Load:
        """Read those texts that have changed, or are new and come last; all others are as they were."""
        self._read_all(texts, ())
        return self._loaded()

    def _loaded(self) -> Load:
        names = frozenset(finding.where.file for finding in self._unread if finding.where is not None)
        return Load(tuple(map(_PART, self._files.values())), self._unread, names)

    def _read_all(self, texts: Mapping[Any, str | None], gone: Iterable[Text]) -> None:
        """Read the texts that differ; their documents may come from each other's files, or from those that are gone."""
        before = self._files
        changed = {
            key: text
            for key, text in texts.items()
            if text is not None and not ((known := before.get(key)) and known.is_of(text))
        }
        if changed:
            old = (*gone, *(before[key] for key in changed if key in before))
            documents = {text: readings for one in old for text, readings in one.readings.items()}
            for key, text in changed.items():
                self._files[key] = self._text(key if isinstance(key, str) else key[0], text, documents)

    def _text(self, file: str, text: str, known: Mapping[str, tuple[Reading, ...]]) -> Text:
        items: list[Finding | Entry] = []
        foreign: list[Entry] = []
        odd: dict[str, tuple[Reading, ...]] = {}
        is_broken, mark = False, None
        for document in split(text, file):
            mark = document.text if document.text is text else None
            readings = (
                known.get(document.text) or odd.get(document.text) or _read(document.text, self.namespace)
            )
            if not all(map(_is_plain, readings)):
                odd[document.text] = readings
            for reading in readings:
                if reading.findings:
                    items += _placed(reading, document)
                    is_broken = is_broken or _is_broken(reading)
                if is_foreign(reading.written):
                    foreign.append(_entry(reading, document))
                elif _is_told(reading):
                    items.append(_entry(reading, document))
        part = Part(file, tuple(items), tuple(foreign), is_broken)
        return Text(_digest(text) if mark is None else mark, tuple(odd.items()), part)


def _read(text: str, namespace: str) -> tuple[Reading, ...]:
    """Read one document. Short ones are remembered, for many small meshes have most of theirs in common."""
    is_kept = len(text) <= SHORT and not any(map(text.__contains__, CONFIDENTIAL))
    return _recently_read(text, namespace) if is_kept else _newly_read(text, namespace)


def _newly_read(text: str, namespace: str) -> tuple[Reading, ...]:
    parsed = parse(text)
    if parsed.findings:
        return (Reading("", None, None, parsed.findings),)
    if parsed.value is None or holds_expectations(parsed.value):
        return ()
    return tuple(_decode(prefix, value, namespace) for prefix, value in expand(parsed.value))


_recently_read = lru_cache(RECENT)(_newly_read)


def _decode(prefix: str, value: Any, namespace: str) -> Reading:
    decoded = decode(value, namespace)
    return Reading(prefix, decoded.ref, decoded.object, decoded.findings, decoded.written)


def _digest(text: str) -> bytes:
    return blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()


def _is_plain(reading: Reading) -> bool:
    """Tell whether a reading is just an object, with nothing to say about it."""
    return reading.object is not None and not reading.findings and _is_told(reading)


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
