"""A whole reference under an image-like key, in any kind of document: ``image: quay.io/acme/web:1.4``."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_streams.manifests import whole
from gitops_streams.manifests.image_like import is_image_key
from gitops_streams.manifests.occurrence import Occurrence, Place
from gitops_streams.manifests.push_destinations import is_pipeline_variable, is_pushed
from gitops_streams.manifests.stream_tag_names import is_stream_tag
from gitops_streams.yamledit.nodes import Scalar, Sequence, target


def find(place: Place) -> Iterator[Occurrence]:
    """Yield scalars under keys such as ``image``, ``baseImage`` or ``IMAGE_NAME``, and the items of lists there."""
    for entry in place.mapping.entries:
        key = entry.key
        if not isinstance(key, Scalar) or not is_image_key(key.value):
            continue
        pointer = (*place.pointer, key.value)
        value = target(entry.value)
        if isinstance(value, Scalar):
            if is_stream_tag(place.object, value.value):
                continue
            found = [whole.occurrence(place, pointer, value, "image")]
        elif isinstance(entry.value, Sequence):
            items = enumerate(entry.value.items)
            found = [whole.occurrence(place, (*pointer, index), target(item), "image") for index, item in items]
        else:
            continue
        for each in found:
            if each is not None and not _may_be_pushed(place, each):
                yield each


def _may_be_pushed(place: Place, occurrence: Occurrence) -> bool:
    return is_pushed(place.object, occurrence.pointer) or is_pipeline_variable(place.object, occurrence.pointer)
