"""Under which tags of a repository a digest is recorded, to see a tag and a digest that do not belong together."""

from __future__ import annotations

from gitops_streams.manifests.occurrence import Occurrence
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Repository
from gitops_streams.plan.model import Site
from gitops_streams.streams.history import History
from gitops_streams.streams.model import Catalog, DockerImage


class RecordedTags:
    """The recorded histories of a catalog, by repository and digest; read as far as they are asked about."""

    def __init__(self, catalog: Catalog, history: History) -> None:
        self._catalog, self._history = catalog, history
        self._tags: dict[Repository, dict[Digest, set[str]]] = {}

    def of(self, repository: Repository, digest: Digest) -> frozenset[str]:
        """Return the tags under which a digest of a repository is recorded."""
        if repository not in self._tags:
            found: dict[Digest, set[str]] = {}
            for tag in self._catalog.tags.values():
                if isinstance(tag.source, DockerImage) and tag.source.reference.repository == repository:
                    for item in self._history.items(tag.key):
                        if item.source_tag and item.reference.repository == repository:
                            found.setdefault(item.image, set()).add(item.source_tag)
            self._tags[repository] = found
        return frozenset(self._tags[repository].get(digest, ()))

    def disagreement(self, site: Site) -> str | None:
        """Say where a place names a tag, and a digest that is recorded for another tag of the same repository."""
        occurrence = site.occurrence
        if occurrence.tag is None or occurrence.digest is None:
            return None
        tags = self._tags_of(site, occurrence, occurrence.digest)
        if not tags or occurrence.tag in tags:
            return None
        named = ", ".join(sorted(tags))
        return f"it names the tag {occurrence.tag}, and {occurrence.digest.short} is recorded for {named}"

    def _tags_of(self, site: Site, occurrence: Occurrence, digest: Digest) -> frozenset[str]:
        items = [item for item in self._history.items(site.tag) if item.image == digest]
        if not items:
            return frozenset() if occurrence.repository is None else self.of(occurrence.repository, digest)
        declared = self._catalog.tags.get(site.tag)
        if declared is None or (isinstance(declared.source, DockerImage) and not declared.source.by_policy):
            return frozenset()  # it stood for this digest; which tag that came from, the declaration says
        return frozenset(item.source_tag for item in items if item.source_tag)
