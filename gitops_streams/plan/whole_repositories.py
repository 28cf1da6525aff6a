"""Bind a repository whose streams may take every tag of a registry's repository: what is named is found first.

Which tags there are depends on all files, and their order must not matter. So everything that any file names becomes a
stream tag, every file is bound, and what goes beyond the limit is taken away again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from gitops_streams.manifests.occurrence import LocalName, MarkedScalar, Occurrence, TriggeredField
from gitops_streams.manifests.scan import ScannedFile
from gitops_streams.oci.reference import Repository
from gitops_streams.plan.bind import Binder, Bindings
from gitops_streams.plan.local_references import LocalReferences
from gitops_streams.plan.model import Site, SkippedReference
from gitops_streams.streams.history import History
from gitops_streams.streams.local_registry import LocalRegistry
from gitops_streams.streams.model import Catalog, DockerImage, StreamKey, TagKey
from gitops_streams.streams.whole_repository import alias_targets, extended, limited
from gitops_streams.yamledit.problem import Problem


@dataclass(frozen=True, slots=True)
class Bound:
    """The files with what was bound in each, and the catalog that has every stream tag in use."""

    catalog: Catalog
    bindings: tuple[Bindings, ...]
    """One for each file, in their order."""
    problems: tuple[Problem, ...] = ()


def takes_any(catalog: Catalog) -> bool:
    """Whether any stream takes every tag of a repository."""
    return any(stream.whole is not None for stream in catalog.streams)


def with_aliased(catalog: Catalog) -> Catalog:
    """Add the stream tags that aliases name."""
    return extended(catalog, alias_targets(catalog)) if takes_any(catalog) else catalog


def with_named(catalog: Catalog, files: Iterable[ScannedFile], history: History) -> Catalog:
    """Add every stream tag that aliases, files or the history name, without a limit."""
    return extended(catalog, alias_targets(catalog) | named(catalog, files, history)) if takes_any(catalog) else catalog


def bind_each(
    files: Collection[ScannedFile], catalog: Catalog, history: History, registry: LocalRegistry | None = None
) -> Bound:
    """Bind every file.

    Args:
        files: what was found in them.
        catalog: the declarations.
        history: what is recorded.
        registry: serves the streams whose tags say ``Local``.
    """
    local = LocalReferences(catalog, registry)
    if not takes_any(catalog):
        binder = Binder(catalog, history, local)
        return Bound(catalog, tuple(binder.bind(file) for file in files))
    catalog = with_named(catalog, files, history)
    binder = Binder(catalog, history, local)
    bindings = [binder.bind(file) for file in files]
    left = limited(catalog, {key for bound in bindings for site in bound.sites for key in (site.tag, *site.together)})
    return Bound(left.catalog, tuple(_without(bound, left.dropped) for bound in bindings), left.problems)


def named(catalog: Catalog, files: Iterable[ScannedFile], history: History) -> set[TagKey]:
    """Return the stream tags that files or the history name, of streams that take every tag of a repository."""
    by_name: dict[str, list[StreamKey]] = {}
    by_repository: dict[Repository, list[StreamKey]] = {}
    found: set[TagKey] = set()
    for stream in catalog.streams:
        if stream.whole is not None and isinstance(stream.whole.source, DockerImage):
            by_name.setdefault(stream.key.name, []).append(stream.key)
            by_repository.setdefault(stream.whole.source.reference.repository, []).append(stream.key)
            # A digest without a tag is known by the history alone.
            recorded = history.streams.get(stream.key)
            found |= {TagKey(stream.key, tag) for tag in (recorded.tags if recorded is not None else ())}
    for file in files:
        for occurrence in file.findings:
            if isinstance(occurrence, Occurrence):
                for name, tag in _names(occurrence):
                    found |= {TagKey(key, tag) for key in by_name.get(name, ())}
                if occurrence.repository is not None and occurrence.tag is not None:
                    found |= {TagKey(key, occurrence.tag) for key in by_repository.get(occurrence.repository, ())}
    return found


def _names(occurrence: Occurrence) -> Iterator[tuple[str, str]]:
    """Yield the streams, by name alone, and the tags that a place may be named after."""
    match occurrence.form:
        case MarkedScalar(stream=stream, tag=tag):
            yield stream.rpartition("/")[2], tag
        case LocalName(stream=stream, tag=tag):
            yield stream, tag
        case TriggeredField(trigger=trigger):
            yield trigger.stream, trigger.tag
            for _, stream, tag in trigger.together:
                yield stream, tag
        case _:
            pass


def _without(bindings: Bindings, dropped: Mapping[TagKey, str]) -> Bindings:
    """Report the places of stream tags beyond the limit, which stay as they are."""
    if not dropped:
        return bindings
    kept: list[Site] = []
    skipped: list[SkippedReference] = list(bindings.skipped)
    for site in bindings.sites:
        key = next((key for key in (site.tag, *site.together) if key in dropped), None)
        if key is None:
            kept.append(site)
        else:
            place = site.occurrence
            skipped.append(SkippedReference(place.file, place.line, place.text, dropped[key]))
    return replace(bindings, sites=tuple(kept), skipped=tuple(skipped))
