"""Reads the everyday part of YAML, in which most manifests are written, and refuses all the rest.

The proof of an edit needs a second reading of both texts by a parser that shares no code with libyaml.
ruamel.yaml in pure Python is one, at a megabyte in two seconds; this one is ten times as fast, because
it knows only maps and lists in block style, plain scalars of one line, quotes without escapes, block
scalars, and braces and brackets on one line (YAML 1.2.2, chapters 7 and 8). It never guesses: what could
be read in another way - anchors, aliases, tags, directives, escapes, tabs, scalars over several lines,
odd indentation - raises ``Refused``, and ruamel.yaml reads the file.
"""

from __future__ import annotations

import re
from typing import Any, Final

from gitops_streams.yamledit.entries import put


class Refused(Exception):
    """The text uses something that this reader does not know."""


# YAML 1.2's printable characters (production 1) but for the line breaks of YAML 1.1, a byte order mark and DEL's kin.
_STRANGE = re.compile("[^\n\t\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_PLAIN_KEY = r"[A-Za-z0-9_.][A-Za-z0-9_./-]*"
_ENTRY = re.compile(rf"""(?:({_PLAIN_KEY})|"([^"\\]*)"|'([^']*)'):(?: +(.*))?""")
_DASH = re.compile(r"-(?: +(.*))?")
_COMMENT_REST = r" *(?: #.*)?"
_DOUBLE = re.compile(rf"""("[^"\\]*"){_COMMENT_REST}""")
_SINGLE = re.compile(rf"('(?:[^']|'')*'){_COMMENT_REST}")
_HEADER = re.compile(r"([|>])([+-]?)(?: +#.*)? *")
_MARKER = re.compile(r"---(?: +#.*)? *")
_FLOW_PLAIN = re.compile(r"[A-Za-z0-9_./$+](?:[A-Za-z0-9_./$+@=-]|:(?=[A-Za-z0-9_./-])| +(?=[A-Za-z0-9_.(]))*")
_FLOW_QUOTED = re.compile(r""""[^"\\]*"|'(?:[^']|'')*'""")
_FLOW_BLANKS = re.compile(" *")
_FLOW_END = re.compile(r" *(?: #.*)?")
_FLOW_DEPTH = 20

_NOTHING: Final = object()


def read(text: str) -> list[Any]:
    """Return the documents as nested dicts, lists and strings, scalars as they are written.

    Raises:
        Refused: the text uses something that this reader does not know.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if _STRANGE.search(text):
        raise Refused
    return _Reader(text).documents()


class _Reader:
    """One reading; ``_open`` holds the collections that the current line may go on with, outermost first."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._at = 0
        self._documents: list[Any] = []
        self._open: list[tuple[int, Any]] = []
        self._key: Any = _NOTHING
        """The key, or the list's dash (``None``), of the innermost collection that still waits for its value."""

    def documents(self) -> list[Any]:
        lines = self._lines
        started = False
        while self._at < len(lines):
            line = lines[self._at]
            self._at += 1
            content = line.lstrip(" ")
            if not content or content[0] == "#":
                continue
            if "\t" in content:
                raise Refused
            indent = len(line) - len(content)
            if indent == 0 and content[0] in "-.%" and content.startswith(("---", "...", "%")):
                if not _MARKER.fullmatch(content):
                    raise Refused
                self._finish(started=started)
                started = True
                continue
            started = True
            self._line(indent, content)
        self._finish(started=started)
        return self._documents

    def _finish(self, *, started: bool) -> None:
        """End a document."""
        if not started:
            return
        if self._key is not _NOTHING:
            self._value("")
        # A document without content is an empty scalar.
        self._documents.append(self._open[0][1] if self._open else "")
        self._open = []

    def _line(self, indent: int, content: str) -> None:
        if (self._key is not _NOTHING or not self._open) and self._begins(indent, content):
            return
        opened = self._open
        while opened and opened[-1][0] > indent:
            opened.pop()
        is_item = content[0] == "-" and (len(content) == 1 or content[1] == " ")
        if opened and not is_item and isinstance(opened[-1][1], list) and opened[-1][0] == indent:
            opened.pop()  # the list stood as deep as the key that it belongs to
        if not opened or opened[-1][0] != indent or isinstance(opened[-1][1], list) is not is_item:
            raise Refused
        self._content(indent, content)

    def _begins(self, indent: int, content: str) -> bool:
        """Open the collection that a key, a dash or a document waits for; or see that its value is empty."""
        is_item = content[0] == "-" and (len(content) == 1 or content[1] == " ")
        if self._open:
            parent, collection = self._open[-1]
            if not (indent > parent or (indent == parent and is_item and isinstance(collection, dict))):
                self._value("")
                return False
        self._collection(indent, [] if is_item else {})
        self._content(indent, content)
        return True

    def _collection(self, indent: int, collection: Any) -> None:  # noqa: ANN401  a dict or a list
        if self._open:
            self._value(collection)
        self._open.append((indent, collection))

    def _content(self, indent: int, content: str) -> None:
        """Take an item or an entry of the innermost collection; ``- - a: b`` is three collections deep."""
        while (dash := _DASH.fullmatch(content)) is not None:
            self._key = None
            rest = dash[1] or ""
            if not rest or rest[0] == "#":
                return
            indent += dash.start(1)
            content = rest
            if _DASH.fullmatch(content) is not None:
                self._collection(indent, [])
            elif _ENTRY.fullmatch(content) is not None:
                self._collection(indent, {})
            else:
                self._scalar(content, self._open[-1][0])
                return
        entry = _ENTRY.fullmatch(content)
        if entry is None:
            raise Refused
        plain, double, single, rest = entry.groups()
        self._key = plain if plain is not None else double if double is not None else single
        if rest and rest[0] != "#":
            self._scalar(rest, indent)

    def _value(self, value: Any) -> None:  # noqa: ANN401  what was read
        collection = self._open[-1][1]
        if isinstance(collection, list):
            collection.append(value)
        else:
            put(collection, self._key, value)
        self._key = _NOTHING

    def _scalar(self, rest: str, indent: int) -> None:
        """Read the value behind a key or a dash, up to the end of its line or, in a block, further."""
        first = rest[0]
        if first == '"':
            quoted = _DOUBLE.fullmatch(rest)
            if quoted is None:
                raise Refused
            self._value(quoted[1][1:-1])
        elif first == "'":
            quoted = _SINGLE.fullmatch(rest)
            if quoted is None:
                raise Refused
            self._value(quoted[1][1:-1].replace("''", "'"))
        elif first in "|>":
            self._value(self._block(rest, indent))
        elif first in "{[":
            value, end = _flow(rest, 0, 0)
            if _FLOW_END.fullmatch(rest, end) is None:
                raise Refused
            self._value(value)
        else:
            self._value(_plain(rest))

    def _block(self, header: str, parent: int) -> str:
        """Read a literal or folded scalar (chapter 8.1); its lines stand deeper than ``parent``."""
        match = _HEADER.fullmatch(header)
        if match is None:
            raise Refused
        lines, start, at = self._lines, self._at, self._at
        while at < len(lines) and not lines[at].strip(" "):
            at += 1
        if at == len(lines):
            raise Refused
        depth = len(lines[at]) - len(lines[at].lstrip(" "))
        if depth <= parent or any(lines[start:at]):
            raise Refused
        margin = " " * depth
        content: list[str] = []
        at = start
        while at < len(lines):
            line = lines[at]
            if line.startswith(margin):
                content.append(line[depth:])
            elif line.strip(" "):
                break
            else:
                content.append("")
            at += 1
        if at == len(lines):
            if content and content[-1]:
                raise Refused  # the last line has no end: parsers differ
            content.pop()  # what stands behind the last line's end is no line
        self._at = at
        return _folded(content, match[2]) if match[1] == ">" else _chomped("\n".join([*content, ""]), match[2])


def _chomped(text: str, chomping: str) -> str:
    if chomping == "+":
        return text
    return text.rstrip("\n") + ("" if chomping == "-" else "\n")


def _folded(content: list[str], chomping: str) -> str:
    """Fold lines: a break is a space, and of several breaks the first is dropped."""
    if not content[0] or any(line[:1] in {" ", "\t"} for line in content):
        raise Refused  # more deeply indented lines are not folded
    if chomping == "+":
        raise Refused
    while not content[-1]:
        content = content[:-1]
    text, blanks = content[0], 0
    for line in content[1:]:
        if line:
            text += ("\n" * blanks if blanks else " ") + line
            blanks = 0
        else:
            blanks += 1
    return text + ("" if chomping == "-" else "\n")


def _plain(rest: str) -> str:
    """Read a plain scalar with what stands behind it (chapter 7.3.3)."""
    end = rest.find(" #")
    value = (rest if end < 0 else rest[:end]).rstrip(" ")
    first = value[0]
    known = first.isalnum() or first in "_./$+(<=~^;\\" or (first == "-" and len(value) > 1 and value[1] != " ")
    if not known or ": " in value or value[-1] == ":":
        raise Refused
    return value


def _flow(text: str, at: int, depth: int) -> tuple[Any, int]:
    """Read braces, brackets or a scalar in them, on one line (chapter 7.4); return the place behind it, too."""
    first = text[at : at + 1]
    if first in {'"', "'"}:
        quoted = _FLOW_QUOTED.match(text, at)
        if quoted is None:
            raise Refused
        value = quoted[0][1:-1]
        return value.replace("''", "'") if first == "'" else value, quoted.end()
    if first not in {"{", "["}:
        plain = _FLOW_PLAIN.match(text, at)
        if plain is None:
            raise Refused
        return plain[0], plain.end()
    if depth >= _FLOW_DEPTH:
        raise Refused
    return _flow_mapping(text, at, depth + 1) if first == "{" else _flow_sequence(text, at, depth + 1)


def _flow_mapping(text: str, at: int, depth: int) -> tuple[dict[Any, Any], int]:
    mapping: dict[Any, Any] = {}
    at = _blanks(text, at + 1)
    while text[at : at + 1] != "}":
        key, at = _flow(text, at, depth)
        at = _blanks(text, at)
        # A key without a value, or one that is no scalar, is for the other parser.
        if not isinstance(key, str) or text[at : at + 2] != ": ":
            raise Refused
        value, at = _flow(text, _blanks(text, at + 1), depth)
        put(mapping, key, value)
        at = _behind_item(text, at, "}")
    return mapping, at + 1


def _flow_sequence(text: str, at: int, depth: int) -> tuple[list[Any], int]:
    sequence: list[Any] = []
    at = _blanks(text, at + 1)
    while text[at : at + 1] != "]":
        value, at = _flow(text, at, depth)
        sequence.append(value)
        at = _behind_item(text, at, "]")
    return sequence, at + 1


def _behind_item(text: str, at: int, close: str) -> int:
    """Return where the next item stands, or what closes the collection."""
    at = _blanks(text, at)
    if text[at : at + 1] == ",":
        at = _blanks(text, at + 1)
        if text[at : at + 1] == close:
            raise Refused
    elif text[at : at + 1] != close:
        raise Refused
    return at


def _blanks(text: str, at: int) -> int:
    match = _FLOW_BLANKS.match(text, at)
    return at if match is None else match.end()
