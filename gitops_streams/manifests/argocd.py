"""Argo CD's parameters of an application: ``helm.parameters`` with a name and a value each, ``kustomize.images``.

The ``set`` of a helmfile's releases is a list of the same kind.

Source: argo-cd ``pkg/apis/application/v1alpha1/types.go``. The same maps stand in ``.argocd-source-*.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gitops_streams.manifests import joining, mentions, whole
from gitops_streams.manifests.image_like import is_image_key
from gitops_streams.manifests.occurrence import Finding, Occurrence, Place
from gitops_streams.manifests.split import Field, is_domain, is_literal, occurrence
from gitops_streams.oci.reference import looks_like_reference
from gitops_streams.yamledit.nodes import Mapping, Scalar, Sequence, target

FORM = "argocd"


def find(place: Place) -> Iterator[Finding]:
    """Yield the images of a map ``helm`` or ``kustomize``, or of one with a list ``set``."""
    key = place.pointer[-1] if place.pointer else None
    if key == "helm":
        yield from _parameters(place, "parameters")
    elif key == "kustomize":
        yield from _images(place)
    elif isinstance(place.mapping.get("set"), Sequence):
        yield from _parameters(place, "set")


def _parameters(place: Place, key: str) -> Iterator[Finding]:
    """Put ``image.repository`` and ``image.tag`` together, two items of one list."""
    named = list(_fields(place, key))
    groups, twice = _groups(named)
    for name, field in named:
        if is_image_key(name.rpartition(".")[2]) and field.pointer is not None:
            found = whole.tagged(place, field.pointer, field.scalar, FORM)
            if found is not None:
                yield found
    for group, fields in groups.items():
        repository = fields.get("repository") or (fields.get("name") if is_image_key(group) else None)
        tag, digest, registry = fields.get("tag"), fields.get("digest"), fields.get("registry")
        if repository is None or tag is None or not is_literal(place, repository) or group in twice:
            continue
        name = repository.value
        if registry is not None and registry.value:
            if not is_domain(registry.value):
                continue
            name = f"{registry.value}/{name}"
        found_split = occurrence(place, FORM, name, tag, digest)
        suffix = next((key for key in joining.SUFFIXES if key in fields and fields[key].value), None)
        if isinstance(found_split, Occurrence) and found_split.repository is not None and suffix is not None:
            yield mentions.of(found_split, found_split.repository, joining.behind(suffix))
        elif found_split is not None:
            yield found_split


def _groups(named: Iterable[tuple[str, Field]]) -> tuple[dict[str, dict[str, Field]], set[str]]:
    """Return the fields by what stands before the last dot of their names; the groups where one name stands twice."""
    groups: dict[str, dict[str, Field]] = {}
    twice: set[str] = set()
    for name, field in named:
        group, dot, last = name.rpartition(".")
        if dot and groups.setdefault(group, {}).setdefault(last, field) is not field:
            twice.add(group)  # Helm takes the last one, and readers the first
    return groups, twice


def _fields(place: Place, key: str) -> Iterator[tuple[str, Field]]:
    parameters = place.mapping.get(key)
    for index, item in enumerate(parameters.items if isinstance(parameters, Sequence) else ()):
        parameter = target(item)
        if not isinstance(parameter, Mapping):
            continue
        name, value = parameter.text("name"), parameter.get("value")
        if name and isinstance(value, Scalar):
            yield name, Field("value", value, (*place.pointer, key, index, "value"))


def _images(place: Place) -> Iterator[Finding]:
    """An item is ``[name=]new[:tag][@digest]``; those without a name stand under an image key, and are found there."""
    images = place.mapping.get("images")
    for index, item in enumerate(images.items if isinstance(images, Sequence) else ()):
        scalar = target(item)
        name, equals, _ = scalar.value.partition("=") if isinstance(scalar, Scalar) else ("", "", "")
        if equals and looks_like_reference(name) is not None:
            found = whole.tagged(place, (*place.pointer, "images", index), scalar, FORM, f"{name}=")
            if found is not None:
                yield found
