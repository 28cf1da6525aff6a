"""The proof that an edited file differs from the old one in exactly what its patch says.

Two things are shown: every character outside the edited spans is identical, and the JSON Patch,
applied by ``jsonpatch`` to the old document, gives the new document as an independent parser
(ruamel.yaml in pure Python, or ``json`` for JSON) reads it. Scalars are compared as the strings that
are written (YAML's failsafe schema), so ``1.10`` and dates lose nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from gitops_streams.errors import InternalError
from gitops_streams.yamledit.edit import Edit
from gitops_streams.yamledit.patch import DocumentPatch

Failsafe = Any
"""Nested dicts, lists and strings; what an alias reaches is the same object as what its anchor names."""


class Unprovable(Exception):
    """The independent parser does not accept a file that libyaml accepts; it is left alone."""


def prove(path: str, before: str, after: str, edits: Iterable[Edit], patches: Iterable[DocumentPatch]) -> None:
    """Prove one file's edit.

    Args:
        path: the file's name, for the message, and because ``.json`` files are read by JSON's rules.
        before: the old text.
        after: the new text.
        edits: what was spliced.
        patches: what the edits mean.

    Raises:
        InternalError: the proof does not hold; the file must not be written.
        Unprovable: the independent parser cannot read the old text.
    """
    import jsonpatch  # noqa: PLC0415  only a run that writes pays for it

    _prove_spans(path, before, after, edits)
    old, new = _read(path, before), _reread(path, after)
    for patch in patches:
        operations = [operation.as_json() for operation in patch.operations]
        try:
            old[patch.document] = jsonpatch.apply_patch(old[patch.document], operations, in_place=True)
        except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, LookupError) as error:
            raise InternalError(f"{path}: the patch does not apply to the old document: {error}") from error
    if not _equal(old, new):
        raise InternalError(f"{path}: the edited file is not what its JSON Patch makes of the old one")


def _prove_spans(path: str, before: str, after: str, edits: Iterable[Edit]) -> None:
    """Walk both texts: outside the spans they must be the same, inside they hold what was to be written."""
    old = new = 0
    for edit in sorted(set(edits), key=lambda edit: (edit.span.start, edit.span.end)):
        if edit.span.start < old:
            continue  # an equal edit, reached through another alias
        keep = edit.span.start - old
        if before[old : edit.span.start] != after[new : new + keep]:
            raise InternalError(f"{path}: a byte outside the edited spans changed")
        new += keep
        if not after.startswith(edit.written, new):
            raise InternalError(f"{path}: an edited span does not hold the new value")
        new += len(edit.written)
        old = edit.span.end
    if before[old:] != after[new:]:
        raise InternalError(f"{path}: a byte outside the edited spans changed")


def _read(path: str, text: str) -> list[Failsafe]:
    if path.endswith(".json"):
        try:
            return [json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_pairs, parse_int=str, parse_float=str)]
        except (ValueError, RecursionError):
            pass  # JSON with comments, or several documents: YAML's rules may still read it
    from ruamel.yaml import YAML  # noqa: PLC0415  only a run that writes pays for it
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    try:
        return _documents(YAML(typ="safe", pure=True).parse(text))
    except (YAMLError, ValueError, RecursionError, NotImplementedError) as error:
        raise Unprovable(" ".join(str(error).split())[:200]) from error


def _reread(path: str, text: str) -> list[Failsafe]:
    try:
        return _read(path, text)
    except Unprovable as error:
        raise InternalError(f"{path}: the edited file cannot be read any more: {error}") from error


def _documents(events: Iterable[Any]) -> list[Failsafe]:  # noqa: C901  one branch for each kind of event
    """Build failsafe documents from a parser's events."""
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
            _put(stack[-1], keys[-1], value)
            keys[-1] = nothing
        if kind in {"MappingStartEvent", "SequenceStartEvent"}:
            stack.append(value)
            keys.append(nothing)
    return documents


def _pairs(pairs: list[tuple[str, Failsafe]]) -> dict[str, Failsafe]:
    mapping: dict[str, Failsafe] = {}
    for key, value in pairs:
        _put(mapping, key, value)
    return mapping


def _put(mapping: dict[str, Failsafe], key: Failsafe, value: Failsafe) -> None:
    """Add an entry; neither duplicate keys nor keys that are no scalars may be lost to the comparison."""
    name = key if isinstance(key, str) else f"\0{json.dumps(key, default=str)}"
    while name in mapping:
        name += "\0"
    mapping[name] = value


def _equal(first: Failsafe, second: Failsafe) -> bool:
    """Compare structures; pairs met before are taken as equal, so aliases cost nothing and cycles end."""
    met: set[tuple[int, int]] = set()
    stack = [(first, second)]
    while stack:
        left, right = stack.pop()
        if isinstance(left, dict) and isinstance(right, dict):
            if left.keys() != right.keys():
                return False
            if (id(left), id(right)) not in met:
                met.add((id(left), id(right)))
                stack += [(left[key], right[key]) for key in left]
        elif isinstance(left, list) and isinstance(right, list):
            if len(left) != len(right):
                return False
            if (id(left), id(right)) not in met:
                met.add((id(left), id(right)))
                stack += list(zip(left, right, strict=True))
        elif type(left) is not type(right) or left != right:
            return False
    return True
