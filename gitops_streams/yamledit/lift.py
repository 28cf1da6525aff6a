"""Edits of a document within a string, made edits of the text around: spelt as the string's style asks."""

from __future__ import annotations

import re

from gitops_streams.yamledit.edit import Edit, Lifted
from gitops_streams.yamledit.embedded import Embedding
from gitops_streams.yamledit.nodes import NotEditable, Span

_EOL = re.compile(r"\r\n|\r|\n")
# JSON may escape slashes, and who does so does it everywhere.
_ESCAPED_SLASH = re.compile(r"(?<!\\)(?:\\\\)*\\/")


def lift(edit: Edit, embedding: Embedding) -> Lifted | NotEditable:
    """Make an edit of ``embedding``'s text one of the file, through every string that is between."""
    lifted = lift_once(edit, embedding)
    while isinstance(lifted, Lifted) and lifted.embedding.within is not None:
        lifted = lift_once(lifted, lifted.embedding.within)
    return lifted


def lift_once(edit: Edit, embedding: Embedding) -> Lifted | NotEditable:
    """Make an edit of ``embedding``'s text one of the text that the string stands in."""
    span = _outer(edit.span, embedding)
    if isinstance(span, NotEditable):
        return span
    written = _spelt(edit.written, span, embedding)
    return written if isinstance(written, NotEditable) else Lifted(embedding, edit, span, written)


def lift_span(inner: Span, embedding: Embedding) -> Span | NotEditable:
    """Return where characters of ``embedding``'s text stand in the file, if they can be replaced there."""
    span = _outer(inner, embedding)
    if isinstance(span, NotEditable) or embedding.within is None:
        return span
    return lift_span(span, embedding.within)


def _outer(inner: Span, embedding: Embedding) -> Span | NotEditable:
    span = embedding.places.span(inner)
    if isinstance(span, Span) and _EOL.search(embedding.outer, span.start, span.end):
        return NotEditable("it is folded over several lines of the string that it stands in")
    return span


def _spelt(written: str, span: Span, embedding: Embedding) -> str | NotEditable:
    """Spell characters as the string does; ours are printable ASCII, blanks and line ends (``edit``)."""
    style, text = embedding.places.style, embedding.outer
    broken = _EOL.search(written) is not None
    if style == '"':
        written = _EOL.sub(r"\\n", written.replace("\\", "\\\\").replace('"', '\\"'))
        return written.replace("/", "\\/") if _ESCAPED_SLASH.search(text, span.start, span.end) else written
    if style == "|":
        return _EOL.sub(lambda _: _line_ending(span.start, text) + embedding.places.indent, written)
    if broken:
        return NotEditable(f"a line cannot be added to a string of the style {style} without folding it")
    return written.replace("'", "''") if style == "'" else written


def _line_ending(position: int, text: str) -> str:
    """Return the line ending of the line at ``position``; where it has none, that of the line before."""
    match = _EOL.search(text, position)
    if match is None:
        start = max(text.rfind("\n", 0, position), text.rfind("\r", 0, position))
        return "\r\n" if text[start - 1 : start + 1] == "\r\n" else text[start] if start >= 0 else "\n"
    return match.group()
