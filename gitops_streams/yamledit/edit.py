"""The edits (replace a value, insert a key, add a comment) and the splice that carries them out.

Edits hold character spans of one text; everything outside the spans stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from gitops_streams.yamledit.embedded import Embedding
from gitops_streams.yamledit.nodes import Alias, Entry, Mapping, Node, NotEditable, Scalar, Sequence, Span, content
from gitops_streams.yamledit.pointer import Pointer

# Everything that is ever written: references (also behind `KEY=`), tags, digests. In this alphabet a value means the
# same plain, quoted and in JSON; the re-parse in `prove` would catch a slip.
_WRITABLE = re.compile(r"[A-Za-z0-9_./:@+=\-\[\]]+")
# Of these, what means itself without quotes too, in a flow collection as in a block: a plain scalar does not
# start with an indicator, nor end with a colon, and holds no bracket.
_PLAIN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_./:@+=\-]*[A-Za-z0-9_./@+=\-])?")
_KEY = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_./\-]*[A-Za-z0-9_])?")
# A comment is ours to word, so it needs nothing that an editor or a parser could take for the end of a line.
_REMARK = re.compile(r"# [ -~]*[!-~]")
_BLANK_REST = re.compile(r"[ \t]*(?:\r\n|\n|\r|\Z)")
_EOL = re.compile(r"\r\n|\n|\r|\Z")
# What libyaml (YAML 1.1) takes for the end of a line, and nobody else does.
_OLD_BREAKS = re.compile(r"[\x85\u2028\u2029]")
_COLON = re.compile(r"[ \t]*:(?![^ \t\r\n])")
_JSON_LITERAL = re.compile(r"null|true|false|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
# What YAML 1.1 or 1.2 takes for something else than text, unless it is quoted: numbers (also of base 60), dates,
# booleans, null. Readers of Helm values and of kustomizations are of either version.
_NO_TEXT = re.compile(
    r"0[xX][0-9a-fA-F_]+|0[bBoO][0-7_]+|[0-9][0-9_]*(?::[0-5]?[0-9])*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt].*)?|(?i:y|n|yes|no|on|off|true|false|null)"
)
_BLANKS = " \t\r\n"
_LONGEST_INDEX = 10
"""Digits."""
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


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment is added behind a value, on its line. It is no data, so no JSON Patch can say it."""

    document: int
    pointer: Pointer
    """The value that it stands behind."""
    span: Span
    """Where to insert: empty, ``start == end``."""
    after: str
    """The comment, from its ``#`` on."""
    written: str


@dataclass(frozen=True, slots=True)
class Lifted:
    """An edit of a document within a string, as one of the text that the string stands in (``lift``)."""

    embedding: Embedding
    inner: Edit
    """The edit of the string's value; itself a lifted one where the document is within a string within it."""
    span: Span
    written: str
    """The characters that go into the span: those of ``inner``, spelt as the string's style asks."""

    @property
    def document(self) -> int:
        """The index of the document that the string stands in."""
        return self.embedding.document

    @property
    def pointer(self) -> Pointer:
        """The string."""
        return self.embedding.pointer


Edit = Replace | Insert | Comment | Lifted


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two edits claim the same characters with different results."""

    first: Edit
    second: Edit


def replace(document: int, pointer: Pointer, scalar: Scalar, after: str, text: str) -> Replace | NotEditable:
    """Make the edit that writes ``after`` where ``scalar`` stands; a null becomes a string.

    A bare literal where JSON has one (a number or null behind a double-quoted key, or in brackets) becomes a
    double-quoted string, and so does text that would be read as a number or the like without quotes.
    """
    if not _WRITABLE.fullmatch(after):
        return NotEditable(f"{after!r} holds characters that are never written")
    span = content(scalar, text)
    if isinstance(span, NotEditable):
        return span
    written = after
    if not scalar.style:
        if not pointer and _JSON_LITERAL.fullmatch(scalar.value):
            return NotEditable("it is a bare literal, and all that the document holds")
        if _JSON_LITERAL.fullmatch(scalar.value) and _may_be_json(span.start, text):
            written = f'"{after}"'
        elif not _PLAIN.fullmatch(after):
            return NotEditable(f"{after!r} would need quotes that the old value does not have")
        elif _NO_TEXT.fullmatch(after) and span.start < span.end:
            written = f'"{after}"'
        elif span.start == span.end:
            # `digest:` and nothing more: the empty value stands right behind the colon, or the blanks after it.
            if not scalar.follows_colon:
                return NotEditable("it is empty, and no colon stands before it")
            written = after if text[span.start - 1] in " \t" else f" {after}"
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
    scalar = value.target if isinstance(value, Alias) else value
    if not isinstance(scalar, Scalar):
        return NotEditable("the key beside it has no scalar value")
    if not _PLAIN.fullmatch(after) or not _KEY.fullmatch(key):
        return NotEditable(f"{key!r}: {after!r} holds characters that are never written")
    if mapping.entry(name.value) is not sibling:
        return NotEditable(f"the key {name.value!r} stands twice")
    if any(isinstance(entry.key, Scalar) and entry.key.value == key for entry in mapping.entries):
        return NotEditable(f"the key {key!r} is there already")
    placed = _behind_in_flow(mapping, value) if mapping.flow else _behind_in_block(name, value, text)
    if isinstance(placed, NotEditable):
        return placed
    position, separator = placed
    quote = name.style if mapping.flow else ""
    written = f"{separator}{quote}{key}{quote}: {quote}{after}{quote}"
    return Insert(
        document, (*parent, key), (*parent, name.value), scalar.value, Span(position, position), after, written
    )


def comment(document: int, pointer: Pointer, parent: Node | None, after: str, text: str) -> Comment | NotEditable:
    """Make the edit that adds a comment behind a value, at the end of its line.

    Args:
        document: the document's index.
        pointer: from the document's root to the value.
        parent: what the value stands in, aliases followed.
        after: the comment, from its ``#`` on.
        text: the text of the file.
    """
    if not _REMARK.fullmatch(after):
        return NotEditable(f"{after!r} is no comment that is ever written")
    if not isinstance(parent, Mapping | Sequence) or not pointer:
        return NotEditable("it stands in no map and no list")
    if parent.flow:
        return NotEditable("it stands in braces or brackets")
    node = _child(parent, pointer[-1])
    if not isinstance(node, Scalar) or node.is_block or (node.start == node.end and not node.follows_colon):
        return NotEditable("it is no value on a line of its own")
    rest = _BLANK_REST.match(text, node.end)
    if rest is None or "\n" in text[node.start : node.end] or "\r" in text[node.start : node.end]:
        return NotEditable("something follows it on its line")
    return Comment(document, pointer, Span(node.end, node.end), after, f" {after}")


def splice_pieces(edits: Iterable[Edit]) -> list[tuple[Span, str]] | Conflict:
    """Order edits of one text by place, each with what is written there; equal ones count once."""
    pieces: list[tuple[Span, str]] = []
    previous: Edit | None = None
    for edit in in_order(edits):
        if previous is not None:
            same_place = edit.span == previous.span and type(innermost(edit)) is type(innermost(previous))
            if edit.span.start < previous.span.end or same_place:
                return Conflict(previous, edit)
        pieces.append((edit.span, edit.written))
        previous = edit
    return pieces


def splice(text: str, edits: Iterable[Edit]) -> str | Conflict:
    """Carry out edits of one text; equal edits count once, others must not overlap."""
    ordered = splice_pieces(edits)
    if isinstance(ordered, Conflict):
        return ordered
    pieces, position = [], 0
    for span, written in ordered:
        pieces += [text[position : span.start], written]
        position = span.end
    pieces.append(text[position:])
    return "".join(pieces)


def in_order(edits: Iterable[Edit]) -> list[Edit]:
    """Return the edits in the order of the text; of those that write the same in one place, only one.

    One anchor that is reached through several aliases has several pointers, but one place. A value that
    is filled stands before the comment behind it, and both before a key that is added on the next line.
    """
    places = {(edit.span, _RANKS[type(innermost(edit))], edit.written): edit for edit in edits}
    return [places[place] for place in sorted(places, key=lambda place: (place[0].start, place[0].end, *place[1:]))]


def innermost(edit: Edit) -> Replace | Insert | Comment:
    """Return the edit as it was made, in the text of the document that it is for."""
    while isinstance(edit, Lifted):
        edit = edit.inner
    return edit


def is_null(scalar: Scalar) -> bool:
    """Whether YAML's core schema reads the scalar as null, or it is an empty string: a value yet to be filled."""
    return scalar.value == "" if scalar.style else scalar.value in _NULLS


_RANKS: dict[type[Replace | Insert | Comment], int] = {Replace: 0, Comment: 1, Insert: 2}


def _child(parent: Mapping | Sequence, part: str | int) -> Node | None:
    """Return what stands under a key or an index itself, an alias unfollowed."""
    if isinstance(parent, Mapping):
        entry = parent.entry(str(part))
        return None if entry is None else entry.value
    index = int(part) if str(part).isdecimal() and len(str(part)) < _LONGEST_INDEX else len(parent.items)
    return parent.items[index] if index < len(parent.items) else None


def _behind_in_flow(mapping: Mapping, value: Scalar | Alias) -> tuple[int, str] | NotEditable:
    """Return where a key goes behind ``value``, and what separates the two."""
    if mapping.pair:
        return NotEditable("it has no braces that could hold a second key")
    if isinstance(value, Scalar) and not value.style and not value.value and value.start < value.end:
        return NotEditable("the key beside it has a tag or an anchor, and no value")  # to which the comma would stick
    return value.end, ", "


def _behind_in_block(name: Scalar, value: Scalar | Alias, text: str) -> tuple[int, str] | NotEditable:
    """Return where a key goes behind the line on which ``value`` ends, and what separates the two."""
    if name.is_block or (isinstance(value, Scalar) and value.is_block):
        return NotEditable("the key beside it holds a block scalar")
    line_start = max(text.rfind("\n", 0, name.start), text.rfind("\r", 0, name.start)) + 1
    lead = text[line_start : name.start].removeprefix("" if line_start else "\ufeff")
    if not _COLON.match(text, name.end):
        return NotEditable("the key beside it is written with a question mark")
    if lead.strip(" -"):
        return NotEditable("the key beside it does not start its line")
    end = _EOL.search(text, value.end)
    position = end.start() if end is not None else len(text)
    rest = text[value.end : position].lstrip(" \t")
    if (rest and not rest.startswith("#")) or _OLD_BREAKS.search(rest):
        return NotEditable("something follows the key beside it on its line")
    return position, f"{_line_ending(text, position)}{' ' * len(lead)}"


def _may_be_json(position: int, text: str) -> bool:
    """Whether the value at ``position`` stands behind ``"key":``, or in brackets."""
    before = _before_blanks(position, text)
    if text[before : before + 1] != ":":
        return text[before : before + 1] in {"[", ","}
    quote = _before_blanks(before, text)
    return text[quote : quote + 1] == '"'


def _before_blanks(position: int, text: str) -> int:
    """Return where the last character before ``position`` stands that is no blank; the text's length if none does."""
    for found in range(position - 1, -1, -1):
        if text[found] not in _BLANKS:
            return found
    return len(text)


def _line_ending(text: str, position: int) -> str:
    """Return the line ending at ``position``; at the end of a file without one, the file's first."""
    match = _EOL.match(text, position) if position < len(text) else _EOL.search(text)
    return (match.group() if match is not None else "") or "\n"
