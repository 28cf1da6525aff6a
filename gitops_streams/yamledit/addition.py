"""Entries that are added to mappings, and items to lists, each written as its neighbours are."""

from __future__ import annotations

import re
from collections.abc import Sequence as List

from gitops_streams.yamledit.layout import Layout
from gitops_streams.yamledit.nodes import Entry, Mapping, Node, NotEditable, Scalar, Sequence, Span
from gitops_streams.yamledit.notation import Notation, Value, as_written, is_text
from gitops_streams.yamledit.pointer import Pointer, render
from gitops_streams.yamledit.surroundings import COLON, NULL, Change, Piece, Place, is_null, notation, reach

_EMPTY = re.compile(r"\{[ \t\r\n]*\}|\[[ \t\r\n]*\]")
_PROPERTIES = re.compile(r"[&!]")
_COMMA = re.compile(r"[ \t]*,")


def put(root: Node | None, pointer: Pointer, value: Value, after: List[str], layout: Layout) -> Change | NotEditable:
    """Let a place say ``value``; the mappings on the way are made where there are none.

    Args:
        root: the document.
        pointer: the place; its parts are keys, but for indexes of items that are there.
        value: a scalar where a scalar stands; anything where nothing does.
        after: the keys beside which a new entry goes, the first that is there; else it goes to the end.
        layout: the places of the text.
    """
    place = reach(root, pointer, layout)
    if isinstance(place, NotEditable):
        return place
    node = place.node
    if not place.missing:
        if isinstance(node, Scalar) and isinstance(value, str | bool):
            return _rewrite(place, node, value, layout)
        if not (isinstance(node, Scalar) and is_null(node, layout)):
            return NotEditable("something else stands there")
        return _fill(place, value, layout, _replaced(place.pointer, value))
    key, *rest = place.missing
    nested = _nested(rest, value)
    if isinstance(node, Scalar):
        made: Value = {str(key): nested}
        return _fill(place, made, layout, _replaced(place.pointer, made))
    if not isinstance(node, Mapping):
        return NotEditable(f"{key!r} cannot be added to a list")
    operation = {"op": "add", "path": render((*place.pointer, key)), "value": as_written(nested)}
    if not node.entries:
        return _fill(place, {str(key): nested}, layout, operation)
    sibling = next((found for name in after if (found := node.entry(name)) is not None), node.entries[-1])
    habits = notation(place, layout)
    if node.flow:
        pieces = _behind_in_flow(node, sibling, str(key), nested, habits, layout)
    else:
        pieces = _behind_in_block(sibling, str(key), nested, habits, layout)
    return pieces if isinstance(pieces, NotEditable) else Change(tuple(pieces), (operation,))


def append(root: Node | None, pointer: Pointer, value: Value, layout: Layout) -> Change | NotEditable:
    """Add an item to the end of a list; one that is null or not there is made."""
    place = reach(root, pointer, layout)
    if isinstance(place, NotEditable):
        return place
    node = place.node
    if place.missing or (isinstance(node, Scalar) and is_null(node, layout)):
        return put(root, pointer, [value], (), layout)
    if not isinstance(node, Sequence):
        return NotEditable("it is no list")
    operation = {"op": "add", "path": render((*place.pointer, "-")), "value": as_written(value)}
    if not node.items:
        return _fill(place, [value], layout, operation)
    last, habits = node.items[-1], notation(place, layout)
    end = layout.span(last).end
    if node.flow:
        start = layout.span(last).start
        spread = layout.lead(start) if not layout.lead(start).strip() else None
        lines = spread is not None and layout.line_start(end) != layout.line_start(start)
        written = habits.spread(value, spread or "", layout.ending(start)) if lines else habits.flow(value)
        return Change(tuple(_behind(end, written, spread, layout)), (operation,))
    dash = layout.dash(last)
    if dash is None or not layout.is_last(end):
        return NotEditable("the last item does not have lines of its own")
    column = len(layout.lead(dash))
    position = layout.comments_after(end, column)
    return Change((_lines(position, habits.item(value, column), layout),), (operation,))


def _nested(keys: List[str | int], value: Value) -> Value:
    for key in reversed(keys):
        value = {str(key): value}
    return value


def _replaced(pointer: Pointer, value: Value) -> dict[str, object]:
    return {"op": "replace", "path": render(pointer), "value": as_written(value)}


def _rewrite(place: Place, scalar: Scalar, value: str | bool, layout: Layout) -> Change | NotEditable:  # noqa: FBT001
    """Write another text where a scalar stands, in its quotes if it has any."""
    said = as_written(value)
    if scalar.value == said and (isinstance(value, bool) or scalar.style or is_text(scalar.value)):
        return Change(())
    if scalar.tag is not None or _PROPERTIES.match(layout.text, scalar.start):
        return NotEditable("it carries a tag or an anchor; write it plainly")
    habits = notation(place, layout)
    quote = scalar.style if scalar.style in {"'", '"'} else None
    written = habits.scalar(value, quote if isinstance(value, str) else None)
    span = layout.span(scalar)
    if span.start == span.end:
        return _fill(place, value, layout, _replaced(place.pointer, value))
    return Change((Piece(span, written),), (_replaced(place.pointer, value),))


def _fill(place: Place, value: Value, layout: Layout, patch: dict[str, object]) -> Change | NotEditable:
    """Write all of a value where null or an empty flow collection stands; in a block it gets lines of its own."""
    node, entry = place.node, place.entries[-1]
    span = layout.span(node)
    text = layout.text[span.start : span.end]
    habits = notation(place, layout)
    empty = _EMPTY.fullmatch(text) is not None
    if not empty and NULL.fullmatch(text) is None:
        return NotEditable("it carries a tag or an anchor, or holds a comment; write it plainly")
    if place.in_flow or entry is None or not isinstance(entry.key, Scalar):
        if empty:
            content_of = habits.flow(value)[1:-1]
            return Change((Piece(Span(span.end - 1, span.end - 1), content_of),), (patch,))
        if span.start == span.end and (not isinstance(node, Scalar) or not node.follows_colon):
            return NotEditable("it is empty, and no colon stands before it")
        blank = " " if span.start == span.end and layout.text[span.start - 1] not in " \t" else ""
        return Change((Piece(span, blank + habits.flow(value)),), (patch,))
    colon = COLON.match(layout.text, entry.key.end)
    lead = layout.lead(entry.key.start)
    if colon is None or lead.strip(" -") or not layout.is_last(span.end):
        return NotEditable("it does not have a line of its own")
    if layout.text[colon.end() : span.start].strip(" \t"):
        return NotEditable("it does not stand on the line of its key")
    if isinstance(value, str | bool):
        return Change((Piece(Span(colon.end(), span.end), f" {habits.scalar(value)}"),), (patch,))
    _, *lines = habits.entry(entry.key.value, value, len(lead))
    pieces = [Piece(Span(colon.end(), span.end), "")] if colon.end() < span.end else []
    return Change((*pieces, _lines(layout.line_end(span.end), lines, layout)), (patch,))


def _behind_in_block(
    sibling: Entry, key: str, value: Value, habits: Notation, layout: Layout
) -> list[Piece] | NotEditable:
    if not isinstance(sibling.key, Scalar) or COLON.match(layout.text, sibling.key.end) is None:
        return NotEditable("the key beside it is written with a question mark")
    lead = layout.lead(sibling.key.start)
    end = layout.span(sibling.value).end
    if lead.strip(" -") or not layout.is_last(end):
        return NotEditable("the key beside it does not have lines of its own")
    position = layout.comments_after(end, len(lead))
    return [_lines(position, habits.entry(key, value, len(lead)), layout)]


def _behind_in_flow(
    mapping: Mapping, sibling: Entry, key: str, value: Value, habits: Notation, layout: Layout
) -> list[Piece] | NotEditable:
    span = layout.span(sibling.value)
    if mapping.pair or not isinstance(sibling.key, Scalar):
        return NotEditable("it has no braces that could hold a second key")
    if span.start == span.end:
        return NotEditable("the key beside it has no value")
    start = sibling.key.start
    spread = layout.lead(start) if not layout.lead(start).strip() else None
    written = habits.flow(value) if spread is None else habits.spread(value, spread, layout.ending(start))
    return _behind(span.end, f"{habits.scalar(key)}: {written}", spread, layout)


def _behind(end: int, written: str, spread: str | None, layout: Layout) -> list[Piece]:
    """Write something behind what ends at ``end`` in a flow collection; on its own line where ``spread`` is given."""
    if spread is None:
        return [Piece(Span(end, end), f", {written}")]
    line = layout.ending(end) + spread
    comma = _COMMA.match(layout.text, end)
    behind = end if comma is None else comma.end()
    if (
        layout.is_last(behind)
        and layout.line_end(behind) > behind
        and "#" in layout.text[behind : layout.line_end(end)]
    ):
        # The comment stays with what it stands behind.
        position = layout.line_end(end)
        head = [Piece(Span(end, end), ",")] if comma is None else []
        return [*head, Piece(Span(position, position), f"{line}{written}{'' if comma is None else ','}")]
    return [Piece(Span(end, end), f",{line}{written}")]


def _lines(position: int, lines: List[str], layout: Layout) -> Piece:
    ending = layout.ending(position)
    return Piece(Span(position, position), "".join(f"{ending}{line}" for line in lines))
