"""Marker comments, which name a scalar's stream tag: ``# {"$imagestream": "acme/web:prod"}``.

The form is that of Flux's ``$imagepolicy``. A suffix says what the scalar holds: nothing for a
whole reference, ``:name`` for the repository, ``:tag`` (written ``tag@digest``), ``:digest``.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import assert_never

from gitops_streams.errors import InvalidDigest
from gitops_streams.manifests.occurrence import MarkedScalar, Occurrence, Part
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import TAG, looks_like_reference
from gitops_streams.yamledit.edit import is_null
from gitops_streams.yamledit.locate import Located
from gitops_streams.yamledit.nodes import Mapping, Scalar, resolve, walk
from gitops_streams.yamledit.objects import Object, objects
from gitops_streams.yamledit.problem import Problem

SCREEN = "$imagestream"
_COMMENT = re.compile(r"[ \t,}\]]*[ \t]#([^\r\n]*)")
_VALUE = re.compile(rf"(?P<stream>[^\s:]+):(?P<tag>{TAG.pattern})(?::(?P<part>name|tag|digest))?")
_SHA256_HEX = re.compile(r"[0-9a-f]{64}")
_UNREADABLE = 'the marker cannot be read; write # {"$imagestream": "[namespace/]stream:tag[:name|:tag|:digest]"}'
_STRAY = "the marker has no effect: it must stand behind a value, on its line, not behind a key, an alias or a |"
_BESIDE = 'beside the marked tag stands a digest that would not follow it; mark the digest too, with ":digest"'


@dataclass(frozen=True, slots=True)
class Refused:
    """A marker that cannot be followed. Its scalar is left alone: what its user meant is not known."""

    scalar: Scalar
    problem: Problem


def find(file: str, text: str, document: int, found: Object) -> Iterator[Occurrence | Refused]:
    """Yield every marked scalar of one object."""
    forms: list[MarkedScalar] = []
    for pointer, node in walk(found.mapping):
        comment = _comment(node, text) if isinstance(node, Scalar) else None
        if comment is None or not isinstance(node, Scalar):
            continue
        value = _read(comment[1])
        match = None if value is None else _VALUE.fullmatch(value)
        if match is None:
            yield Refused(node, Problem(file, node.line, _UNREADABLE))
            continue
        part = Part(match["part"]) if match["part"] else Part.WHOLE
        forms.append(MarkedScalar(node, (*found.pointer, *pointer), part, match["stream"], match["tag"]))
    marked = {id(form.scalar) for form in forms}
    for form in forms:
        parent = resolve(found.mapping, form.pointer[len(found.pointer) : -1])
        if form.part is Part.TAG and isinstance(parent, Mapping) and _has_own_digest(parent, marked):
            yield Refused(form.scalar, Problem(file, form.scalar.line, _BESIDE))
        else:
            yield _occurrence(file, document, form, found.namespace)


def stray(file: str, located: Located) -> Iterator[Problem]:
    """Yield a problem for each marker that stands behind something on its line, but not behind a scalar's value."""
    text = located.text
    scalars: list[Scalar] = []
    read: set[int] = set()
    for document in located.documents:
        for found in objects(document.root):
            comments = (_comment(node, text) for _, node in walk(found.mapping) if isinstance(node, Scalar))
            read |= {_line_start(text, comment.start(1)) for comment in comments if comment is not None}
        for _, node in walk(document.root):
            if isinstance(node, Scalar):
                scalars.append(node)
            elif isinstance(node, Mapping):
                scalars += [entry.key for entry in node.entries if isinstance(entry.key, Scalar)]
    scalars.sort(key=lambda scalar: scalar.start)
    starts = [scalar.start for scalar in scalars]
    for match in re.finditer(re.escape(SCREEN), text):
        position, line_start = match.start(), _line_start(text, match.start())
        around = bisect_right(starts, position) - 1
        in_scalar = around >= 0 and position < scalars[around].end
        if in_scalar and scalars[around].is_block:  # behind its "|" stands a comment, its text begins on the next line
            in_scalar = scalars[around].start < line_start
        is_whole_line = text[line_start:position].lstrip().startswith("#")
        if not (in_scalar or is_whole_line or line_start in read):
            yield Problem(file, text.count("\n", 0, position) + 1, _STRAY)


def _line_start(text: str, position: int) -> int:
    return text.rfind("\n", 0, position) + 1


def _comment(scalar: Scalar, text: str) -> re.Match[str] | None:
    """Match the comment behind a scalar on its line, if it holds a marker."""
    comment = None if scalar.is_block else _COMMENT.match(text, scalar.end)
    return comment if comment is not None and SCREEN in comment[1] else None


def _read(comment: str) -> str | None:
    """Return the marker's value from the JSON object in the comment; other remarks may stand around it."""
    start = comment.rfind("{", 0, comment.index(SCREEN))
    if start < 0:
        return None
    try:
        content, _ = json.JSONDecoder().raw_decode(comment, start)
    except (ValueError, RecursionError):
        return None
    value = content.get(SCREEN) if isinstance(content, dict) else None
    return value if isinstance(value, str) else None


def _occurrence(file: str, document: int, form: MarkedScalar, namespace: str | None) -> Occurrence:
    """Read from the scalar what its marker says that it holds; a placeholder holds none of it."""
    value = form.scalar.value
    name, repository, tag, digest = "", None, None, None
    match form.part:
        case Part.WHOLE | Part.NAME:
            reference = looks_like_reference(value)
            if reference is not None:
                name, repository, tag, digest = reference.name, reference.repository, reference.tag, reference.digest
        case Part.TAG:
            text, _, suffix = value.partition("@")
            tag, digest = text if TAG.fullmatch(text) else None, _digest(suffix)
        case Part.DIGEST:
            digest = _digest(f"sha256:{value}" if _SHA256_HEX.fullmatch(value) else value)
        case _:
            assert_never(form.part)
    return Occurrence(file, document, form.scalar.line, "marker", form, name, repository, tag, digest, namespace)


def _digest(text: str) -> Digest | None:
    try:
        return Digest.parse(text)
    except InvalidDigest:
        return None


def _has_own_digest(mapping: Mapping, marked: Collection[int]) -> bool:
    """Whether a digest stands in the map that no marker looks after."""
    for key in ("digest", "sha"):
        scalar = mapping.get(key)
        if isinstance(scalar, Scalar) and id(scalar) not in marked and not is_null(scalar):
            return True
    return False
