"""The Kubernetes objects that a document holds: itself, or the members of a List or a Template."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gitops_streams.yamledit.nodes import Mapping, Node, Sequence, target
from gitops_streams.yamledit.pointer import Pointer

_NESTING = 3
"""A List of Lists of Templates is as deep as anybody goes."""


@dataclass(frozen=True, slots=True)
class Object:
    """A mapping that stands where an object stands; it need not say what it is (Helm values, patches)."""

    pointer: Pointer
    mapping: Mapping
    kind: str
    """Empty where it names none."""
    api_version: str
    namespace: str | None


def objects(root: Node | None, pointer: Pointer = (), depth: int = _NESTING) -> Iterator[Object]:
    """Yield the objects of a document, in the order of the text."""
    node = None if root is None else target(root)
    key: str | None = None
    members: Node | None = None
    if isinstance(node, Sequence):
        members = node
    elif isinstance(node, Mapping):
        kind = node.text("kind") or ""
        key = "items" if kind.endswith("List") else "objects" if kind == "Template" else None
        members = None if key is None else node.get(key)
        if not isinstance(members, Sequence):
            yield _object(node, kind, pointer)
            return
    if isinstance(members, Sequence) and depth > 0:
        prefix = pointer if key is None else (*pointer, key)
        for index, member in enumerate(members.items):
            yield from objects(member, (*prefix, index), depth - 1)


def _object(mapping: Mapping, kind: str, pointer: Pointer) -> Object:
    metadata = mapping.get("metadata")
    namespace = metadata.text("namespace") if isinstance(metadata, Mapping) else None
    return Object(pointer, mapping, kind, mapping.text("apiVersion") or "", namespace or None)
