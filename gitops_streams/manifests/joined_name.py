"""A map whose keys are the parts of a name, wherever it stands: ``hub``, ``repository``, ``registry`` and ``image``.

Istio's ``hub: docker.io/istio`` with ``image: pilot`` and ``tag``; the ``repository: nvcr.io/nvidia``, ``image`` and
``version`` of NVIDIA's operators, whose version may be a digest; ``repository``, ``name`` and ``tag``; ``registry``
with ``image`` or ``name``, and so the ``version`` of Calico's operator; ``image: acme/web`` with ``tag`` alone, and so
the ``baseImage`` of an older Prometheus;
``repository`` with ``imageTag``. All are joined with a colon. Words such as these are many, so that a name needs its
registry, or two segments, and the place must be one that pulls images.

Sources: istio/istio ``manifests/charts/*/templates/_helpers.tpl``; NVIDIA/gpu-operator ``internal/image/image.go``;
prometheus-operator ``pkg/operator/image.go``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gitops_streams.manifests import joining, mentions, never_pulled
from gitops_streams.manifests.image_like import is_image_key
from gitops_streams.manifests.occurrence import Finding, Occurrence, Place
from gitops_streams.manifests.push_destinations import PUSHED
from gitops_streams.manifests.registry_paths import spelled
from gitops_streams.manifests.split import Field, is_literal, occurrence, read_field
from gitops_streams.yamledit.nodes import Scalar

FORM = "joined"
_WHOLE_NAME = None
_FORMS = (
    ("hub", "image", "tag"),
    ("repository", "image", "tag"),
    ("repository", "image", "version"),
    ("repository", "name", "tag"),
    ("registry", "image", "tag"),
    ("registry", "image", "version"),
    ("registry", "name", "tag"),
    (_WHOLE_NAME, "image", "tag"),
    (_WHOLE_NAME, "imageRepository", "tag"),
    (_WHOLE_NAME, "imageName", "tag"),
    (_WHOLE_NAME, "baseImage", "tag"),
    ("registry", "repository", "imageTag"),
    (_WHOLE_NAME, "repository", "imageTag"),
)
"""The keys of the first part, the last part and the tag; the first of them whose keys are all there counts."""
_DIGEST = "sha256:"
_SHARED = "it stands in a map of what several images share"
_STREAM = re.compile(r"image[_-]?stream", re.IGNORECASE)
_KEYS = frozenset({"tag", "version", "imageTag"})
_OF_OTHERS = frozenset({"image", "name"})
_NAMES = ("image", "imageRepository", "imageName", "baseImage")


def is_start(key: str) -> bool:
    """Whether a key may be that of a tag."""
    return key in _KEYS


def find(place: Place) -> Iterator[Finding]:
    """Yield the reference that the parts of a name and a tag in one map spell, if they do."""
    keys = place.mapping.entry
    if keys("imageTag") is None and (keys("name") is None or keys("tag") is None) and not any(map(keys, _NAMES)):
        return  # most maps with a version
    if joining.is_input(place) or _names_a_stream(place):
        return
    for first_key, name_key, tag_key in _FORMS:
        tag, name = read_field(place, tag_key), read_field(place, name_key)
        first = None if first_key is None else read_field(place, first_key)
        if tag is None or name is None or not (tag.value and name.value) or (first_key and not (first and first.value)):
            continue
        if first_key in {"registry", _WHOLE_NAME} and name_key in _OF_OTHERS and _is_of_others(place):
            return
        if first_key != "registry" and _has_a_registry(place):
            return
        found = _joined(place, first, name, tag)
        if isinstance(found, Occurrence) and found.repository is not None:
            why = _why_not(place, found, first_key, name_key, tag_key)
            yield found if why is None else mentions.of(found, found.repository, why)
        elif found is not None:
            yield found
        return


def _names_a_stream(place: Place) -> bool:
    """Whether a key on the way says that an image stream is meant, whose names and tags are its own."""
    return any(isinstance(part, str) and _STREAM.search(part) for part in place.pointer)


def _is_of_others(place: Place) -> bool:
    """Whether other scanners look at the map: it stands under an image key, or its repository makes the name."""
    path = place.pointer[len(place.object.pointer) :]
    return read_field(place, "repository") is not None or any(is_image_key(part) for part in path[-2:])


def _has_a_registry(place: Place) -> bool:
    """Whether another key beside a name says that its registry stands there, which it would have to be read with."""
    keys = (entry.key.value for entry in place.mapping.entries if isinstance(entry.key, Scalar))
    beside = (read_field(place, key) for key in keys if "registry" in key.lower())
    return any(field is not None and field.value for field in beside)


def _joined(place: Place, first: Field | None, name: Field, tag: Field) -> Finding | None:
    if not is_literal(place, name) or (first is None and "/" not in name.value):
        return None
    whole = spelled(place, first, name)
    if whole is None or (first is not None and "/" not in whole):
        return None
    if tag.key == "version" and tag.value.startswith(_DIGEST):
        return occurrence(place, FORM, whole, None, tag)
    digest, sha = read_field(place, "digest"), read_field(place, "sha")
    return occurrence(place, FORM, whole, tag, sha if digest is None else digest)


def _why_not(place: Place, found: Occurrence, first_key: str | None, name_key: str, tag_key: str) -> str | None:
    """Say why a reference is left alone, if it is."""
    never = never_pulled.why(place.object, (*place.pointer, tag_key if name_key == "repository" else name_key))
    if never is not None:
        return never
    if joining.is_built(place):
        return PUSHED
    if joining.is_item(place):
        return joining.UNKNOWN
    if place.pointer[-1:] == ("global",):
        return _SHARED
    if found.tag is None:
        return None  # a digest is taken as it is
    if tag_key == "version" and (why := joining.node_system(place)) is not None:
        return why
    own = {name_key, tag_key, first_key or name_key}
    return (
        joining.obstacle(place)
        or joining.other_name(place, own, bare=first_key is not None)
        or (joining.variant_of_all(place) if first_key == "hub" else None)
    )
