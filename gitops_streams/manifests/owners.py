"""What an occurrence belongs to, found by shape: the object around it, and the container or the keys that lead to it.

Asked only about occurrences that somebody tracks, so it costs a scan nothing.
"""

from __future__ import annotations

import re
from dataclasses import replace

from gitops_streams.manifests.occurrence import Occurrence, Owner, SplitReference
from gitops_streams.yamledit.nodes import Mapping, Node, Scalar, resolve
from gitops_streams.yamledit.objects import Object
from gitops_streams.yamledit.pointer import Pointer

_NAMESPACE = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?")


def with_known_namespace(found: Object) -> Object:
    """Forget a namespace that is not one yet, such as a Template's ``${NAMESPACE}``."""
    known = found.namespace is None or _NAMESPACE.fullmatch(found.namespace)
    return found if known else replace(found, namespace=None)


def owned(occurrence: Occurrence, found: Object) -> Occurrence:
    """Return the occurrence with its owner.

    Args:
        occurrence: where a reference stands.
        found: the object that it stands in.
    """
    path = _path(occurrence)[len(found.pointer) :]
    container = None if isinstance(occurrence.form, SplitReference) else _container(found.mapping, path)
    named = container or _patched(occurrence, found.mapping, path) or _keys(found.mapping, path)
    # What a kustomization deploys goes to the namespace that it names beside its images.
    namespace = found.mapping.text("namespace") if occurrence.form_name == "kustomize" else None
    return occurrence.belonging_to(Owner(found.kind or None, found.name, named, namespace or None))


def _path(occurrence: Occurrence) -> Pointer:
    """Return the way to a whole reference, or to the map whose fields spell one."""
    split = isinstance(occurrence.form, SplitReference) and occurrence.fields
    return occurrence.pointer[:-1] if split else occurrence.pointer


def _container(root: Mapping, path: Pointer) -> str | None:
    """Return the name of a container: what stands in a list and has a ``name`` beside its ``image``."""
    if len(path) < 3 or path[-1] != "image" or not isinstance(path[-2], int):  # noqa: PLR2004  list, index, key
        return None
    name = _name(resolve(root, path[:-1]))
    return name or None


def _patched(occurrence: Occurrence, root: Mapping, path: Pointer) -> str | None:
    """Return the keys that an operation of JSON Patch leads to, in what it patches."""
    operation = resolve(root, path[:-1]) if occurrence.form_name == "json-patch" else None
    parts = (operation.text("path") or "").split("/")[1:] if isinstance(operation, Mapping) else []
    text = "".join(f"[{part}]" if part.isdecimal() or part == "-" else f".{part}" for part in parts)
    return text.removeprefix(".") or None


def _keys(root: Mapping, path: Pointer) -> str:
    """Write a path of keys for people; an item of a list goes by its name where it has one."""
    if all(isinstance(part, str) for part in path):
        return ".".join(map(str, path))
    text = ""
    node: Node | None = root
    for part in path:
        node = resolve(node, (part,))
        if isinstance(part, int):
            text += f"[{_name(node) or part}]"
        else:
            text += f".{part}" if text else part
    return text


def _name(node: Node | None) -> str | None:
    name = node.get("name") if isinstance(node, Mapping) else None
    return name.value if isinstance(name, Scalar) else None
