"""The ``images:`` of a kustomization: ``name``, ``newName``, ``newTag``, ``digest``.

Source: kustomize ``api/types/image.go``. The digest gets a key of its own beside ``newTag``; a
``newTag`` that already reads ``tag@sha256:…`` keeps that form.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from gitops_streams.manifests.occurrence import Finding, Place
from gitops_streams.manifests.split import is_literal, occurrence, read_field

KINDS = frozenset({"Kustomization", "Component"})
FILES = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization"})
_DEPTH = 2


def find(place: Place) -> Iterator[Finding]:
    """Yield the entries of ``images`` that name a tag or a digest."""
    relative = place.pointer[len(place.object.pointer) :]
    if len(relative) != _DEPTH or relative[0] != "images" or not isinstance(relative[1], int):
        return
    if place.object.kind not in KINDS and PurePosixPath(place.file).name not in FILES:
        return
    name = read_field(place, "newName")
    if name is None or not name.value:
        name = read_field(place, "name")
    if name is None or not is_literal(place, name):
        return
    found = occurrence(place, "kustomize", name.value, read_field(place, "newTag"), read_field(place, "digest"))
    if found is not None:
        yield found
