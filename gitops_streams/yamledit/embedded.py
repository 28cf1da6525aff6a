"""Documents within strings: a scalar whose value is YAML or JSON, located, with the places of its characters.

Pointers, spans and lines of what is within count from the start of the string's value. ``lift`` makes an edit there
an edit of the text around.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache

from gitops_streams.yamledit.locate import Located, Unparsable, locate
from gitops_streams.yamledit.nodes import Alias, Document, NotEditable, Scalar, resolve, walk
from gitops_streams.yamledit.pointer import Pointer
from gitops_streams.yamledit.source_map import SourceMap, source_map

MAX_LEVELS = 3
"""Documents within documents; nobody was seen to go further than two."""

_BREAK = re.compile(r"\n")
_STRING_TAGS = frozenset({None, "!", "tag:yaml.org,2002:str"})


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """A string that is a document, or several."""

    document: int
    """The index of the document that the string stands in."""
    pointer: Pointer
    """The string, from that document's root."""
    aliases: tuple[Pointer, ...]
    """Where aliases stand for it: an edit changes what they say too."""
    host: Scalar
    outer: str
    """The text that the string stands in."""
    located: Located
    """What is within."""
    places: SourceMap
    breaks: tuple[int, ...]
    """Where the lines of the outer text end that the string stands on."""
    starts: tuple[int, ...]
    """Where the lines of the value start."""
    within: Embedding | None = None
    """The string that ``outer`` is the value of, where it is one."""
    words: bool = False
    """Whether it is looked at as the list of its references, and not as YAML (``words``)."""

    @property
    def text(self) -> str:
        """The value of the string."""
        return self.located.text

    @property
    def chain(self) -> tuple[Embedding, ...]:
        """The strings from the file's own down to this one."""
        return (*(() if self.within is None else self.within.chain), self)

    def line(self, inner: int) -> int:
        """Return the 1-based line of the outer text on which a character of the value stands."""
        return self.host.line + bisect_left(self.breaks, self.places.start(inner))

    def line_of(self, line: int) -> int:
        """Return the line of the outer text on which a line of the value starts."""
        return self.line(self.starts[min(line, len(self.starts)) - 1])


def embed(
    document: Document, pointer: Pointer, scalar: Scalar, text: str, within: Embedding | None = None
) -> Embedding | NotEditable:
    """Read the value of a string as YAML.

    Args:
        document: the document that the string stands in.
        pointer: the string, from that document's root.
        scalar: the string.
        text: the text of that document's file, or the value of the string that it stands in.
        within: that string.
    """
    if within is not None and len(within.chain) >= MAX_LEVELS:
        return NotEditable(f"it stands in strings within strings, {MAX_LEVELS} deep")
    if scalar.tag not in _STRING_TAGS:
        return NotEditable(f"the string carries the tag {scalar.tag}")
    if (why := out_of_reach(document, pointer, scalar)) is not None:
        return why
    places = source_map(scalar, text)
    if isinstance(places, NotEditable):
        return places
    located = locate(scalar.value)
    if isinstance(located, Unparsable):
        return NotEditable(f"the string is not YAML: {located.reason}")
    return embedding(Host(document, pointer, scalar, text), located, places, within)


def out_of_reach(document: Document, pointer: Pointer, scalar: Scalar) -> NotEditable | None:
    """Say why paths cannot tell of all that an edit of a string changes: its own place, and those of its aliases."""
    if resolve(document.root, pointer) is not scalar:
        return NotEditable("a key that leads to the string stands twice in its map")
    aliases = _aliases(document).get(id(scalar), ()) if scalar.aliases else ()
    if len(aliases) != scalar.aliases or any(resolve(document.root, alias) is not scalar for alias in aliases):
        return NotEditable("no path leads to an alias (*) of the string")
    return None


@dataclass(frozen=True, slots=True)
class Host:
    """A string where it stands."""

    document: Document
    pointer: Pointer
    """From that document's root."""
    scalar: Scalar
    text: str
    """The text that it stands in."""


def embedding(
    host: Host, located: Located, places: SourceMap, within: Embedding | None, *, words: bool = False
) -> Embedding:
    """Put together what is known of a string; see the fields of ``Embedding``."""
    document, scalar, text = host.document, host.scalar, host.text
    aliases = tuple(_aliases(document).get(id(scalar), ())) if scalar.aliases else ()
    breaks = tuple(match.start() for match in _BREAK.finditer(text, scalar.start, scalar.end))
    starts = (0, *(match.end() for match in _BREAK.finditer(scalar.value)))
    return Embedding(
        document.index, host.pointer, aliases, scalar, text, located, places, breaks, starts, within, words
    )


@lru_cache(maxsize=1)  # the strings of one document come one after the other
def _aliases(document: Document) -> dict[int, list[Pointer]]:
    """Return the places of the aliases of a document, by the identity of what they stand for."""
    found: dict[int, list[Pointer]] = {}
    for pointer, node in walk(document.root):
        if isinstance(node, Alias):
            found.setdefault(id(node.target), []).append(pointer)
    return found
