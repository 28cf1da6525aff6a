"""The split map of Helm values: ``repository`` with ``tag``, and maybe ``registry`` and ``digest`` or ``sha``.

It is found by its shape in any document: values files, HelmReleases, Argo CD's ``valuesObject``.
A digest key that is there is filled; otherwise the tag becomes ``tag@sha256:…``, which charts that
join the two with a colon accept.
"""

from __future__ import annotations

from collections.abc import Iterator

from gitops_streams.manifests.occurrence import Occurrence, Place
from gitops_streams.manifests.split import is_literal, occurrence, read_field


def find(place: Place) -> Iterator[Occurrence]:
    """Yield the reference that a map with ``repository`` and ``tag`` spells, if it does."""
    repository = read_field(place, "repository")
    if repository is None or not is_literal(place, repository):
        return
    tag = read_field(place, "tag")
    digest = read_field(place, "digest") or read_field(place, "sha")
    if tag is None and digest is None:
        return
    registry = read_field(place, "registry")
    # A registry with a path in it would hide the repository's full path from the byte screen.
    prefix = f"{registry.value}/" if registry is not None and registry.value and "/" not in registry.value else ""
    if registry is not None and registry.value and not prefix:
        return
    found = occurrence(place, "helm", f"{prefix}{repository.value}", tag, digest)
    if found is not None:
        yield found
