"""What Argo CD is told to ignore: a field that it ignores does not follow Git when Git's digest moves.

Source: Argo CD's ``spec.ignoreDifferences`` of an Application, and of the template of an ApplicationSet:
``group``, ``kind``, ``name``, ``namespace``, with ``jsonPointers`` and ``jqPathExpressions``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gitops_streams.yamledit.nodes import Mapping, NotEditable, Scalar, Sequence, content, resolve, target
from gitops_streams.yamledit.objects import Object, given
from gitops_streams.yamledit.pointer import Pointer
from gitops_streams.yamledit.pointer import parse as parse_pointer

SCREEN = "ignoreDifferences"
_SPECS = {"Application": ("spec",), "ApplicationSet": ("spec", "template", "spec")}
_RESPECT = "RespectIgnoreDifferences=true"
_STEP = re.compile(
    r"\s*(?:\.\s*(?P<key>[A-Za-z_][A-Za-z0-9_]*)|\.?\[\s*\"(?P<quoted>[^\"]*)\"\s*\]|\.?\[\s*(?P<index>[0-9]{1,9})\s*\]"
    r"|\.?(?P<each>\[\s*\])|\|\s*select\(\s*\.name\s*==\s*\"(?P<name>[^\"]*)\"\s*\)|(?P<select>\|\s*select\([^()]*\))"
    r"|(?P<pipe>\|)(?=\s*\.))\??"
)
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Named:
    """Steps into those items of a list whose ``name`` it is; ``None`` means any item."""

    name: str | None = None


Step = str | int | Named


@dataclass(frozen=True, slots=True)
class IgnoredField:
    """A path that Argo CD does not compare, in objects of one kind."""

    file: str
    line: int
    text: str
    """The path as it is written."""
    application: str
    kind: str
    name: str | None
    namespace: str | None
    steps: tuple[Step, ...]
    respected: bool
    """Whether a sync leaves the field alone too (``RespectIgnoreDifferences=true``)."""

    def covers(self, path: Pointer, container: str) -> bool:
        """Whether the field at ``path`` of an object, in the named container, is one that it ignores."""
        if len(self.steps) > len(path):
            return False
        return all(_leads(step, part, container) for step, part in zip(self.steps, path, strict=False))


def find(file: str, text: str, found: Object) -> Iterator[IgnoredField]:
    """Yield the paths that an Application or an ApplicationSet ignores; a path that cannot be read is passed over."""
    at = _SPECS.get(found.kind)
    spec = resolve(found.mapping, at) if at is not None and found.api_version.startswith("argoproj.io/") else None
    entry = spec.entry(SCREEN) if isinstance(spec, Mapping) else None
    if entry is None or not isinstance(entry.key, Scalar) or isinstance(content(entry.key, text), NotEditable):
        return
    listed = target(entry.value)
    options = resolve(spec, ("syncPolicy", "syncOptions"))
    respected = _RESPECT in {node.value for node in _scalars(options)}
    for item in listed.items if isinstance(listed, Sequence) else ():
        ignored = target(item)
        if not isinstance(ignored, Mapping):
            continue
        for key, read in (("jsonPointers", _pointer), ("jqPathExpressions", _expression)):
            for node in _scalars(ignored.get(key)):
                steps = read(node.value[:_LONGEST])
                if steps is not None:
                    yield IgnoredField(
                        file,
                        node.line,
                        node.value,
                        found.name or "",
                        ignored.text("kind") or "",
                        _text(ignored, "name"),
                        _text(ignored, "namespace"),
                        steps,
                        respected,
                    )


def _leads(step: Step, part: str | int, container: str) -> bool:
    if isinstance(step, Named):
        return isinstance(part, int) and step.name in {None, container}
    return str(step) == str(part)


def _scalars(node: object) -> Iterator[Scalar]:
    for item in node.items if isinstance(node, Sequence) else ():
        scalar = target(item)
        if isinstance(scalar, Scalar):
            yield scalar


def _text(mapping: Mapping, key: str) -> str | None:
    value = given(mapping, key)
    return value.value or None if isinstance(value, Scalar) else None


def _pointer(text: str) -> tuple[Step, ...] | None:
    try:
        return parse_pointer(text)
    except ValueError:
        return None


def _expression(text: str) -> tuple[Step, ...] | None:
    """Read a path in jq's language: keys, indexes, ``[]``, and a ``select`` behind one of those; nothing else."""
    steps: list[Step] = []
    position = 0
    text = text.strip()
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None:
            return None
        position = match.end()
        if match["name"] is not None or match["select"]:
            if not steps or not isinstance(steps[-1], Named):
                return None
            steps[-1] = Named(match["name"])
        elif match["each"]:
            steps.append(Named())
        elif match["index"] is not None:
            steps.append(int(match["index"]))
        elif not match["pipe"]:
            steps.append(match["key"] if match["key"] is not None else match["quoted"])
    return tuple(steps)
