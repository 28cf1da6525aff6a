"""The way to a place in a document, what forbids an edit there, and how the text around is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from gitops_streams.yamledit.layout import Layout, in_order
from gitops_streams.yamledit.nodes import Alias, Entry, Mapping, Node, NotEditable, Scalar, Sequence, Span
from gitops_streams.yamledit.notation import Notation
from gitops_streams.yamledit.pointer import Pointer

NULL = re.compile(r"~|null|Null|NULL|")
COLON = re.compile(r"[ \t]*:(?![^ \t\r\n\[{\"'])")
_LOOKED_AT = 400
"""Nodes that are looked at to learn how a text is written."""
_SHARED = "it carries an anchor (&) that other places use too; write it out"


@dataclass(frozen=True, slots=True)
class Piece:
    """What is written in place of some characters."""

    span: Span
    written: str


@dataclass(frozen=True, slots=True)
class Change:
    """What an operation does to a text, and what it means."""

    pieces: tuple[Piece, ...]
    """In the order of the text; none where the document says it already."""
    patch: tuple[dict[str, object], ...] = ()
    """The same as JSON Patch (RFC 6902), in the order in which it applies."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pointer leads."""

    nodes: tuple[Node, ...]
    """From the root to the last node that is there."""
    entries: tuple[Entry | None, ...]
    """The entry that each node is the value of; ``None`` for the root and for items."""
    missing: Pointer
    """The rest of the pointer, which is not there; the last node is a mapping, or null."""
    pointer: Pointer = field(default=())
    """What leads to the last node."""

    @property
    def node(self) -> Node:
        """The last node."""
        return self.nodes[-1]

    @property
    def in_flow(self) -> bool:
        """Whether the last node stands within a flow collection."""
        return any(isinstance(node, Mapping | Sequence) and node.flow for node in self.nodes[:-1])


def reach(root: Node | None, pointer: Pointer, layout: Layout, *, to_alias: bool = False) -> Place | NotEditable:
    """Follow a pointer as far as it leads; nothing that several places share is on the way.

    Args:
        root: the document.
        pointer: where to go.
        layout: the places of the text.
        to_alias: whether it may end at an alias, which is not followed.
    """
    if root is None:
        return NotEditable("the document is empty")
    nodes: list[Node] = [root]
    entries: list[Entry | None] = [None]
    for index, part in enumerate(pointer):
        step = _step(nodes[-1], part, layout)
        if isinstance(step, NotEditable):
            return step
        if step is None:
            return Place(tuple(nodes), tuple(entries), pointer[index:], pointer[:index])
        node, entry = step
        if isinstance(node, Alias) and not (to_alias and index == len(pointer) - 1):
            return NotEditable(f"{part} is an alias (*) of something else; write it out")
        nodes.append(node)
        entries.append(entry)
    if id(nodes[-1]) in layout.shared:
        return NotEditable(_SHARED)
    return Place(tuple(nodes), tuple(entries), (), pointer)


def _step(node: Node, part: str | int, layout: Layout) -> tuple[Node, Entry | None] | NotEditable | None:
    """Go one part of a pointer further; ``None`` where nothing is there yet."""
    if id(node) in layout.shared:
        return NotEditable(_SHARED)
    if isinstance(node, Sequence):
        inside = isinstance(part, int) and part < len(node.items)
        return (node.items[int(part)], None) if inside else NotEditable(f"the list has no item {part}")
    if isinstance(node, Mapping):
        found = [entry for entry in node.entries if isinstance(entry.key, Scalar) and entry.key.value == part]
        if len(found) > 1:
            return NotEditable(f"the key {part!r} stands twice")
        return (found[0].value, found[0]) if found else None
    null = isinstance(node, Scalar) and is_null(node, layout)
    return None if null else NotEditable(f"{part!r} cannot be added to what is no mapping")


def is_null(scalar: Scalar, layout: Layout) -> bool:
    """Whether a scalar is written as null, with neither tag nor anchor."""
    return not scalar.style and NULL.fullmatch(layout.text, scalar.start, scalar.end) is not None


def notation(place: Place, layout: Layout) -> Notation:
    """Learn how the text around a place is written: the nearest example counts."""
    json = False
    for node in reversed(place.nodes):
        if isinstance(node, Mapping) and node.entries:
            key = node.entries[0].key
            json = node.flow and isinstance(key, Scalar) and key.style == '"'
            break
    quote, step, dashes = None, None, None
    for node in reversed(place.nodes):
        for found in islice(in_order(node), _LOOKED_AT):
            if isinstance(found, Scalar):
                quote = quote or (found.style if found.style in {"'", '"'} else None)
            elif isinstance(found, Mapping):
                for shift, is_list in _shifts(found, layout):
                    step, dashes = (step, dashes or shift) if is_list else (step or shift, dashes)
        if quote and step and dashes is not None:
            break
    habits = Notation()
    return Notation(json, quote or habits.quote, step or habits.step, habits.dashes if dashes is None else dashes)


def _shifts(mapping: Mapping, layout: Layout) -> Iterator[tuple[int, bool]]:
    """Yield how far the values of a mapping's entries stand right of their keys, and whether they are lists."""
    for entry in mapping.entries:
        value = entry.value
        start: int | None = None
        if isinstance(value, Mapping) and value.entries and isinstance(value.entries[0].key, Scalar):
            start = value.entries[0].key.start
        elif isinstance(value, Sequence) and value.items and not value.flow:
            start = layout.dash(value.items[0])
        elif isinstance(value, Sequence) and value.items:
            start = layout.span(value.items[0]).start
        if start is None or not isinstance(entry.key, Scalar):
            continue
        head, below = layout.lead(entry.key.start), layout.lead(start)
        if (
            layout.line_start(start) != layout.line_start(entry.key.start)
            and not head.strip(" -")
            and not below.strip()
        ):
            yield len(below) - len(head), isinstance(value, Sequence) and not value.flow
