"""The stream tags of a catalog, by what an occurrence can be looked up with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Repository
from gitops_streams.plan.named import Names
from gitops_streams.streams.history import EMPTY, History, Item
from gitops_streams.streams.model import Catalog, DockerImage, StreamKey, StreamTag


@dataclass(slots=True)
class TagIndex:
    """The catalog and the history, by what an occurrence can be looked up with."""

    catalog: Catalog
    names: Names
    by_source: dict[tuple[Repository, str], list[StreamTag]] = field(default_factory=dict)
    """Those that follow a repository's tag, as declared."""
    by_policy: dict[Repository, list[StreamTag]] = field(default_factory=dict)
    """Those whose tag a policy chooses."""
    by_repository: dict[Repository, list[StreamTag]] = field(default_factory=dict)
    """All that follow something of a repository."""
    implied: dict[tuple[Repository, str], list[StreamTag]] = field(default_factory=dict)
    """Those that no declaration names, since their stream takes every tag."""
    whole: dict[Repository, list[StreamKey]] = field(default_factory=dict)
    """The streams that take every tag of a repository."""
    by_name: dict[str, list[StreamKey]] = field(default_factory=dict)
    """Streams by their names without a namespace."""
    history: History = EMPTY
    local: Mapping[Repository, list[StreamTag]] = field(default_factory=dict)
    """The stream tags that local references name, by their repositories."""
    _by_digest: dict[Repository, dict[Digest, list[StreamTag]]] = field(default_factory=dict)

    def is_followed(self, repository: Repository, tag: str | None) -> bool:
        """Whether some stream tag follows a reference's tag, by its name or by a policy."""
        return (repository, tag) in self.by_source or repository in self.by_policy or repository in self.whole

    def recorded(self, repository: Repository, digest: Digest) -> list[StreamTag]:
        """Return the stream tags of a repository that once stood for an image.

        An alias is bound by markers alone, so its history says nothing about a place without one.
        """
        if repository not in self._by_digest:
            known: dict[Digest, list[StreamTag]] = {}
            for tag in self.by_repository.get(repository, ()):
                for image in {item.image for item in self.history.items(tag.key) if _is_of(item, repository)}:
                    known.setdefault(image, []).append(tag)
            # A local repository is the stream's own, so even an alias is known by it.
            for tag in self.local.get(repository, ()):
                for image in {item.image for item in self.history.items(tag.key)}:
                    known.setdefault(image, []).append(tag)
            self._by_digest[repository] = known
        return self._by_digest[repository].get(digest, [])


def _is_of(item: Item, repository: Repository) -> bool:
    return item.reference.repository == repository


def index_of(catalog: Catalog, history: History, local: Mapping[Repository, list[StreamTag]]) -> TagIndex:
    """Index a catalog.

    Args:
        catalog: the stream tags.
        history: what they stood for.
        local: the stream tags that local references name, by their repositories.
    """
    index = TagIndex(catalog, Names(catalog), history=history, local=local)
    for repository, tags in local.items():
        for tag in tags:
            index.by_source.setdefault((repository, tag.key.tag), []).append(tag)
    for tag in catalog.tags.values():
        if not isinstance(tag.source, DockerImage):
            continue
        repository = tag.source.reference.repository
        # A source that names a digest alone tracks no tag: only a marker or the history leads to it.
        if tag.source.by_policy:
            index.by_policy.setdefault(repository, []).append(tag)
        elif tag.source.tag is not None:
            by_tag = index.implied if tag.implied else index.by_source
            by_tag.setdefault((repository, tag.source.tag), []).append(tag)
        index.by_repository.setdefault(repository, []).append(tag)
    for stream in catalog.streams:
        index.by_name.setdefault(stream.key.name, []).append(stream.key)
        if stream.whole is not None and isinstance(stream.whole.source, DockerImage):
            index.whole.setdefault(stream.whole.source.reference.repository, []).append(stream.key)
    return index
