"""Marker comments, which name a scalar's stream tag: ``# {"$imagestream": "acme/web:prod"}``.

The form is that of Flux's ``$imagepolicy``. A suffix says what the scalar holds: nothing for a
whole reference, ``:name`` for the repository, ``:tag`` (written ``tag@digest``), ``:tag-only`` where
no digest can stand (a ``version:``, a label), ``:digest``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import assert_never

from gitops_streams.errors import InvalidDigest
from gitops_streams.manifests import comments
from gitops_streams.manifests.occurrence import MarkedScalar, Occurrence, Part
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import TAG, looks_like_reference
from gitops_streams.yamledit.edit import is_null
from gitops_streams.yamledit.locate import Located
from gitops_streams.yamledit.nodes import Mapping, Scalar, resolve, walk
from gitops_streams.yamledit.objects import Object, objects
from gitops_streams.yamledit.problem import Problem

SCREEN = "$imagestream"
_NEEDLE = re.compile(re.escape(SCREEN))
_VALUE = re.compile(rf"(?P<stream>[^\s:]+):(?P<tag>{TAG.pattern})(?::(?P<part>name|tag-only|tag|digest))?")
_SHA256_HEX = re.compile(r"[0-9a-f]{64}")
_UNREADABLE = (
    'the marker cannot be read; write # {"$imagestream": "[namespace/]stream:tag[:name|:tag|:tag-only|:digest]"}'
)
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
        value = _read(comment["comment"])
        match = None if value is None else _VALUE.fullmatch(value)
        if match is None:
            yield Refused(node, Problem(file, node.line, _UNREADABLE))
            continue
        part = Part(match["part"]) if match["part"] else Part.WHOLE
        forms.append(MarkedScalar(node, (*found.pointer, *pointer), part, match["stream"], match["tag"]))
    marked = {id(form.scalar) for form in forms}
    for form in forms:
        parent = resolve(found.mapping, form.pointer[len(found.pointer) : -1])
        if form.part in {Part.TAG, Part.TAG_ONLY} and isinstance(parent, Mapping) and has_own_digest(parent, marked):
            yield Refused(form.scalar, Problem(file, form.scalar.line, _BESIDE))
        else:
            yield occurrence(file, document, form, found.namespace)


def stray(file: str, located: Located) -> Iterator[Problem]:
    """Yield a problem for each marker that stands behind something on its line, but not behind a scalar's value."""
    text = located.text
    read: set[int] = set()
    for document in located.documents:
        for found in objects(document.root):
            behind = (_comment(node, text) for _, node in walk(found.mapping) if isinstance(node, Scalar))
            read |= {comments.line_start(text, comment.start("comment")) for comment in behind if comment is not None}
    for place in comments.elsewhere(located, _NEEDLE, read):
        if not place.whole_line:
            yield Problem(file, place.line, _STRAY)


def _comment(scalar: Scalar, text: str) -> re.Match[str] | None:
    """Match the comment behind a scalar on its line, if it holds a marker."""
    comment = comments.behind(scalar, text)
    return comment if comment is not None and SCREEN in comment["comment"] else None


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


def occurrence(
    file: str, document: int, form: MarkedScalar, namespace: str | None, form_name: str = "marker"
) -> Occurrence:
    """Read from the scalar what its marker says that it holds; a placeholder holds none of it."""
    value = form.scalar.value
    name, repository, tag, digest = "", None, None, None
    match form.part:
        case Part.WHOLE | Part.NAME:
            reference = looks_like_reference(value)
            if reference is not None:
                name, repository, tag, digest = reference.name, reference.repository, reference.tag, reference.digest
        case Part.TAG | Part.TAG_ONLY:
            text, _, suffix = value.partition("@")
            tag, digest = text if TAG.fullmatch(text) else None, _digest(suffix)
        case Part.DIGEST:
            digest = _digest(f"sha256:{value}" if _SHA256_HEX.fullmatch(value) else value)
        case _:
            assert_never(form.part)
    return Occurrence(file, document, form.scalar.line, form_name, form, name, repository, tag, digest, namespace)


def _digest(text: str) -> Digest | None:
    try:
        return Digest.parse(text)
    except InvalidDigest:
        return None


def has_own_digest(mapping: Mapping, marked: Collection[int]) -> bool:
    """Whether a digest stands in the map that no marker looks after."""
    for key in ("digest", "sha"):
        scalar = mapping.get(key)
        if isinstance(scalar, Scalar) and id(scalar) not in marked and not is_null(scalar):
            return True
    return False
