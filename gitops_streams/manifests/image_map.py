"""References in a map whose own key, or whose ``kind``, says that an image is meant.

``image: {name: …, tag: …}`` of charts; ``image: {reference: …}`` of image volumes (``ImageVolumeSource`` of Kubernetes)
and of CloudNativePG's extensions; ``image: {name: …}`` of GitLab; ``image: {value: …, options: […]}`` of the form that
Kubeflow shows for a notebook; ``from: {kind: DockerImage, name: …}`` of BuildConfigs; ``baseImageOverrides`` of ko.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gitops_streams.manifests import joining, mentions, whole
from gitops_streams.manifests.image_like import is_image_key
from gitops_streams.manifests.occurrence import Finding, Occurrence, Place, WholeReference
from gitops_streams.manifests.push_destinations import PUSHED, is_pushed
from gitops_streams.manifests.registry_paths import spelled
from gitops_streams.manifests.split import Field, is_literal, occurrence, read_field
from gitops_streams.yamledit.nodes import Scalar, Sequence, target

FORM = "image-map"
_NAMES = ("name", "image", "repo")
_NAMES_WITH_VERSION = ("repository", *_NAMES)
_WHOLE = ("name", "reference", "value")
_CHOICE = "options"


def find(place: Place) -> Iterator[Finding]:
    """Yield what a map below an image-like key holds, and the name of a ``kind: DockerImage``."""
    kind = place.mapping.text("kind") or ""
    if kind == "DockerImage":
        yield from _pulled(place, _whole(place, "name"))
        return
    key = place.pointer[-1] if len(place.pointer) > len(place.object.pointer) else None
    if key == "baseImageOverrides":
        for entry in place.mapping.entries:
            if isinstance(entry.key, Scalar):
                yield from _pulled(place, _whole(place, entry.key.value))
    elif not is_image_key(key) and not kind and _is_one_of_several(place):
        found = _split(place) if place.mapping.entry("tag") is not None or isinstance(key, str) else None
        # An item's or a member's name may be what others call it by; one with a slash is a repository's.
        if isinstance(found, Occurrence) and "/" in found.name:
            yield from _pulled(place, found)
    elif is_image_key(key) and not kind:
        split = _split(place)
        for found in [split] if split is not None else [*(_whole(place, each) for each in _WHOLE), *_choice(place)]:
            yield from _pulled(place, found)


def _is_one_of_several(place: Place) -> bool:
    """Whether the map is an item of a list of images, or a member of a map of images, maybe in a group of its own."""
    return any(map(is_image_key, place.pointer[len(place.object.pointer) :][-3:-1]))


def _split(place: Place) -> Finding | None:
    """Return what a name and the tag or the digest beside it spell; ``repository`` with a tag is Helm's.

    ``version`` is a tag where the map is an image's and has no other: Linkerd's charts, k0s. Elsewhere it is that of
    what runs in the image, which operators read as a number.
    """
    tag, digest, sha = (read_field(place, key) for key in ("tag", "digest", "sha"))
    if tag is None and digest is None and sha is None:
        tag = read_field(place, "version")
        name = _name(place, _NAMES_WITH_VERSION)
        if tag is None or name is None or "/" not in name.value:
            return None  # `osImage: {name: ubuntu, version: …}` is no container's
    elif read_field(place, "repository") is not None:
        return None
    else:
        name = _name(place)
    if name is None or not is_literal(place, name):
        return None
    whole_name = spelled(place, read_field(place, "registry"), name)
    if whole_name is None:
        return None
    return occurrence(place, FORM, whole_name, tag, digest if digest is not None else sha)


def _name(place: Place, keys: Iterable[str] = _NAMES) -> Field | None:
    """Return the field that names the image: of several the one with a slash, since ``name: redis`` may be a label."""
    fields = [field for field in (read_field(place, each) for each in keys) if field is not None and field.value]
    several = len({field.value for field in fields}) > 1
    found = [field for field in fields if "/" in field.value] if several else fields[:1]
    return found[0] if len(found) == 1 else None


def _whole(place: Place, key: str) -> Occurrence | None:
    entry = place.mapping.entry(key)
    return None if entry is None else whole.tagged(place, (*place.pointer, key), target(entry.value), "image")


def _choice(place: Place) -> Iterator[Occurrence | None]:
    options = place.mapping.get(_CHOICE)
    for index, item in enumerate(options.items if isinstance(options, Sequence) else ()):
        yield whole.tagged(place, (*place.pointer, _CHOICE, index), target(item), "image")


def _is_built(place: Place) -> bool:
    """Whether it says how the image is built; a ``build`` in an object of a kind says what is built upon the image."""
    return joining.is_built(place) or (place.mapping.entry("build") is not None and not place.object.kind)


def _pulled(place: Place, found: Finding | None) -> Iterator[Finding]:
    pointer = (
        found.pointer if isinstance(found, Occurrence) and isinstance(found.form, WholeReference) else place.pointer
    )
    if found is None or is_pushed(place.object, pointer):
        return
    if isinstance(found, Occurrence) and found.repository is not None:
        why = PUSHED if _is_built(place) else joining.why_not(place, found)
        if why is not None:
            yield mentions.of(found, found.repository, why)
            return
    yield found
