"""Bind each occurrence to the one stream tag that decides its digest, or say why none does.

The rules are the design's; the first that hits wins: a trigger, a marker, a bare name that is looked up
locally, the source's repository and tag, a digest that stands in the history of exactly one stream tag.
Nothing is ever guessed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import assert_never

from gitops_streams.manifests.globs import matches_any
from gitops_streams.manifests.occurrence import (
    LocalName,
    MarkedScalar,
    Mention,
    Occurrence,
    SplitReference,
    TriggeredField,
    WholeReference,
)
from gitops_streams.manifests.scan import ScannedFile
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Repository
from gitops_streams.plan.local_references import LocalReferences
from gitops_streams.plan.model import Rule, Site, SkippedReference
from gitops_streams.plan.tag_index import TagIndex, index_of
from gitops_streams.streams.history import History
from gitops_streams.streams.model import Catalog, DockerImage, StreamKey, StreamTag, TagKey


@dataclass(frozen=True, slots=True)
class Bindings:
    """What was bound, and what was not."""

    sites: tuple[Site, ...]
    skipped: tuple[SkippedReference, ...]


@dataclass(frozen=True, slots=True)
class _Unbound:
    reason: str


def tracked(catalog: Catalog) -> frozenset[Repository]:
    """Return the repositories that the catalog's streams follow."""
    followed = (*catalog.tags.values(), *(stream.whole for stream in catalog.streams if stream.whole is not None))
    return frozenset(tag.source.reference.repository for tag in followed if isinstance(tag.source, DockerImage))


class Binder:
    """Binds file after file against one catalog and its history."""

    def __init__(self, catalog: Catalog, history: History, local: LocalReferences | None = None) -> None:
        self._index = index_of(catalog, history, {} if local is None else local.by_repository)

    def bind(self, file: ScannedFile) -> Bindings:
        """Bind every occurrence of one file, in the order of its text."""
        sites: list[Site] = []
        skipped: list[SkippedReference] = []
        for finding in file.findings:
            if isinstance(finding, Mention):
                if not finding.spared and self._index.is_followed(finding.repository, finding.tag):
                    skipped.append(
                        SkippedReference(finding.file, finding.line, finding.text, finding.reason, finding.advice)
                    )
                continue
            bound = _bind(finding, self._index)
            if isinstance(bound, Site):
                sites.append(bound)
            elif bound is not None:
                skipped.append(SkippedReference(finding.file, finding.line, finding.text, bound.reason))
        return Bindings(tuple(sites), tuple(skipped))


def bind(files: Iterable[ScannedFile], catalog: Catalog, history: History) -> Bindings:
    """Bind every occurrence of ``files``, in their order."""
    binder = Binder(catalog, history)
    return joined(binder.bind(file) for file in files)


def joined(bindings: Iterable[Bindings]) -> Bindings:
    """Put the bindings of several files together, in their order."""
    each = list(bindings)
    sites = tuple(site for bound in each for site in bound.sites)
    return Bindings(sites, tuple(reference for bound in each for reference in bound.skipped))


def _bind(occurrence: Occurrence, index: TagIndex) -> Site | _Unbound | None:
    """Apply the rules in turn; ``None`` means that no stream claims to know the reference."""
    match occurrence.form:
        case MarkedScalar() as form:
            return _bind_marker(occurrence, form, index)
        case TriggeredField() as form:
            triggered = index.names.trigger(occurrence, form)
            return triggered if isinstance(triggered, Site) else _Unbound(triggered)
        case LocalName() as form:
            return _bind_local(occurrence, form, index)
        case WholeReference() | SplitReference():
            return _bind_shape(occurrence, index)
        case _:
            assert_never(occurrence.form)


def _bind_shape(occurrence: Occurrence, index: TagIndex) -> Site | _Unbound | None:
    """Bind a reference by what it says."""
    if occurrence.repository is None:
        return None
    if occurrence.tag is not None:
        return _bind_source(occurrence, occurrence.repository, occurrence.tag, index)
    if occurrence.digest is None:
        if occurrence.repository in index.by_policy:
            return _Unbound("it names no tag; write one, of whatever name, to have the one that the policy chooses")
        if (occurrence.repository, "latest") in index.by_source or occurrence.repository in index.whole:
            return _Unbound("it names no tag; write :latest if that is what it means")
        return None
    return _bind_digest(occurrence, occurrence.repository, occurrence.digest, index)


def _bind_local(occurrence: Occurrence, form: LocalName, index: TagIndex) -> Site | _Unbound | None:
    """A name that no stream takes for its own is a reference like any other."""
    local = index.names.local(occurrence, form)
    if isinstance(local, Site):
        return local
    plain = replace(occurrence, form=WholeReference(form.scalar, form.pointer), form_name="image")
    bound = _bind_shape(plain, index)
    return bound if isinstance(bound, Site) or local is None else _Unbound(local)


def _bind_source(occurrence: Occurrence, repository: Repository, tag: str, index: TagIndex) -> Site | _Unbound | None:
    """Bind by repository and tag.

    A stream tag that follows the very tag goes before one whose policy chooses among the repository's, and both go
    before a stream that takes every tag.
    """
    ranks = (
        index.by_source.get((repository, tag), []),
        index.by_policy.get(repository, []),
        index.implied.get((repository, tag), []),
    )
    # Stream tags that leave the file out do not compete; with none left, they are named.
    for candidates in ranks:
        if any(_in_paths(each, occurrence.file) for each in candidates):
            return _choose(occurrence, candidates, Rule.SOURCE)
    left_out = next(filter(None, ranks), [])
    return _Unbound(_paths(left_out)) if left_out else _declared_otherwise(repository, tag, index)


def _declared_otherwise(repository: Repository, tag: str, index: TagIndex) -> _Unbound | None:
    """Say where a stream takes every tag of a repository, but has another image under this one's name."""
    keys = [TagKey(stream, tag) for stream in index.whole.get(repository, ())]
    if not keys:
        return None
    names = ", ".join(map(str, keys))
    return _Unbound(f"{names} is declared in spec.tags and does not follow it; declare another tag that does")


def _bind_digest(occurrence: Occurrence, repository: Repository, digest: Digest, index: TagIndex) -> Site | _Unbound:
    candidates = index.recorded(repository, digest)
    if candidates:
        return _choose(occurrence, candidates, Rule.HISTORY) or _Unbound(_paths(candidates))
    known = index.by_repository.get(repository, [])
    example = _marker(known[0].key) if len(known) == 1 else _marker_form()
    return _Unbound(f"it has a digest and no tag, and the digest is in no stream tag's history; add {example}")


def _bind_marker(occurrence: Occurrence, marker: MarkedScalar, index: TagIndex) -> Site | _Unbound:
    namespace, slash, name = marker.stream.rpartition("/")
    streams = [
        key
        for key in index.by_name.get(name, [])
        if (key.namespace == namespace if slash else _admits(key.namespace, occurrence.namespace))
    ]
    # Where neither side has a namespace the marker names the stream exactly, and could not do so otherwise.
    own = [key for key in streams if key.namespace == occurrence.namespace]
    keys = [TagKey(key, marker.tag) for key in own or streams]
    present = [key for key in keys if key in index.catalog.tags]
    if len(present) == 1:
        return Site(occurrence, present[0], Rule.MARKER)
    if len(present) > 1:
        names = ", ".join(sorted(map(str, present)))
        return _Unbound(f"ambiguous: its marker may mean {names}; write the namespace into the marker")
    return _Unbound(_unknown(marker, keys, streams, index))


def _unknown(marker: MarkedScalar, keys: Collection[TagKey], streams: Collection[StreamKey], index: TagIndex) -> str:
    """Say what a marker would have to name instead."""
    named = f"its marker names {marker.stream}:{marker.tag}"
    if any(tag.key in keys for tag in index.catalog.invalid):
        return f"{named}, whose declaration cannot be used"
    declared = sorted(key.tag for key in index.catalog.tags if key.stream in streams)
    if declared:
        return f"its marker names the tag {marker.tag}, but {marker.stream} declares {', '.join(declared)}"
    others = [key for key in index.by_name.get(marker.stream.rpartition("/")[2], []) if key not in streams]
    if others:
        known = ", ".join(sorted(f"{key}:{marker.tag}" for key in others))
        return f"{named}, which no file declares; write {known} if that is what it means"
    return f"{named}, which no file declares"


def _choose(occurrence: Occurrence, candidates: list[StreamTag], rule: Rule) -> Site | _Unbound | None:
    """Narrow the candidates by path and namespace; one must be left."""
    allowed = [tag for tag in candidates if _in_paths(tag, occurrence.file)]
    if not allowed:
        return _Unbound(_paths(candidates)) if candidates else None
    own = [
        tag for tag in allowed if occurrence.namespace is not None and tag.key.stream.namespace == occurrence.namespace
    ]
    left = own or allowed
    if len(left) == 1:
        return Site(occurrence, left[0].key, rule)
    names = ", ".join(sorted(str(tag.key) for tag in left))
    return _Unbound(f"ambiguous: {names} track it; add {_marker(left[0].key)} with the one that is meant")


def _admits(stream: str | None, document: str | None) -> bool:
    """Compare namespaces only where both sides have one."""
    return stream is None or document is None or stream == document


def _in_paths(tag: StreamTag, file: str) -> bool:
    return not tag.paths or matches_any(tag.paths, file)


def _paths(candidates: Iterable[StreamTag]) -> str:
    names = ", ".join(str(tag.key) for tag in candidates)
    return f"{names} would match, but gitops-streams.io/paths leaves this file out"


def _marker(key: TagKey) -> str:
    return f'# {{"$imagestream": "{key}"}}'


def _marker_form() -> str:
    return '# {"$imagestream": "[namespace/]stream:tag"}'
