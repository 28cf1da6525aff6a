"""The two edits, replace and insert, and the splice that carries them out.

Edits hold character spans of one text; everything outside the spans stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from gitops_streams.yamledit.nodes import Alias, Entry, Mapping, NotEditable, Scalar, Span, content
from gitops_streams.yamledit.pointer import Pointer

# Everything that is ever written: references, tags, digests. In this alphabet a value means the
# same plain, quoted and in JSON; the re-parse in `prove` would catch a slip.
_WRITABLE = re.compile(r"[A-Za-z0-9_./:@+\-\[\]]+")
_PLAIN_START = re.compile(r"[A-Za-z0-9_./+]")
_EOL = re.compile(r"\r\n|\n|\r|\Z")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Replace:
    """A scalar's content is replaced in its own style."""

    document: int
    pointer: Pointer
    span: Span
    before: str
    after: str
    written: str
    """The characters that go into the span: ``after``, with what its style needs around it."""


@dataclass(frozen=True, slots=True)
class Insert:
    """A key is added after a sibling."""

    document: int
    pointer: Pointer
    sibling: Pointer
    """The pointer of the sibling; its value is tested before the key is added."""
    sibling_value: str
    span: Span
    """Where to insert: empty, ``start == end``."""
    after: str
    written: str


Edit = Replace | Insert


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two edits claim the same characters with different results."""

    first: Edit
    second: Edit


def replace(document: int, pointer: Pointer, scalar: Scalar, after: str, text: str) -> Replace | NotEditable:
    """Make the edit that writes ``after`` where ``scalar`` stands; a null becomes a string."""
    if not _WRITABLE.fullmatch(after):
        return NotEditable(f"{after!r} holds characters that are never written")
    span = content(scalar, text)
    if isinstance(span, NotEditable):
        return span
    written = after
    if not scalar.style:
        if span.start == span.end:
            # `digest:` and nothing more: the empty value stands right behind the colon.
            written = after if text[span.start - 1 : span.start] in {" ", "\t"} else f" {after}"
        if not _PLAIN_START.match(after):
            return NotEditable(f"{after!r} would need quotes that the old value does not have")
    return Replace(document, pointer, span, scalar.value, after, written)


def insert(
    document: int, parent: Pointer, mapping: Mapping, sibling: Entry, key: str, after: str, text: str
) -> Insert | NotEditable:
    """Make the edit that adds ``key`` to ``mapping`` right after ``sibling``.

    In a block mapping it gets a line of its own after the sibling's value and comment, with the
    same indentation and line ending; in a flow mapping it follows the sibling's value.
    """
    name, value = sibling.key, sibling.value
    if not isinstance(name, Scalar) or not isinstance(value, Scalar | Alias):
        return NotEditable("the key beside it has no scalar value")
    if isinstance(value, Scalar) and value.is_block:
        return NotEditable("the key beside it holds a block scalar")
    if not _WRITABLE.fullmatch(after) or not _PLAIN_START.match(after):
        return NotEditable(f"{after!r} holds characters that are never written")
    scalar = value.target if isinstance(value, Alias) else value
    if not isinstance(scalar, Scalar):
        return NotEditable("the key beside it has no scalar value")
    if mapping.flow:
        quote = name.style
        position = value.end
        written = f", {quote}{key}{quote}: {quote}{after}{quote}"
    else:
        line_start = max(text.rfind("\n", 0, name.start), text.rfind("\r", 0, name.start)) + 1
        lead = text[line_start : name.start]
        if lead.strip(" -") or text[line_start : line_start + 1] == "\t":
            return NotEditable("the key beside it does not start its line")
        end = _EOL.search(text, value.end)
        position = end.start() if end is not None else len(text)
        rest = text[value.end : position].lstrip(" \t")
        if rest and not rest.startswith("#"):
            return NotEditable("something follows the key beside it on its line")
        written = f"{_line_ending(text, position)}{' ' * len(lead)}{key}: {after}"
    return Insert(
        document, (*parent, key), (*parent, name.value), scalar.value, Span(position, position), after, written
    )


def splice(text: str, edits: Iterable[Edit]) -> str | Conflict:
    """Carry out edits of one text; equal edits count once, others must not overlap."""
    ordered = sorted(set(edits), key=lambda edit: (edit.span.start, edit.span.end))
    pieces, position = [], 0
    previous: Edit | None = None
    for edit in ordered:
        if previous is not None and (edit.span.start < position or edit.span == previous.span):
            if edit.span == previous.span and edit.written == previous.written:
                continue  # one anchor, reached through several aliases
            return Conflict(previous, edit)
        pieces += [text[position : edit.span.start], edit.written]
        position = edit.span.end
        previous = edit
    pieces.append(text[position:])
    return "".join(pieces)


def is_null(scalar: Scalar) -> bool:
    """Whether YAML's core schema reads the scalar as null, or it is an empty string: a value yet to be filled."""
    return scalar.value == "" if scalar.style else scalar.value in _NULLS


def _line_ending(text: str, position: int) -> str:
    """Return the line ending at ``position``; at the end of a file without one, the file's first."""
    match = _EOL.match(text, position) if position < len(text) else _EOL.search(text)
    return (match.group() if match is not None else "") or "\n"
