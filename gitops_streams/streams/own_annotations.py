"""Read our own annotations, ``gitops-streams.io/*``, of a stream or of one of its tags."""

from __future__ import annotations

from gitops_streams.streams.annotation_names import GATES, POLICY
from gitops_streams.streams.fields import FieldError, Fields, escaped, quoted
from gitops_streams.streams.hold import NAMES as HOLD_NAMES
from gitops_streams.streams.model import ANNOTATION_PREFIX
from gitops_streams.yamledit.nodes import Scalar
from gitops_streams.yamledit.problem import Problem

EXTRAS = frozenset({"paths", "platform", "snapshot"}) | POLICY | HOLD_NAMES | GATES
"""The annotations of ours, without their prefix."""


def annotations_of(fields: Fields, file: str, owner: str, noticed: list[Problem]) -> dict[str, str]:
    """Return our annotations of an object's metadata or of a tag, without their prefix; notice unknown ones."""
    annotations = fields.fields("annotations")
    found = {}
    for entry in annotations.mapping.entries:
        name = entry.key.value if isinstance(entry.key, Scalar) else ""
        if not name.startswith(ANNOTATION_PREFIX):
            continue
        extra = name.removeprefix(ANNOTATION_PREFIX)
        if extra in EXTRAS:
            found[extra] = annotations.text(name).strip()
        else:
            known = ", ".join(sorted(EXTRAS))
            reason = f"{owner}: the annotation {escaped(name)} is not known; known: {known}"
            noticed.append(Problem(file, entry.key.line, reason))
    return found


def switch(name: str, extras: dict[str, str], fields: Fields) -> bool:
    """Read an annotation of ours that is true or false; false where there is none."""
    text = extras.get(name, "")
    if text not in {"", "true", "false"}:
        raise wrong(name, f'{quoted(text)}: it must be "true" or "false"', fields)
    return text == "true"


def wrong(name: str, detail: str, fields: Fields) -> FieldError:
    """Return the error of an annotation of ours."""
    return FieldError(f"{fields.path}: annotation {ANNOTATION_PREFIX}{name}: {detail}", line_of(fields, name))


def line_of(fields: Fields, extra: str) -> int:
    """Return the line of an annotation of ours on a tag, or of the tag where the stream's own is at fault."""
    annotations = fields.fields("annotations")
    name = f"{ANNOTATION_PREFIX}{extra}"
    return annotations.line(name) if annotations.has(name) else fields.mapping.line
