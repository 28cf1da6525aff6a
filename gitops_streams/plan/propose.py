"""Propose streams for what a repository uses, and try them: which reference would be bound to which stream tag?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gitops_streams.errors import InternalError
from gitops_streams.manifests.survey import Survey, Use
from gitops_streams.oci.reference import Reference, Repository
from gitops_streams.plan.proposal import Known, MarkerChange, Proposal, ProposedStream, ProposedTag, ProposedUse
from gitops_streams.plan.sort_uses import Sorted, sort_uses
from gitops_streams.plan.whole_repositories import bind_each, with_aliased
from gitops_streams.streams import load
from gitops_streams.streams.declare import DeclaredTag
from gitops_streams.streams.foreign import Foreign, Wanted
from gitops_streams.streams.model import NAMESPACE, StreamKey, TagKey
from gitops_streams.streams.stream_names import stream_names, tag_names
from gitops_streams.yamledit.locate import Located, Unparsable, locate

_INSECURE = re.compile(r"localhost(?::.*)?|\[.*|[0-9.]+(?::.*)?|.*:(?!443$)[0-9]+")
"""Registries that may well speak plain HTTP: this machine, an address, another port."""
_MOST_NAMED = 5
"""Names in one line."""


@dataclass(slots=True)
class _Asked:
    """A stream tag that other tools ask for, each in its own object."""

    wanted: Wanted
    """The first of them."""
    origins: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    markers: list[tuple[str, str]] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)

    @property
    def origin(self) -> str:
        """What asks for it; of many the first ones."""
        return ", ".join(self.origins[:_MOST_NAMED]) + (", …" if len(self.origins) > _MOST_NAMED else "")


@dataclass(frozen=True, slots=True)
class _Planned:
    """A stream, with the stream tags that the Flux markers of its policies become."""

    stream: ProposedStream
    markers: Mapping[tuple[str, str], TagKey]


def propose(
    surveys: Sequence[Survey],
    foreign: Iterable[Foreign],
    known: Known,
    *,
    directory: str,
    occupied: Callable[[str], bool],
) -> Proposal:
    """Propose one stream for every repository that nothing follows yet.

    Args:
        surveys: what the files use, in their order.
        foreign: what other tools' objects ask for.
        known: what is declared and recorded already.
        directory: where new files go; empty for the top of the repository.
        occupied: whether something has a path already.

    Raises:
        InternalError: what is proposed cannot be read back.
    """
    found = sort_uses(surveys, foreign, known)
    repositories = {repository: _namespace(found, repository) for repository in {*found.exact, *found.wanted}}
    keys = stream_names(repositories, known.catalog.by_key)
    paths: set[str] = set()
    planned = []
    for repository, key in sorted(keys.items(), key=lambda pair: (pair[1].namespace or "", pair[1].name)):
        path = _path(directory, key, lambda path: path in paths or occupied(path))
        paths.add(path)
        planned.append(_stream(key, repository, path, found))
    tried = tuple(_tried([each.stream for each in planned], surveys, known))
    markers = dict(found.declared)
    for each in planned:
        markers |= each.markers
    return Proposal(tried, tuple(found.left_out), tuple(_marker_changes(surveys, markers)))


def _namespace(found: Sorted, repository: Repository) -> str | None:
    """Return the namespace that the documents agree on; one that names none has nothing against any."""
    uses = [use for tagged in found.exact.get(repository, {}).values() for use in tagged]
    uses += [use for _, asked in found.wanted.get(repository, []) for use in asked]
    named = {use.occurrence.namespace or use.occurrence.owner.namespace for use in uses} - {None}
    namespace = named.pop() if len(named) == 1 else None
    return namespace if namespace is not None and NAMESPACE.fullmatch(namespace) else None


def _path(directory: str, key: StreamKey, occupied: Callable[[str], bool]) -> str:
    start = "/".join(filter(None, (directory, key.namespace, key.name)))
    path, number = f"{start}.yaml", 2
    while occupied(path):
        path, number = f"{start}-{number}.yaml", number + 1
    return path


def _stream(key: StreamKey, repository: Repository, path: str, found: Sorted) -> _Planned:
    exact = {tag: list(uses) for tag, uses in found.exact.get(repository, {}).items()}
    asked = _distinct(found.wanted.get(repository, []))
    tags = [
        ProposedTag(DeclaredTag(tag, _spelling(uses, repository, tag), {}), tuple(map(ProposedUse, uses)))
        for tag, uses in sorted(exact.items())
    ]
    names = tag_names([each.wanted.names for each in asked], exact)
    for name, each in zip(names, asked, strict=True):
        wanted = each.wanted
        source = str(Reference(wanted.repository.name, repository, wanted.tag))
        comments = tuple(_shown(text) for text in (f"as {each.origin}", *each.notes))
        declared = DeclaredTag(name, source, wanted.annotations, wanted.insecure, comments)
        tags.append(ProposedTag(declared, tuple(map(ProposedUse, each.uses)), each.origin, tuple(each.notes)))
    secrets = {secret for tag in tags for use in tag.uses for secret in use.use.pull_secrets}
    secrets |= {secret for each in asked for secret in each.secrets}
    stream = ProposedStream(key, repository, path, tuple(tags), tuple(_hints(repository, secrets, tags)))
    markers = {marker: TagKey(key, name) for name, each in zip(names, asked, strict=True) for marker in each.markers}
    return _Planned(stream, markers)


def _hints(repository: Repository, secrets: Collection[str], tags: Iterable[ProposedTag]) -> Iterator[str]:
    if secrets:
        some = ", ".join(sorted(secrets)[:_MOST_NAMED]) + (", …" if len(secrets) > _MOST_NAMED else "")
        yield _shown(f"it is pulled with a login ({some}): gitops-streams may need one to {repository.domain} too")
    if _INSECURE.fullmatch(repository.domain) and not any(tag.declared.insecure for tag in tags):
        yield f"if {repository.domain} speaks plain HTTP, write insecure: true under importPolicy"


def _spelling(uses: Iterable[Use], repository: Repository, tag: str) -> str:
    """Spell a reference as most of its uses do."""
    names = Counter(use.occurrence.name for use in uses)
    name = min(names, key=lambda name: (-names[name], name)) if names else repository.familiar
    return str(Reference(name, repository, tag))


def _distinct(wanted: Iterable[tuple[Wanted, list[Use]]]) -> list[_Asked]:
    """Put together what is the same, whoever asks for it."""
    kept: dict[object, _Asked] = {}
    for each, uses in wanted:
        asked = kept.setdefault((each.tag, frozenset(each.annotations.items()), each.insecure), _Asked(each))
        asked.origins.append(each.origin)
        asked.notes += [note for note in each.notes if note not in asked.notes]
        asked.secrets += each.pull_secrets
        asked.markers += [each.marker] if each.marker is not None else []
        asked.uses += uses
    return list(kept.values())


def _tried(streams: Sequence[ProposedStream], surveys: Sequence[Survey], known: Known) -> Iterator[ProposedStream]:
    """Declare the streams, bind every use, and say of each what keeps it from being bound."""
    catalog = load.load([*known.located.items(), *((stream.path, _read_back(stream)) for stream in streams)])
    files = [survey.file for survey in surveys] if streams else []
    tried = bind_each(files, with_aliased(catalog), known.history, known.local)
    bound: dict[int, TagKey] = {}
    reasons: dict[tuple[str, int, str], str] = {}
    for bindings in tried.bindings:
        bound |= {id(site.occurrence): site.tag for site in bindings.sites}
        reasons |= {(each.file, each.line, each.reference): each.reason for each in bindings.skipped}
    for stream in streams:
        tags = []
        for tag in stream.tags:
            key = TagKey(stream.key, tag.declared.name)
            if key not in tried.catalog.tags:
                raise InternalError(f"the proposed stream tag {key} cannot be read back")
            uses = [replace(use, obstacle=_obstacle(use.use, key, bound, reasons)) for use in tag.uses]
            tags.append(replace(tag, uses=tuple(uses)))
        yield replace(stream, tags=tuple(tags))


def _read_back(stream: ProposedStream) -> Located:
    located = locate(stream.text)
    if isinstance(located, Unparsable):
        raise InternalError(f"the proposed stream {stream.key} cannot be read back: {located.reason}")
    return located


def _obstacle(
    use: Use, key: TagKey, bound: Mapping[int, TagKey], reasons: Mapping[tuple[str, int, str], str]
) -> str | None:
    found = bound.get(id(use.occurrence))
    if found == key:
        return None
    if found is not None:
        return f"{found} takes it; only a marker says that {key} is meant"
    place = (use.occurrence.file, use.occurrence.line, use.occurrence.text)
    return reasons.get(place, "it has another tag")


def _marker_changes(surveys: Iterable[Survey], keys: Mapping[tuple[str, str], TagKey]) -> Iterator[MarkerChange]:
    """Yield what takes the place of Flux's markers whose policies streams stand for."""
    for survey in surveys:
        for marker in survey.markers:
            key = keys.get(marker.key)
            if key is not None:
                part = f":{marker.part}" if marker.part else ""
                after = f'# {{"$imagestream": "{key}{part}"}}'
                yield MarkerChange(marker.file, marker.line, marker.comment, after)


def _shown(text: str) -> str:
    """Return a text that can stand in a comment."""
    return "".join(character if character.isprintable() else "�" for character in text)
