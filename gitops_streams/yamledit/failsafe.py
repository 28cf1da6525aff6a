"""Documents as nested dicts, lists and strings, as each of three parsers reads them, to be compared.

Scalars are the strings that are written (YAML's failsafe schema), so ``1.10`` and dates lose nothing.
What an alias reaches is the same object as what its anchor names, so a "billion laughs" file costs
no more than its own length, and a cycle is a cycle.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from gitops_streams.yamledit.entries import put
from gitops_streams.yamledit.locate import Located
from gitops_streams.yamledit.nodes import Alias, Mapping, Node, Scalar

# Blanks behind a colon, before a comment or at the end of a line; never given back, or a run of them takes its square.
_BLANKS = re.compile(r"(?<=:)[ \t]++|(?<![ \t])[ \t]++(?=[#\r\n]|\Z)")

Failsafe = Any
"""Nested dicts, lists and strings; see ``entries`` for keys that are no strings, or stand already."""


class Unreadable(Exception):
    """The parser does not accept the text."""


def from_located(located: Located) -> list[Failsafe]:
    """Return the documents as libyaml reads them."""
    known: dict[int, Failsafe] = {}

    def convert(node: Node | None) -> Failsafe:
        if node is None:
            return None
        if isinstance(node, Scalar):
            return node.value
        if isinstance(node, Alias):
            # What it names began before it; a collection that is still open is known already.
            return node.target.value if isinstance(node.target, Scalar) else known[id(node.target)]
        if isinstance(node, Mapping):
            mapping: dict[Any, Failsafe] = {}
            known[id(node)] = mapping
            for entry in node.entries:
                key = convert(entry.key)
                put(mapping, key, convert(entry.value))
            return mapping
        sequence: list[Failsafe] = []
        known[id(node)] = sequence
        sequence += [convert(item) for item in node.items]
        return sequence

    # `locate` bounds the depth, and with it this recursion.
    return [convert(document.root) for document in located.documents]


def from_ruamel(text: str) -> list[Failsafe]:
    """Return the documents as ruamel.yaml, a parser in pure Python, reads them.

    Raises:
        Unreadable: it does not accept the text.
    """
    from ruamel.yaml import YAML  # noqa: PLC0415  only a run that writes pays for it

    try:
        return _documents(YAML(typ="safe", pure=True).parse(text))
    except Exception as error:  # whatever breaks it, a file that it does not read is left alone
        # It takes no tab for a blank, which YAML does behind values and colons (chapter 6.2). Where a tab is part of
        # a value, the two readings differ from then on, and the file is left alone as well.
        spaced = _BLANKS.sub(_spaced, text) if "\t" in text else text
        if spaced != text:
            return from_ruamel(spaced)
        raise Unreadable(" ".join(str(error).split())[:200] or type(error).__name__) from error


def _spaced(blanks: re.Match[str]) -> str:
    return " " if "\t" in blanks[0] else blanks[0]


def from_json(text: str) -> list[Failsafe]:
    """Return the one document as ``json`` reads it.

    Raises:
        Unreadable: the text is not JSON.
    """
    try:
        value = json.loads(
            text.removeprefix("\ufeff"),
            object_pairs_hook=_pairs,
            parse_int=str,
            parse_float=str,
            parse_constant=str,
        )
        return [_as_written(value)]
    except (ValueError, RecursionError) as error:
        raise Unreadable(str(error)) from error


def equal(first: Failsafe, second: Failsafe) -> bool:
    """Compare structures; pairs met before are taken as equal, so aliases cost nothing and cycles end."""
    met: set[tuple[int, int]] = set()
    stack: list[Iterator[tuple[Failsafe, Failsafe]]] = [iter([(first, second)])]
    while stack:
        for left, right in stack[-1]:
            if type(left) is not type(right):
                return False
            if not isinstance(left, dict | list):
                if left != right:
                    return False
            elif (id(left), id(right)) not in met:
                met.add((id(left), id(right)))
                pairs = _pairs_of(left, right)
                if pairs is None:
                    return False
                stack.append(pairs)
                break
        else:
            stack.pop()
    return True


def _pairs_of(left: Failsafe, right: Failsafe) -> Iterator[tuple[Failsafe, Failsafe]] | None:
    """Pair what two collections hold; ``None`` where they do not hold the same keys, or as many items."""
    if isinstance(left, dict):
        return ((left[key], right[key]) for key in left) if left.keys() == right.keys() else None
    return zip(left, right, strict=True) if len(left) == len(right) else None


def _documents(events: Iterable[Any]) -> list[Failsafe]:  # noqa: C901  one branch for each kind of event
    """Build documents from ruamel's events."""
    documents: list[Failsafe] = []
    anchors: dict[str, Failsafe] = {}
    stack: list[Failsafe] = []
    keys: list[Failsafe] = []
    nothing = object()
    for event in events:
        kind = type(event).__name__
        value: Failsafe
        if kind == "DocumentStartEvent":
            documents.append(None)
            anchors = {}
            continue
        if kind in {"StreamStartEvent", "StreamEndEvent", "DocumentEndEvent"}:
            continue
        if kind in {"MappingEndEvent", "SequenceEndEvent"}:
            stack.pop()
            keys.pop()
            continue
        if kind == "AliasEvent":
            if event.anchor not in anchors:
                raise ValueError(f"undefined alias *{event.anchor}")
            value = anchors[event.anchor]
        else:
            value = str(event.value) if kind == "ScalarEvent" else {} if kind == "MappingStartEvent" else []
            if event.anchor is not None:
                anchors[event.anchor] = value
        if not stack:
            documents[-1] = value
        elif isinstance(stack[-1], list):
            stack[-1].append(value)
        elif keys[-1] is nothing:
            keys[-1] = value
        else:
            put(stack[-1], keys[-1], value)
            keys[-1] = nothing
        if kind in {"MappingStartEvent", "SequenceStartEvent"}:
            stack.append(value)
            keys.append(nothing)
    return documents


def _pairs(pairs: list[tuple[str, Failsafe]]) -> dict[Any, Failsafe]:
    mapping: dict[Any, Failsafe] = {}
    for key, value in pairs:
        put(mapping, key, value)
    return mapping


def _as_written(value: Failsafe) -> Failsafe:
    """Turn JSON's three names into the strings that are written."""
    if isinstance(value, dict):
        return {key: _as_written(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_written(item) for item in value]
    return {None: "null", True: "true", False: "false"}[value] if not isinstance(value, str) else value
