"""What is written for ``referencePolicy.type: Local``: the stream's own repository in the configured registry.

As on OpenShift it takes the place of the source where a place is named after the stream tag: by a trigger, a marker
or a bare name. A place that is bound by what it says keeps its repository.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from gitops_streams.manifests.occurrence import MarkedScalar, Part
from gitops_streams.oci.reference import Reference, Repository
from gitops_streams.plan.model import Rule, Site
from gitops_streams.streams.local_registry import LocalRegistry
from gitops_streams.streams.model import Catalog, StreamTag, TagKey
from gitops_streams.yamledit.pointer import Pointer
from gitops_streams.yamledit.problem import Problem

_NAMED = frozenset({Rule.TRIGGER, Rule.MARKER, Rule.LOCAL})


@dataclass(frozen=True, slots=True)
class LocalReferences:
    """The local references of a catalog's stream tags."""

    catalog: Catalog
    registry: LocalRegistry | None = None
    """``None``: there are none, and every reference is the source's."""
    by_repository: dict[Repository, list[StreamTag]] = field(init=False, default_factory=dict)
    """The stream tags that a local repository holds, as far as their namespaces are declared."""

    def __post_init__(self) -> None:
        """Index the repositories."""
        if self.registry is None:
            return
        for tag in self.catalog.tags.values():
            reference = self.registry.of(tag.key.stream, None) if tag.local else None
            if reference is not None:
                self.by_repository.setdefault(reference.repository, []).append(tag)

    def of(self, key: TagKey, namespace: str | None) -> Reference | None:
        """Return ``host/namespace/stream:tag`` of a stream tag that wants it.

        Args:
            key: the stream tag.
            namespace: of the object that refers to it; a stream without a namespace is in that one.

        Returns:
            The reference; ``None`` where it is the source's.
        """
        if self.registry is None or not self.catalog.tags[key].local:
            return None
        repository = self.registry.of(key.stream, namespace)
        return None if repository is None else replace(repository, tag=key.tag)


@dataclass(frozen=True, slots=True)
class LocalSites:
    """Which sites of a plan get a local reference."""

    references: LocalReferences
    _named: frozenset[tuple[str, int, Pointer, TagKey]]
    """The mappings in which a marker says that a scalar holds the name of a stream tag's repository."""

    @classmethod
    def among(cls, references: LocalReferences, sites: Iterable[Site]) -> LocalSites:
        """Look at all sites of a plan."""
        return cls(references, frozenset(_mapping(site) for site in sites if _part(site) is Part.NAME))

    def reference(self, site: Site) -> Reference | None:
        """Return the local reference of a site, with its tag; ``None`` where it gets the source's."""
        place = site.occurrence
        if self.references.registry is None:
            return None
        reference = self.references.of(site.tag, place.namespace)
        if reference is None:
            return None
        if _part(site) in {Part.TAG, Part.TAG_ONLY}:
            # A tag alone goes with the repository beside it.
            return reference if _mapping(site) in self._named else None
        return reference if site.rule in _NAMED or place.repository == reference.repository else None


def fallen_back(references: LocalReferences, sites: Iterable[Site]) -> list[Problem]:
    """Say once how many stream tags in use want a local reference and get the source's, as on OpenShift."""
    tags: dict[TagKey, StreamTag] = {}
    for site in sites:
        tag = references.catalog.tags[site.tag]
        named = references.registry is None or site.rule in _NAMED
        if tag.local and named and references.of(tag.key, site.occurrence.namespace) is None:
            tags[tag.key] = tag
    if not tags:
        return []
    first = min(tags.values(), key=lambda tag: tag.key.sort_key)
    count = f"{len(tags)} stream tags in use say" if len(tags) > 1 else f"{first.key} says"
    why = "localRegistry is not configured"
    if references.registry is not None:
        why = "neither its stream nor what uses it names a namespace" if len(tags) == 1 else "no namespace is known"
    reason = f"{count} referencePolicy Local, but {why}: references keep the source's registry"
    return [Problem(first.file, first.line, reason)]


def _part(site: Site) -> Part | None:
    form = site.occurrence.form
    return form.part if isinstance(form, MarkedScalar) else None


def _mapping(site: Site) -> tuple[str, int, Pointer, TagKey]:
    place = site.occurrence
    return place.file, place.document, place.pointer[:-1], site.tag
