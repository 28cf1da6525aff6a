"""Reads foreign JSON, which may be built to harm: every text and every collection is bounded, and what was cut is said.

No change hides behind a bound. A text that was cut, and the entries beyond the last that is kept, leave a mark with
the SHA-256 of what is missing: two values that differ, differ here too.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping

MAX_TEXT = 2048
"""The longest text in characters."""
MAX_NAME = 256
"""The longest name of a label, a variable, a port, in characters."""
MAX_ENTRIES = 256
"""The most entries of one map or list."""
_STANDARD = "org.opencontainers.image."
"""Names that are kept before others: what reviews read."""


def parse_object(content: bytes) -> dict[str, object] | None:
    """Return the JSON object that some content is; ``None`` where it is none."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


class ForeignReader:
    """Takes values out of one document and remembers what was wrong with them."""

    def __init__(self) -> None:
        self._cut: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()
        self._notes: dict[str, None] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What was cut or left out: lines of ours, in which no foreign text stands."""
        cut = (f"{what}: {count} over-long texts were cut" for what, count in self._cut.items())
        dropped = (f"{what}: {count} malformed entries were left out" for what, count in self._dropped.items())
        return (*self._notes, *cut, *dropped)

    def note(self, line: str) -> None:
        """Remember something else: a line of ours."""
        self._notes[line] = None

    def member(self, document: Mapping[str, object], name: str) -> object:
        """Return a member as container runtimes find it: Go's JSON does not tell upper from lower case in names."""
        folded = name.casefold()
        # Equal length first: a document may hold half a million names, and what Go folds keeps its length.
        length = len(name)
        found = [key for key in document if len(key) == length and key.casefold() == folded]
        if found and found != [name]:
            self.note(f"{name} is written in an unusual way, or more than once; what counts depends on the runtime")
        return document[found[-1]] if found else None

    def text(self, value: object, what: str, limit: int = MAX_TEXT) -> str:
        """Return a text, cut at ``limit`` characters; empty where the value is no text."""
        if not isinstance(value, str):
            if value is not None:
                self._dropped[what] += 1
            return ""
        if len(value) > limit:
            self._cut[what] += 1
            value = f"{value[:limit]}… ({len(value)} characters, sha256 {_hash([value])})"
        return _encodable(value)

    def texts(self, value: object, what: str) -> tuple[str, ...]:
        """Return a list of texts; a single text is a list of one, as Docker reads it."""
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list):
            if value is not None:
                self._dropped[what] += 1
            return ()
        texts = [item for item in value if isinstance(item, str)]
        if len(texts) < len(value):
            self._dropped[what] += len(value) - len(texts)
        kept = [self.text(item, what) for item in texts[:MAX_ENTRIES]]
        return (*kept, *self._rest(texts[MAX_ENTRIES:], what))

    def mapping(self, value: object, what: str) -> dict[str, str]:
        """Return a map from texts to texts, sorted where it is too large to be kept whole."""
        if not isinstance(value, dict):
            if value is not None:
                self._dropped[what] += 1
            return {}
        entries = {key: text for key, text in value.items() if isinstance(text, str)}
        if len(entries) < len(value):
            self._dropped[what] += len(value) - len(entries)
        return self._bounded(entries, what)

    def variables(self, value: object, what: str) -> dict[str, str]:
        """Return a list of ``NAME=value`` as a map, in the list's order; the last of equal names counts."""
        if not isinstance(value, list):
            if value is not None:
                self._dropped[what] += 1
            return {}
        entries: dict[str, str] = {}
        repeated = 0
        for item in value:
            if not isinstance(item, str):
                self._dropped[what] += 1
                continue
            name, _, text = item.partition("=")
            repeated += name in entries
            entries[name] = text
        if repeated:
            self.note(f"{what}: {repeated} are set more than once; the last value is shown")
        return self._bounded(entries, what)

    def names(self, value: object, what: str) -> frozenset[str]:
        """Return the names of a map whose values mean nothing, such as ``ExposedPorts``."""
        if not isinstance(value, dict):
            if value is not None:
                self._dropped[what] += 1
            return frozenset()
        ordered = sorted(value)
        kept = (self.text(name, what, MAX_NAME) for name in ordered[:MAX_ENTRIES])
        return frozenset((*kept, *self._rest(ordered[MAX_ENTRIES:], what)))

    def canonical(self, value: object, what: str) -> str:
        """Return a JSON object as text that is the same for equal objects; empty for an empty one."""
        if not isinstance(value, dict) or not value:
            if value:
                self._dropped[what] += 1
            return ""
        try:
            text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        except (ValueError, RecursionError):
            self._dropped[what] += 1
            return "(nested too deeply)"
        return self.text(text, what)

    def _bounded(self, entries: dict[str, str], what: str) -> dict[str, str]:
        names = list(entries)
        if len(names) > MAX_ENTRIES:
            names.sort(key=lambda name: (not name.startswith(_STANDARD), name))
        kept = {self.text(name, what, MAX_NAME): self.text(entries[name], what) for name in names[:MAX_ENTRIES]}
        left = names[MAX_ENTRIES:]
        if left:
            rest = [text for name in left for text in (name, entries[name])]
            kept[self._too_many(len(left), what)] = f"sha256 {_hash(rest)}"
        return kept

    def _rest(self, left: list[str], what: str) -> tuple[str, ...]:
        return (f"{self._too_many(len(left), what)}, sha256 {_hash(left)}",) if left else ()

    def _too_many(self, count: int, what: str) -> str:
        self.note(f"{what}: {count} more than the {MAX_ENTRIES} that are read")
        return f"… and {count} more"


def _hash(texts: Iterable[str]) -> str:
    """Return the beginning of a SHA-256 over texts, each after its length: no two lists read the same."""
    state = hashlib.sha256()
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        state.update(b"%d:" % len(data))
        state.update(data)
    return state.hexdigest()[:32]


def _encodable(text: str) -> str:
    """Return a text without the lone surrogates that JSON can spell and UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
