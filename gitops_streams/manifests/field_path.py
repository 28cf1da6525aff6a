"""The ``fieldPath`` of an image change trigger: which container of which pod spec, and what a wrong one should be.

Source: openshift/library-go ``pkg/image/trigger/annotations.go``: the path of the pod spec, then
``.containers[SEL].image`` or ``.initContainers[SEL].image``, where SEL is an index or exactly
``?(@.name=="NAME")``. A name is looked for in both lists, whatever the path says, init containers first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gitops_streams.yamledit.nodes import Mapping, Sequence, resolve, target
from gitops_streams.yamledit.pointer import Pointer

_TEMPLATE = ("spec", "template", "spec")
POD_SPECS: dict[str, tuple[str, ...]] = {
    "CronJob": ("spec", "jobTemplate", *_TEMPLATE),
    "DaemonSet": _TEMPLATE,
    "Deployment": _TEMPLATE,
    "StatefulSet": _TEMPLATE,
}
"""The kinds whose annotations OpenShift watches, and where each has its pod spec."""

LISTS = ("initContainers", "containers")
"""The lists of a pod spec that hold containers, in the order in which a name is looked for."""

_SELECTOR = r'\[(?:(?P<index>[0-9]{1,9})|\?\(@\.name=="(?P<name>[^"]*)"\))\]'
_EXACT = re.compile(rf"(?P<list>containers|initContainers){_SELECTOR}\.image")
# What people write: blanks, one quote or the other or none, one equals sign, a name without a filter.
_LENIENT = re.compile(
    r"(?P<list>containers|initContainers)\s*\[\s*"
    r"(?:(?P<index>[0-9]{1,9})|(?:\??\s*\(?\s*@\s*\.\s*name\s*={1,3}\s*)?[\\'\"]*(?P<name>[A-Za-z0-9][A-Za-z0-9.-]*)[\\'\"]*\s*\)?)\s*\]"
)


@dataclass(frozen=True, slots=True)
class FieldPath:
    """A container, by name or by its index in one of the lists."""

    list: str
    selector: int | str

    def text(self, pod_spec: tuple[str, ...]) -> str:
        """Write the path as OpenShift reads it."""
        selector = self.selector if isinstance(self.selector, int) else f'?(@.name=="{self.selector}")'
        return f"{'.'.join(pod_spec)}.{self.list}[{selector}].image"


@dataclass(frozen=True, slots=True)
class Container:
    """A container of a pod spec."""

    pointer: Pointer
    """From the object."""
    mapping: Mapping
    name: str


def parse(text: str, pod_spec: tuple[str, ...]) -> FieldPath | None:
    """Read a path exactly as OpenShift does; ``None`` where it would not."""
    prefix = f"{'.'.join(pod_spec)}."
    match = _EXACT.fullmatch(text, len(prefix)) if text.startswith(prefix) else None
    return None if match is None else _path(match)


def corrected(text: str) -> FieldPath | None:
    """Guess what a path that cannot be read was meant to say; ``None`` where no container is to be seen in it."""
    match = _LENIENT.search(text[:1000])
    return None if match is None else _path(match)


def containers(root: Mapping, pod_spec: tuple[str, ...]) -> Iterator[Container]:
    """Yield the containers of an object's pod spec, in the order in which OpenShift looks for a name."""
    for key in LISTS:
        items = resolve(root, (*pod_spec, key))
        for index, item in enumerate(items.items if isinstance(items, Sequence) else ()):
            mapping = target(item)
            if isinstance(mapping, Mapping):
                yield Container((*pod_spec, key, index), mapping, mapping.text("name") or "")


def select(path: FieldPath, found: list[Container]) -> Container | None:
    """Return the container that a path leads to."""
    for container in found:
        if isinstance(path.selector, str):
            if container.name == path.selector:
                return container
        elif container.pointer[-2:] == (path.list, path.selector):
            return container
    return None


def _path(match: re.Match[str]) -> FieldPath:
    return FieldPath(match["list"], int(match["index"]) if match["index"] is not None else match["name"])
