"""A YAML document as a tree of located nodes: what each scalar says and where its characters stand.

Offsets count characters of the decoded text, not bytes: that is what libyaml's marks count, and
UTF-8 decodes and encodes without loss, so a splice of the text is a splice of the bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from gitops_streams.yamledit.pointer import Pointer

_PROPERTIES = re.compile(r"(?:[&!][^\s]*(?:[ \t]+|[ \t]*(?:#[^\r\n]*)?(?:\r\n|\r|\n)[ \t]*)+)+")
_STRING_TAGS = frozenset({None, "!", "tag:yaml.org,2002:str"})
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")


# The nodes are built a hundred thousand at a time and never changed afterwards; `frozen` would
# triple the time to build them, so they are frozen by convention only.
@dataclass(slots=True, eq=False)
class Scalar:
    """A scalar; ``start`` and ``end`` enclose its tag, anchor and quotes too."""

    value: str
    style: str
    """Empty for plain, else the character that opens it: ``'`` ``"`` ``|`` ``>``."""
    start: int
    end: int
    line: int
    """The 1-based line on which it starts."""
    tag: str | None
    aliases: int = 0
    """How many aliases stand for it: an edit changes what they say too."""
    follows_colon: bool = False
    """Whether it is an empty value right behind its key's colon, ``digest:``, where it can be filled."""

    @property
    def is_block(self) -> bool:
        """Whether it is a literal or folded block."""
        return self.style in {"|", ">"}


@dataclass(slots=True, eq=False)
class Entry:
    """A key with its value."""

    key: Node
    value: Node


@dataclass(slots=True, eq=False)
class Mapping:
    """A mapping, in the order of the text; duplicate keys are kept."""

    entries: list[Entry]
    flow: bool
    line: int
    pair: bool = False
    """Whether it is the single pair of a flow sequence, ``[a: b]``, which has no braces to hold a second."""
    _by_key: dict[str, Entry | None] | None = field(default=None, init=False, repr=False)
    """The entries by key, made when first asked for; ``None`` under a key that stands twice."""

    def get(self, key: str) -> Node | None:
        """Return the value under a scalar key, aliases followed; ``None`` if there is none or it stands twice."""
        entry = self.entry(key)
        return None if entry is None else target(entry.value)

    def entry(self, key: str) -> Entry | None:
        """Return the entry of a scalar key; ``None`` if there is none or it stands twice."""
        by_key = self._by_key
        return self._index().get(key) if by_key is None else by_key.get(key)

    def stands_twice(self, key: str) -> bool:
        """Whether a scalar key stands twice or more."""
        return self._index().get(key, self) is None

    def _index(self) -> dict[str, Entry | None]:
        by_key = self._by_key
        if by_key is None:
            # A dozen scanners ask each mapping for their keys: looked through once, and remembered.
            by_key = self._by_key = {}
            for entry in self.entries:
                name = entry.key
                if type(name) is Scalar:
                    by_key[name.value] = None if name.value in by_key else entry
        return by_key

    def text(self, key: str) -> str | None:
        """Return the text of the scalar under a key, ``None`` if it is no scalar."""
        value = self.get(key)
        return value.value if isinstance(value, Scalar) else None


@dataclass(slots=True, eq=False)
class Sequence:
    """A sequence."""

    items: list[Node]
    flow: bool
    line: int


@dataclass(slots=True, eq=False)
class Alias:
    """An alias; what it stands for is ``target``, and an edit is made there, once."""

    target: Node
    start: int
    end: int
    line: int


Node = Scalar | Mapping | Sequence | Alias


@dataclass(slots=True, eq=False)
class Document:
    """One document of a file."""

    index: int
    root: Node | None


@dataclass(frozen=True, slots=True)
class Span:
    """The characters of a scalar's content: what stands between its quotes."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class NotEditable:
    """The scalar cannot be replaced in place."""

    reason: str


def target(node: Node) -> Node:
    """Follow an alias; an alias of an alias does not exist in YAML."""
    return node.target if isinstance(node, Alias) else node


def content(scalar: Scalar, text: str) -> Span | NotEditable:
    """Find where the content of ``scalar`` stands in ``text``, if those characters are exactly its value."""
    if scalar.is_block:
        return NotEditable("it is text in a block scalar")
    if scalar.tag not in _STRING_TAGS:
        return NotEditable(f"it carries the tag {scalar.tag}")
    start, end = opening(scalar, text), scalar.end
    if scalar.style:
        if text[start : start + 1] != scalar.style or text[end - 1 : end] != scalar.style:
            return NotEditable("its quotes were not found where they should be")
        start, end = start + 1, end - 1
    if text[start:end] != scalar.value:
        return NotEditable("it is written with escapes or over several lines; write it plainly")
    return Span(start, end)


def opening(scalar: Scalar, text: str) -> int:
    """Return where a scalar itself starts, behind its tag and anchor."""
    properties = _PROPERTIES.match(text, scalar.start, scalar.end)
    return scalar.start if properties is None else properties.end()


def resolve(root: Node | None, parts: tuple[str | int, ...]) -> Node | None:
    """Follow a pointer from ``root``; aliases are followed, and a key that stands twice leads nowhere."""
    node = root
    for part in parts:
        if isinstance(node, Alias):
            node = node.target
        if isinstance(node, Mapping):
            node = node.get(str(part))
        elif isinstance(node, Sequence):
            index = part if isinstance(part, int) else int(part) if _INDEX.fullmatch(part) else -1
            node = node.items[index] if 0 <= index < len(node.items) else None
        else:
            return None
    return None if node is None else target(node)


def walk(root: Node | None) -> Iterator[tuple[Pointer, Node]]:
    """Yield every node with its pointer, in the order of the text; aliases are yielded, never entered."""
    stack: list[tuple[Pointer, Node]] = [] if root is None else [((), root)]
    while stack:
        pointer, node = stack.pop()
        yield pointer, node
        if isinstance(node, Mapping):
            stack += [
                ((*pointer, entry.key.value), entry.value)
                for entry in reversed(node.entries)
                if isinstance(entry.key, Scalar)
            ]
        elif isinstance(node, Sequence):
            stack += [((*pointer, index), item) for index, item in reversed(list(enumerate(node.items)))]
