"""Every place of a reference with what becomes of it: bound, skipped, ignored, not followed. What ``sites`` lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from gitops_streams.manifests.occurrence import LocalName, MarkedScalar, Mention, Occurrence, TriggeredField
from gitops_streams.manifests.scan import ScannedFile
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Reference, Repository
from gitops_streams.plan.bind import Bindings
from gitops_streams.plan.model import Rule, Site
from gitops_streams.streams.model import Catalog, DockerImage, StreamKey, StreamTag, TagKey
from gitops_streams.yamledit.pointer import Pointer


class State(StrEnum):
    """What becomes of a place."""

    BOUND = "bound"
    """A stream tag decides its digest."""
    SKIPPED = "skipped"
    """A stream follows it, and something keeps it from being edited."""
    IGNORED = "ignored"
    """Its user keeps it from being edited."""
    NOT_FOLLOWED = "not-followed"
    """No stream tag follows its tag or its repository."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One place."""

    state: State
    file: str
    line: int
    document: int
    pointer: Pointer
    """Empty where it is not known."""
    reference: str
    repository: Repository | None
    source_tag: str | None
    """The tag that it names."""
    form: str
    """How it was found: the form's name; ``text`` where a text contains it."""
    field_rule: str | None
    """The user's rule that found it."""
    tag: TagKey | None = None
    rule: Rule | None = None
    digest: Digest | None = None
    reason: str | None = None
    advice: str = ""
    within: tuple[tuple[int, Pointer], ...] = ()
    """Where it stands in the document that the string at ``pointer`` is, and in a string there; see ``Occurrence``."""


def listed(files: Iterable[ScannedFile], bindings: Bindings, catalog: Catalog) -> tuple[Listed, ...]:
    """List every place of some files, in the order of files and lines.

    Args:
        files: what was scanned.
        bindings: what of it is bound and skipped.
        catalog: what is declared.
    """
    sites = {id(site.occurrence): site for site in bindings.sites}
    reasons = {(each.file, each.line, each.reference): each.reason for each in bindings.skipped}
    followed = _followed(catalog)
    places = []
    for file in files:
        for finding in file.findings:
            if isinstance(finding, Mention):
                places.append(_mentioned(finding, reasons, followed))
            else:
                places.append(_occurring(finding, sites.get(id(finding)), reasons, followed))
    return tuple(sorted(places, key=lambda each: (each.file, each.line, each.reference, each.state)))


def only_of(places: Iterable[Listed], wanted: Reference | StreamKey | TagKey, catalog: Catalog) -> tuple[Listed, ...]:
    """Keep the places of a stream or a stream tag, or of a reference: its repository, and its tag if it names one.

    What is bound to nothing belongs to a stream tag too if it names what that follows.
    """
    if isinstance(wanted, Reference):
        return tuple(each for each in places if _is_of(each, wanted.repository, wanted.tag))
    keys = [key for key in catalog.tags if wanted in {key, key.stream}]
    sources = [tag.source for tag in map(catalog.tags.__getitem__, keys) if isinstance(tag.source, DockerImage)]
    return tuple(
        each
        for each in places
        if each.tag in keys
        or (
            each.tag is None
            and any(
                _is_of(each, source.reference.repository, None if source.by_policy else source.tag)
                for source in sources
            )
        )
    )


def _is_of(place: Listed, repository: Repository, tag: str | None) -> bool:
    return place.repository == repository and tag in {None, place.source_tag}


def not_followed(places: Iterable[Listed], catalog: Catalog) -> tuple[Listed, ...]:
    """Keep the places whose repository no stream follows, and which nobody keeps from being edited."""
    followed = _followed(catalog)
    return tuple(place for place in places if place.state is State.NOT_FOLLOWED and place.repository not in followed)


def unnamed(files: Iterable[ScannedFile], catalog: Catalog) -> list[ScannedFile]:
    """Leave out what names a declared stream tag, by a marker, a trigger or its own name: that follows it."""
    return [
        replace(file, findings=tuple(each for each in file.findings if not _names_a_stream(each, catalog)))
        for file in files
    ]


def _names_a_stream(found: Occurrence | Mention, catalog: Catalog) -> bool:
    match None if isinstance(found, Mention) else found.form:
        case LocalName(stream=stream):
            return isinstance(named(stream, catalog), StreamKey)
        case MarkedScalar(stream=stream, tag=tag):
            return named(f"{stream}:{tag}", catalog) is not None
        case TriggeredField(trigger=trigger):
            namespace = "" if trigger.namespace is None else f"{trigger.namespace}/"
            return named(f"{namespace}{trigger.stream}:{trigger.tag}", catalog) is not None
        case _:
            return False


def named(text: str, catalog: Catalog) -> StreamKey | TagKey | None:
    """Return the declared stream or stream tag that a text names, ``[namespace/]stream[:tag]``."""
    for key in catalog.tags:
        if text in {str(key), f"{key.stream.name}:{key.tag}"}:
            return key
    return next((stream.key for stream in catalog.streams if text in {str(stream.key), stream.key.name}), None)


def _followed(catalog: Catalog) -> dict[Repository, list[StreamTag]]:
    followed: dict[Repository, list[StreamTag]] = {}
    whole = (stream.whole for stream in catalog.streams if stream.whole is not None)
    for tag in (*catalog.tags.values(), *whole):
        if isinstance(tag.source, DockerImage):
            followed.setdefault(tag.source.reference.repository, []).append(tag)
    return followed


def _occurring(
    found: Occurrence,
    site: Site | None,
    reasons: dict[tuple[str, int, str], str],
    followed: dict[Repository, list[StreamTag]],
) -> Listed:
    state, reason = State.BOUND, None
    if site is None:
        reason = reasons.get((found.file, found.line, found.text))
        state = State.NOT_FOLLOWED if reason is None else State.SKIPPED
        reason = reason or _nobody(found.repository, found.tag, followed)
    (document, pointer), *within = found.address
    return Listed(
        state,
        found.file,
        found.line,
        document,
        pointer,
        found.text,
        found.repository,
        found.tag,
        found.form_name,
        found.field_rule,
        None if site is None else site.tag,
        None if site is None else site.rule,
        found.digest,
        reason,
        within=tuple(within),
    )


def _mentioned(
    found: Mention, reasons: dict[tuple[str, int, str], str], followed: dict[Repository, list[StreamTag]]
) -> Listed:
    state, reason = State.IGNORED, found.reason
    if not found.spared:
        known = (found.file, found.line, found.text) in reasons
        state = State.SKIPPED if known else State.NOT_FOLLOWED
        reason = reason if known else f"{_nobody(found.repository, found.tag, followed)}; besides, {reason}"
    return Listed(
        state,
        found.file,
        found.line,
        found.document,
        found.pointer,
        found.text,
        found.repository,
        found.tag,
        "text",
        None,
        reason=reason,
        advice="" if state is State.IGNORED else found.advice.line,
    )


def _nobody(repository: Repository | None, tag: str | None, followed: dict[Repository, list[StreamTag]]) -> str:
    """Say why no stream tag takes a place that nothing else keeps from being edited."""
    tags: Sequence[StreamTag] = followed.get(repository, []) if repository is not None else []
    if not tags:
        return "no stream follows its repository; gitops-streams init proposes one"
    names = ", ".join(dict.fromkeys(f"{each.key} ({each.source})" for each in tags[:3]))
    more = f" and {len(tags) - 3} more" if len(tags) > 3 else ""  # noqa: PLR2004  what was just shown
    what = "it names neither tag nor digest" if tag is None else f"no stream tag follows {tag}"
    return f"{what}; of its repository there are {names}{more}"
