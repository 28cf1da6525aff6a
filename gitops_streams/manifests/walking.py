"""The nodes of one object that may hold references, and which of its maps are labels or annotations."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_streams.yamledit.nodes import Mapping, Node, Scalar, Sequence
from gitops_streams.yamledit.objects import Object
from gitops_streams.yamledit.pointer import Pointer

_SERVERS_OWN = frozenset({"lastTriggeredImage", "kubectl.kubernetes.io/last-applied-configuration"})


def walk(found: Object) -> Iterator[tuple[Pointer, Node, Pointer]]:
    """Yield (pointer, node, pointer of the parent), parents first.

    What a server writes is passed over, and so are values without a colon: scanners look at those in their mapping.
    """
    stack: list[tuple[Pointer, Node, Pointer]] = [(found.pointer, found.mapping, found.pointer)]
    depth = len(found.pointer)
    while stack:
        pointer, node, parent = stack.pop()
        yield pointer, node, parent
        if isinstance(node, Mapping):
            top = found.kind and len(pointer) == depth
            for entry in reversed(node.entries):
                key = entry.key.value if isinstance(entry.key, Scalar) else None
                if key is None or key in _SERVERS_OWN or (top and key == "status"):
                    continue
                value = entry.value
                if type(value) is Scalar and ":" not in value.value:
                    continue  # most scalars: without a colon there is no tag to mention
                stack.append(((*pointer, key), value, pointer))
        elif isinstance(node, Sequence):
            indexes = range(len(node.items) - 1, -1, -1)
            stack += [((*pointer, index), node.items[index], pointer) for index in indexes]


def is_text(pointer: Pointer, found: Object) -> bool:
    """Whether a mapping holds labels or annotations: of an object, a pod template, a kustomization, a chart's pods."""
    last = pointer[-1] if len(pointer) > len(found.pointer) else None
    return isinstance(last, str) and last.lower().endswith(("annotations", "labels"))
