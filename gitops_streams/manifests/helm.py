"""The split map of Helm values: ``repository`` with ``tag``, and maybe ``registry`` and ``digest`` or ``sha``.

It is found by its shape in any document: values files, HelmReleases, Argo CD's ``valuesObject``.
A digest key that is there is filled; otherwise the tag becomes ``tag@sha256:…``, which charts that
join the two with a colon accept.
"""

from __future__ import annotations

from collections.abc import Iterator

from gitops_streams.manifests import mentions
from gitops_streams.manifests.occurrence import Finding, Occurrence, Place
from gitops_streams.manifests.registry_paths import spelled
from gitops_streams.manifests.split import is_literal, occurrence, read_field
from gitops_streams.yamledit.nodes import Mapping, resolve

_SUFFIXES = ("variant", "tagSuffix", "suffix")
"""What charts put behind a tag with a hyphen: those of VictoriaMetrics, Istio and others."""


def find(place: Place) -> Iterator[Finding]:
    """Yield the reference that a map with ``repository`` and ``tag`` spells, if it does."""
    repository = read_field(place, "repository")
    if repository is None or not is_literal(place, repository):
        return
    tag = read_field(place, "tag")
    digest, sha = read_field(place, "digest"), read_field(place, "sha")
    if digest is None or (not digest.value and sha is not None and sha.value):
        digest = sha
    if tag is None and digest is None:
        return
    name = spelled(place, read_field(place, "registry"), repository)
    found = None if name is None or _is_input(place) else occurrence(place, "helm", name, tag, digest)
    why = _joined_otherwise(place) if isinstance(found, Occurrence) and digest is None else None
    if isinstance(found, Occurrence) and found.repository is not None and why is not None:
        yield mentions.of(found, found.repository, why)
    elif found is not None:
        yield found


def _is_input(place: Place) -> bool:
    """Whether the map holds the inputs of an action: its repository is one of Git, its tag a release's."""
    return place.pointer[-1:] == ("with",)


def _joined_otherwise(place: Place) -> str | None:
    """Say why a digest behind the tag would not end up behind it, if what reads the map joins it otherwise."""
    for key in _SUFFIXES:
        suffix = read_field(place, key)
        if suffix is not None and suffix.value:
            return f"{key} is put behind its tag, and a digest would stand before it"
    around = resolve(place.object.mapping, place.pointer[len(place.object.pointer) : -1])
    kind = around.text("type") if isinstance(around, Mapping) and place.pointer[-1:] == ("source",) else None
    if kind in {"registry-image", "docker-image"}:
        return f"a {kind} takes its digest as version.digest beside its source"
    return None
