"""The Kubernetes objects that a document holds: itself, or the members of a List or a Template."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gitops_streams.yamledit.nodes import Mapping, Node, Scalar, Sequence, target
from gitops_streams.yamledit.pointer import Pointer

_DEEPEST = 12
"""Keys and indexes down to a member: a List of Lists of Templates is as deep as anybody goes."""
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Object:
    """A mapping that stands where an object stands; it need not say what it is (Helm values, patches)."""

    pointer: Pointer
    mapping: Mapping
    kind: str
    """Empty where it names none."""
    api_version: str
    namespace: str | None

    @property
    def name(self) -> str | None:
        """``metadata.name``; ``None`` where it names none. Read when asked for: a scan does not need it."""
        metadata = self.mapping.get("metadata")
        name = given(metadata, "name") if isinstance(metadata, Mapping) else None
        return name.value or None if isinstance(name, Scalar) else None


def objects(root: Node | None) -> Iterator[Object]:
    """Yield the objects of a document, in the order of the text; one that aliases repeat is yielded once."""
    # What is met twice is met through an alias. Following it again would edit one place twice, and
    # Lists of aliases of Lists would never end.
    met: set[int] = set()
    stack: list[tuple[Pointer, Node]] = [] if root is None else [((), root)]
    while stack:
        pointer, found = stack.pop()
        node = target(found)
        if not isinstance(node, Mapping | Sequence) or id(node) in met:
            continue
        met.add(id(node))
        members = _members(node) if len(pointer) < _DEEPEST else None
        if members is not None:
            stack += [
                ((*pointer, *key, index), item)
                for key, items in reversed(members)
                for index, item in reversed(list(enumerate(items)))
            ]
        elif isinstance(node, Mapping):
            yield _object(node, pointer)


def given(mapping: Mapping, key: str) -> Node | None:
    """Return the value under a key as Kubernetes reads it: ``null`` is the same as no value."""
    value = mapping.get(key)
    return None if value is None or says_nothing(value) else value


def says_nothing(value: Node) -> bool:
    """Whether a value is ``null``, which Kubernetes reads as no value."""
    return isinstance(value, Scalar) and not value.style and value.tag is None and value.value in _NULLS


def _members(node: Mapping | Sequence) -> list[tuple[Pointer, list[Node]]] | None:
    """Return the members of what holds objects, with the keys that they stand under; ``None`` for an object.

    A Template's parameters are members too: what they say ends up in its objects.
    """
    if isinstance(node, Sequence):
        return [((), node.items)]
    kind = node.text("kind") or ""
    key = "items" if kind.endswith("List") else "objects" if kind == "Template" else None
    members = None if key is None else node.get(key)
    if key is None or not isinstance(members, Sequence):
        return None
    # A resource of somebody's own kind may be called an AllowList, and hold addresses.
    if members.items and all(isinstance(target(item), Scalar) for item in members.items):
        return None
    found: list[tuple[Pointer, list[Node]]] = [((key,), members.items)]
    parameters = node.get("parameters") if key == "objects" else None
    if isinstance(parameters, Sequence) and parameters.items:
        found.append((("parameters",), parameters.items))
    return sorted(found, key=lambda each: target(each[1][0]).line if each[1] else 0)


def _object(mapping: Mapping, pointer: Pointer) -> Object:
    metadata = mapping.get("metadata")
    namespace = given(metadata, "namespace") if isinstance(metadata, Mapping) else None
    return Object(
        pointer,
        mapping,
        mapping.text("kind") or "",
        mapping.text("apiVersion") or "",
        namespace.value or None if isinstance(namespace, Scalar) else None,
    )
