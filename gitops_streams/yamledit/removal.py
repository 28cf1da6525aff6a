"""Entries that are taken out of mappings, and items out of lists, with the lines that are theirs alone."""

from __future__ import annotations

import re

from gitops_streams.yamledit.layout import Layout, in_order
from gitops_streams.yamledit.nodes import Alias, Entry, Mapping, Node, NotEditable, Scalar, Sequence, Span
from gitops_streams.yamledit.pointer import Pointer, render
from gitops_streams.yamledit.surroundings import COLON, Change, Piece, Place, reach

_COMMA = re.compile(r"[ \t\r\n]*,[ \t]*")


def remove(root: Node | None, pointer: Pointer, layout: Layout) -> Change | NotEditable:
    """Take the entry or item at ``pointer`` out of its collection.

    An item takes the comment lines directly above it along; those above an entry stay. Comments that stand
    deeper, and so belong to what is removed, go with it. A list that loses its last item says ``[]``; a mapping
    that loses its last entry says ``{}``.
    """
    place = reach(root, pointer, layout, to_alias=True)
    if isinstance(place, NotEditable):
        return place
    if place.missing:
        return Change(())
    if len(place.nodes) == 1:
        return NotEditable("a whole document cannot be taken out")
    parent, node = place.nodes[-2], place.node
    inside = {id(found) for found in in_order(node)}
    span = layout.span(node)
    if any(id(alias.target) in inside and not span.start <= alias.start < span.end for alias in layout.aliases):
        return NotEditable("it holds an anchor (&) that other places use; write those out")
    patch: tuple[dict[str, object], ...] = ({"op": "remove", "path": render(pointer)},)
    if isinstance(parent, Sequence):
        pieces = _item(place, parent, node, layout)
    else:
        entry = place.entries[-1]
        if not isinstance(parent, Mapping) or entry is None or not isinstance(entry.key, Scalar):
            return NotEditable("it does not stand in a collection")
        pieces = _entry(place, parent, entry, entry.key, layout)
    return pieces if isinstance(pieces, NotEditable) else Change(tuple(pieces), patch)


def _item(place: Place, parent: Sequence, node: Node, layout: Layout) -> list[Piece] | NotEditable:
    if parent.flow:
        index = place.pointer[-1]
        spans = [layout.span(item) for item in parent.items]
        return _from_flow(spans, int(index), layout)
    dash, end = layout.dash(node), layout.span(node).end
    if dash is None or not layout.is_last(end):
        return NotEditable("the item does not have lines of its own")
    column = len(layout.lead(dash))
    end = layout.comments_after(end, column)
    start = layout.comments_before(dash, column)
    return _emptied(place, start, end, "[]", layout) if len(parent.items) == 1 else [_cut(start, end, layout)]


def _entry(place: Place, parent: Mapping, entry: Entry, key: Scalar, layout: Layout) -> list[Piece] | NotEditable:
    index = parent.entries.index(entry)
    if parent.flow:
        if parent.pair:
            return NotEditable("it has no braces of its own")
        spans = [Span(layout.span(each.key).start, layout.span(each.value).end) for each in parent.entries]
        return _from_flow(spans, index, layout)
    end = layout.span(entry.value).end
    lead = layout.lead(key.start)
    if COLON.match(layout.text, key.end) is None or lead.strip(" -") or not layout.is_last(end):
        return NotEditable("the entry does not have lines of its own")
    end = layout.comments_after(end, len(lead))
    if len(parent.entries) == 1:
        return _emptied(place, layout.line_start(key.start), end, "{}", layout)
    if not lead.strip():
        return [_cut(layout.line_start(key.start), end, layout)]
    # It stands behind a dash, where the next entry has to move up.
    after = parent.entries[index + 1].key
    start = layout.span(after).start
    if layout.text[layout.line_end(end) : start].strip():
        return NotEditable("a comment stands between it and what would take its place behind the dash")
    return [Piece(Span(key.start, start), "")]


def _emptied(place: Place, start: int, end: int, empty: str, layout: Layout) -> list[Piece] | NotEditable:
    """Take the only lines of a block collection away, and say behind its key that it is empty."""
    entry = place.entries[-2]
    if entry is None or not isinstance(entry.key, Scalar) or isinstance(entry.value, Alias):
        return NotEditable("nothing would be left of the collection that it stands in")
    colon = COLON.match(layout.text, entry.key.end)
    if colon is None or not layout.is_last(colon.end()) or layout.line_end(colon.end()) >= start:
        return NotEditable("nothing would be left of the collection that it stands in")
    return [Piece(Span(colon.end(), colon.end()), f" {empty}"), _cut(start, end, layout)]


def _cut(start: int, end: int, layout: Layout) -> Piece:
    """Take whole lines away: from the start of a line to the end of another."""
    following = layout.next_line(end)
    if following == layout.line_end(end):  # the file ends without a line ending, and goes on to do so
        start = layout.end_above(start)
    return Piece(Span(start, following), "")


def _from_flow(spans: list[Span], index: int, layout: Layout) -> list[Piece] | NotEditable:
    """Take one of the parts of a flow collection away, with the comma that it needs no more."""
    if index:
        start, end = spans[index - 1].end, spans[index].end
        beside = layout.text[start : spans[index].start]
    elif len(spans) > 1:
        start, end = spans[0].start, spans[1].start
        beside = layout.text[spans[0].end : end]
    else:
        comma = _COMMA.match(layout.text, spans[0].end)
        start, end, beside = spans[0].start, spans[0].end if comma is None else comma.end(), ""
    if "#" in beside:
        return NotEditable("a comment stands beside it in the brackets")
    return [Piece(Span(start, end), "")]
