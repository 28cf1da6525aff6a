"""The ``images:`` of a kustomization: ``name``, ``newName``, ``newTag``, ``digest``.

Source: kustomize ``api/types/image.go``. The digest gets a key of its own beside ``newTag``; a
``newTag`` that already reads ``tag@sha256:…`` keeps that form. Flux's Kustomization has them in ``spec.images``, its
HelmRelease in ``postRenderers[].kustomize.images``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from gitops_streams.manifests.occurrence import Finding, Place
from gitops_streams.manifests.split import is_literal, occurrence, read_field
from gitops_streams.yamledit.pointer import Pointer

KINDS = frozenset({"Kustomization", "Component"})
FILES = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization"})
_BELOW = 2
"""``images`` and an index lead to an entry."""


def find(place: Place) -> Iterator[Finding]:
    """Yield the entries of ``images`` that name a tag or a digest."""
    relative = place.pointer[len(place.object.pointer) :]
    if len(relative) < _BELOW or relative[-2] != "images" or not isinstance(relative[-1], int):
        return
    if not _are_kustomize(place, relative[:-_BELOW]):
        return
    name = read_field(place, "newName")
    if name is None or not name.value:
        name = read_field(place, "name")
    if name is None or not is_literal(place, name):
        return
    found = occurrence(place, "kustomize", name.value, read_field(place, "newTag"), read_field(place, "digest"))
    if found is not None:
        yield found


def _are_kustomize(place: Place, above: Pointer) -> bool:
    """Whether the ``images`` of a map are those of a kustomization."""
    if not above:
        return place.object.kind in KINDS or PurePosixPath(place.file).name in FILES
    if above == ("spec",):
        return place.object.kind == "Kustomization"
    return above[-1] == "kustomize"
