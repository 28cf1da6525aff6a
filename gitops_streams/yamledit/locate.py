"""Read the bytes of a YAML or JSON file into located documents, at libyaml's speed.

libyaml's events carry exact marks (character offsets); its composer is not used, since it rejects
an anchor that is defined twice, which YAML allows. Aliases are never expanded, so a "billion
laughs" file costs no more than its own length.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml
from yaml import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)
from yaml._yaml import CParser  # libyaml's parser alone, without resolver and constructor

from gitops_streams.yamledit import json_comments
from gitops_streams.yamledit.nodes import Alias, Document, Entry, Mapping, Node, Scalar, Sequence

_COLON = re.compile(r"[ \t]*:[ \t]*")

MAX_DEPTH = 200
"""Deeper nesting is refused: no manifest needs it, and parsers become quadratic on it."""


@dataclass(frozen=True, slots=True)
class Located:
    """A file that was read."""

    text: str
    documents: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class Unparsable:
    """A file that cannot be read as YAML; it is reported and left alone."""

    reason: str
    line: int | None = None


def decode(data: bytes) -> str | Unparsable:
    """Decode a file's bytes; only UTF-8 is read, with or without a byte order mark."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
            return Unparsable("it is UTF-16; save it as UTF-8")
        line = data.count(b"\n", 0, error.start) + 1
        return Unparsable("it is not valid UTF-8", line)


def locate(text: str) -> Located | Unparsable:
    """Locate every node of every document in ``text``."""
    parser: CParser | None = None
    # libyaml swallows a byte order mark without counting it, so it is left out and counted here.
    bom = 1 if text.startswith("\ufeff") else 0
    if bom and text.startswith("\ufeff", bom):
        return Unparsable("it starts with two byte order marks", 1)
    if (line := json_comments.first(text)) is not None:
        return Unparsable("JSON with comments", line)
    try:
        parser = CParser(text[bom:])
        return Located(text, tuple(_Composer(parser, text, bom).documents()))
    except yaml.reader.ReaderError as error:
        return _unreadable(error, text[bom:])
    except yaml.YAMLError as error:
        return _unparsable(error)
    except UnicodeEncodeError as error:
        return Unparsable("it holds a lone surrogate", text.count("\n", 0, error.start + bom) + 1)
    except _TooDeep as error:
        return Unparsable(f"it nests more than {MAX_DEPTH} levels deep", error.line)
    finally:
        if parser is not None:
            parser.dispose()


class _TooDeep(Exception):
    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class _Composer:
    """Builds nodes from libyaml's events, one call a collection; ``MAX_DEPTH`` bounds the recursion."""

    def __init__(self, parser: CParser, text: str, bom: int) -> None:
        # The stubs leave open whether an event has marks; libyaml's always have them.
        self._next: Callable[[], Any] = parser.get_event
        self._anchors: dict[str, Node] = {}
        self._text = text
        self._bom = bom

    def documents(self) -> list[Document]:
        documents: list[Document] = []
        while True:
            event = self._next()
            kind = type(event)
            if kind is StreamEndEvent or event is None:
                return documents
            if kind is DocumentStartEvent:
                self._anchors = {}
                event = self._next()
                root = None if type(event) is DocumentEndEvent else self._node(event, 0)
                documents.append(Document(len(documents), root))

    def _node(self, event: Any, depth: int) -> Node:  # noqa: ANN401  see `_next`
        kind = type(event)
        if kind is ScalarEvent:
            # Nine of ten nodes: what is done here is done a hundred thousand times.
            start, bom = event.start_mark, self._bom
            scalar = Scalar(
                event.value,
                event.style or "",
                start.index + bom,
                event.end_mark.index + bom,
                start.line + 1,
                event.tag,
            )
            if event.anchor is not None:
                self._anchors[event.anchor] = scalar
            return scalar
        if kind is AliasEvent:
            return self._alias(event)
        if depth >= MAX_DEPTH:
            raise _TooDeep(event.start_mark.line + 1)
        return self._mapping(event, depth + 1) if kind is MappingStartEvent else self._sequence(event, depth + 1)

    def _mapping(self, event: Any, depth: int) -> Mapping:  # noqa: ANN401  see `_next`
        flow = bool(event.flow_style)
        opened = event.end_mark.index + self._bom
        mapping = Mapping([], flow, event.start_mark.line + 1, flow and self._text[opened - 1 : opened] != "{")
        if event.anchor is not None:
            self._anchors[event.anchor] = mapping
        following, node, add = self._next, self._node, mapping.entries.append
        while True:
            event = following()
            if type(event) is MappingEndEvent:
                return mapping
            key = node(event, depth)
            value = node(following(), depth)
            if type(value) is Scalar and value.start == value.end and type(key) is Scalar and key.value:
                value.follows_colon = _COLON.fullmatch(self._text, key.end, value.start) is not None
            add(Entry(key, value))

    def _sequence(self, event: Any, depth: int) -> Sequence:  # noqa: ANN401  see `_next`
        sequence = Sequence([], bool(event.flow_style), event.start_mark.line + 1)
        if event.anchor is not None:
            self._anchors[event.anchor] = sequence
        following, add = self._next, sequence.items.append
        while True:
            event = following()
            if type(event) is SequenceEndEvent:
                return sequence
            add(self._node(event, depth))

    def _alias(self, event: Any) -> Alias:  # noqa: ANN401  see `_next`
        node = self._anchors.get(event.anchor)
        if node is None:
            raise yaml.composer.ComposerError(None, None, f"undefined alias *{event.anchor}", event.start_mark)
        if isinstance(node, Scalar):
            node.aliases += 1
        start, end = event.start_mark, event.end_mark
        return Alias(node, start.index + self._bom, end.index + self._bom, start.line + 1)


def _unreadable(error: yaml.reader.ReaderError, text: str) -> Unparsable:
    """Say where a character stands that YAML does not allow; libyaml counts bytes up to it."""
    line = text.encode().count(b"\n", 0, error.position) + 1
    return Unparsable(f"{error.reason} (U+{error.character:04X})", line)


def _unparsable(error: yaml.YAMLError) -> Unparsable:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it is not YAML"
    context = getattr(error, "context", None)
    reason = f"{context}: {problem}" if context else str(problem)
    return Unparsable(" ".join(reason.split()), None if mark is None else mark.line + 1)
