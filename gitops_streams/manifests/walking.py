"""The nodes of one object that may hold references, and which of its maps are labels or annotations."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_streams.manifests.prospects import Prospects
from gitops_streams.yamledit.nodes import Alias, Mapping, Node, Scalar, Sequence
from gitops_streams.yamledit.objects import Object
from gitops_streams.yamledit.pointer import Pointer

_SERVERS_OWN = frozenset({"lastTriggeredImage", "kubectl.kubernetes.io/last-applied-configuration"})
_LOOK_BESIDE = frozenset({"ref"})
"""The keys of maps whose scanners take the reference's name from the map around them."""
_FAR = 1 << 62


def walk(found: Object, prospects: Prospects | None = None) -> Iterator[tuple[Pointer, Node, Pointer]]:
    """Yield (pointer, node, pointer of the parent), parents first.

    What a server writes is passed over, and so are values without a colon: scanners look at those in their mapping.

    Args:
        found: the object.
        prospects: where in its text something may be found; maps and lists without any are passed over, but for
            those whose scanners look beside them. ``None``: everywhere.
    """
    stack: list[tuple[Pointer, Node, Pointer, int]] = [(found.pointer, found.mapping, found.pointer, _FAR)]
    depth = len(found.pointer)
    while stack:
        pointer, node, parent, end = stack.pop()
        yield pointer, node, parent
        if isinstance(node, Mapping):
            top = found.kind and len(pointer) == depth
            for key, value, ends in _values(node, end, prospects):
                if key in _SERVERS_OWN or (top and key == "status"):
                    continue
                stack.append(((*pointer, key), value, pointer, ends))
        elif isinstance(node, Sequence):
            for index, item, ends in _items(node, end, prospects):
                stack.append(((*pointer, index), item, pointer, ends))


def _values(node: Mapping, end: int, prospects: Prospects | None) -> Iterator[tuple[str, Node, int]]:
    """Yield the keys of a map with what stands under them and where that ends, the last one first."""
    for entry in reversed(node.entries):
        key, value, ends = entry.key, entry.value, end
        if type(key) is not Scalar:
            end = _start(key, end)
            continue
        end = key.start
        if type(value) is Scalar and ":" not in value.value:
            continue  # most scalars: without a colon there is no tag to mention
        if (
            prospects is None
            or prospects.between(end, ends)
            or (key.value in _LOOK_BESIDE and isinstance(value, Mapping))
        ):
            yield key.value, value, ends


def _items(node: Sequence, end: int, prospects: Prospects | None) -> Iterator[tuple[int, Node, int]]:
    """Yield the items of a list with their indexes and ends, the last one first."""
    for index in range(len(node.items) - 1, -1, -1):
        item, ends = node.items[index], end
        if prospects is not None:
            end = _start(item, end)
        if prospects is None or prospects.between(end, ends):
            yield index, item, ends


def _start(node: Node, end: int) -> int:
    """Return where the first scalar of a node starts; ``end`` for a collection that holds none."""
    first = _first(node)
    return end if first is None else first


def _first(node: Node) -> int | None:
    if isinstance(node, Mapping) and node.entries and type(node.entries[0].key) is Scalar:
        return node.entries[0].key.start  # nearly always
    if isinstance(node, Scalar | Alias):
        return node.start
    parts = (
        node.items if isinstance(node, Sequence) else (part for each in node.entries for part in (each.key, each.value))
    )
    return next((start for start in map(_first, parts) if start is not None), None)


def is_text(pointer: Pointer, found: Object) -> bool:
    """Whether a mapping holds labels or annotations: of an object, a pod template, a kustomization, a chart's pods."""
    last = pointer[-1] if len(pointer) > len(found.pointer) else None
    return isinstance(last, str) and last.lower().endswith(("annotations", "labels"))
