"""A whole reference under an image-like key, in any kind of document: ``image: quay.io/acme/web:1.4``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitops_streams.manifests.occurrence import Occurrence, Place, WholeReference
from gitops_streams.oci.reference import looks_like_reference
from gitops_streams.yamledit.nodes import Node, Scalar, Sequence, target
from gitops_streams.yamledit.pointer import Pointer

# OpenShift itself writes what a trigger last saw into the trigger.
_IMAGE_KEY = re.compile(r"^(?!lastTriggeredImage$).*?image(?!_?-?pull)", re.IGNORECASE | re.DOTALL)


def find(place: Place) -> Iterator[Occurrence]:
    """Yield scalars under keys such as ``image``, ``baseImage`` or ``IMAGE_NAME``, and the items of lists there."""
    for entry in place.mapping.entries:
        key = entry.key
        if not isinstance(key, Scalar) or _IMAGE_KEY.match(key.value) is None:
            continue
        pointer = (*place.pointer, key.value)
        value = target(entry.value)
        if isinstance(value, Scalar):
            yield from _occurrence(place, pointer, value)
        elif isinstance(entry.value, Sequence):
            for index, item in enumerate(entry.value.items):
                yield from _occurrence(place, (*pointer, index), target(item))


def _occurrence(place: Place, pointer: Pointer, node: Node) -> Iterator[Occurrence]:
    if not isinstance(node, Scalar) or node.is_block:
        return
    reference = looks_like_reference(node.value)
    if reference is not None:
        yield Occurrence(
            place.file,
            place.document,
            node.line,
            "image",
            WholeReference(node, pointer),
            reference.name,
            reference.repository,
            reference.tag,
            reference.digest,
            place.object.namespace,
        )
