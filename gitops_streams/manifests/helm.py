"""The split map of Helm values: ``repository`` with ``tag``, and maybe ``registry`` and ``digest`` or ``sha``.

It is found by its shape in any document: values files, HelmReleases, Argo CD's ``valuesObject``.
A digest key that is there is filled; otherwise the tag becomes ``tag@sha256:…``, which charts that
join the two with a colon accept.
"""

from __future__ import annotations

from collections.abc import Iterator

from gitops_streams.manifests import joining, mentions
from gitops_streams.manifests.occurrence import Finding, Occurrence, Place
from gitops_streams.manifests.registry_paths import spelled
from gitops_streams.manifests.split import is_literal, occurrence, read_field


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
    found = None if name is None or joining.is_input(place) else occurrence(place, "helm", name, tag, digest)
    why = joining.why_not(place, found) if isinstance(found, Occurrence) else None
    if isinstance(found, Occurrence) and found.repository is not None and why is not None:
        yield mentions.of(found, found.repository, why)
    elif found is not None:
        yield found
