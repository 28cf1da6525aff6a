"""Sort what a repository uses: what streams follow already, what can be proposed, what cannot and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gitops_streams.manifests.occurrence import LocalName, MarkedScalar, Occurrence, TriggeredField
from gitops_streams.manifests.survey import Survey, Use
from gitops_streams.oci.reference import Repository
from gitops_streams.plan.proposal import Known, LeftOut
from gitops_streams.plan.whole_repositories import bind_each
from gitops_streams.streams.foreign import Foreign, Untranslated, Wanted
from gitops_streams.streams.model import Catalog, DockerImage, StreamTag, TagKey

_LETTER = re.compile(r"[a-z]")


@dataclass(slots=True)
class Sorted:
    """What is to be proposed, and what is not."""

    exact: dict[Repository, dict[str, list[Use]]] = field(default_factory=dict)
    """The uses of a repository by the tag that they name."""
    wanted: dict[Repository, list[tuple[Wanted, list[Use]]]] = field(default_factory=dict)
    """What other tools ask for, with the uses that their markers name."""
    declared: dict[tuple[str, str], TagKey] = field(default_factory=dict)
    """The stream tags that Flux policies are declared as already."""
    left_out: list[LeftOut] = field(default_factory=list)
    untagged: list[tuple[Repository, LeftOut]] = field(default_factory=list)
    """References that name neither tag nor digest."""


def sort_uses(surveys: Sequence[Survey], foreign: Iterable[Foreign], known: Known) -> Sorted:
    """Sort the uses of a repository, and what other tools ask for.

    Args:
        surveys: its files, in their order.
        foreign: what other tools' objects say.
        known: what is declared and recorded already.
    """
    found = Sorted()
    followed = _followed(known.catalog)
    by_marker: dict[tuple[str, str], list[Use]] = {}
    for one in foreign:
        match one:
            case Untranslated():
                found.left_out.append(LeftOut(one.file, one.line, one.origin, one.reason))
            case Wanted():
                _sort_wanted(one, followed.get(one.repository.repository, []), by_marker, found)
    files = [survey.file for survey in surveys] if known.catalog.streams else []
    sites = (
        site for each in bind_each(files, known.catalog, known.history, known.local).bindings for site in each.sites
    )
    bound = {id(site.occurrence) for site in sites}
    for survey in surveys:
        for use in survey.uses:
            if id(use.occurrence) not in bound:
                _sort_use(use, followed, by_marker, found)
        found.left_out += [
            LeftOut(marker.file, marker.line, f"{marker.namespace}:{marker.policy}", _UNKNOWN_POLICY)
            for marker in survey.markers
            if marker.key not in by_marker and marker.key not in found.declared
        ]
    # In a kustomization's base a name alone is all there should be: the tag stands in an overlay.
    proposed = {*found.exact, *found.wanted}
    found.left_out += [item for repository, item in found.untagged if repository not in proposed]
    found.left_out = _merged(found.left_out)
    return found


_UNKNOWN_POLICY = "no stream stands for the Flux policy that its marker names"


def _followed(catalog: Catalog) -> dict[Repository, list[StreamTag]]:
    followed: dict[Repository, list[StreamTag]] = {}
    for tag in catalog.tags.values():
        if isinstance(tag.source, DockerImage):
            followed.setdefault(tag.source.reference.repository, []).append(tag)
    for stream in catalog.streams:
        if stream.whole is not None and isinstance(stream.whole.source, DockerImage):
            followed.setdefault(stream.whole.source.reference.repository, []).append(stream.whole)
    return followed


def _sort_wanted(
    wanted: Wanted, followed: list[StreamTag], by_marker: dict[tuple[str, str], list[Use]], found: Sorted
) -> None:
    for tag in followed:
        source = tag.source
        if not isinstance(source, DockerImage) or tag.policy != wanted.policy:
            continue
        if wanted.policy is not None or source.tag == wanted.tag:
            if wanted.marker is not None:
                found.declared[wanted.marker] = tag.key
            return
    if followed:
        reason = f"{_names(followed)} follows {wanted.repository} otherwise; {_how(wanted, followed[0])}"
        found.left_out.append(LeftOut(wanted.file, wanted.line, wanted.origin, reason))
        return
    uses: list[Use] = []
    if wanted.marker is not None:
        uses = by_marker.setdefault(wanted.marker, uses)
    found.wanted.setdefault(wanted.repository.repository, []).append((wanted, uses))


def _how(wanted: Wanted, tag: StreamTag) -> str:
    if wanted.policy is not None:
        return f"for its own way, add a tag to {tag.file} with the policy {wanted.policy}"
    return f"add a tag to {tag.file} that follows {wanted.tag}"


def _sort_use(
    use: Use,
    followed: Mapping[Repository, list[StreamTag]],
    by_marker: Mapping[tuple[str, str], list[Use]],
    found: Sorted,
) -> None:
    occurrence = use.occurrence
    if isinstance(occurrence.form, TriggeredField):
        trigger = occurrence.form.trigger
        name = f"{trigger.stream}:{trigger.tag}"
        _leave_out(found, occurrence, f"a trigger sets it to {name}, and no file declares what that follows")
        return
    if isinstance(occurrence.form, MarkedScalar | LocalName) or occurrence.repository is None:
        return
    repository = occurrence.repository
    if not _LETTER.search(repository.path.removeprefix("library/")):
        return  # a time, a size: digits alone name no image that anybody deploys
    if occurrence.tag is None:
        if occurrence.digest is not None:
            _leave_out(found, occurrence, "it has a digest and no tag, so what it follows is not known; write the tag")
        elif occurrence.pointer[-1] == "image" and repository not in followed:
            reason = "it names no tag; write :latest if that is what it means"
            found.untagged.append((repository, LeftOut(occurrence.file, occurrence.line, occurrence.text, reason)))
        return
    if use.marker is not None and use.marker.key in by_marker:
        by_marker[use.marker.key].append(use)
        return
    tags = followed.get(repository, [])
    if any(_is_of(tag, occurrence.tag) for tag in tags):
        return  # diff says what keeps it from being bound
    if tags:
        stream = tags[0].key.stream
        advice = f"gitops-streams tag {repository}:{occurrence.tag} {stream}:{occurrence.tag}"
        _leave_out(found, occurrence, f"{stream} follows other tags of its repository; to add this one: {advice}")
    else:
        _unmarked(found, repository, occurrence.tag).append(use)


def _unmarked(found: Sorted, repository: Repository, tag: str) -> list[Use]:
    """Return the uses that one without a marker belongs to.

    Flux leaves alone what has none. Argo CD Image Updater has none at all: its policies are for every place.
    """
    asked = [(wanted, uses) for wanted, uses in found.wanted.get(repository, []) if wanted.marker is None]
    for wanted, uses in sorted(asked, key=lambda pair: pair[0].tag is None):
        if wanted.tag in {tag, None}:
            return uses
    return found.exact.setdefault(repository, {}).setdefault(tag, [])


def _is_of(tag: StreamTag, name: str) -> bool:
    return isinstance(tag.source, DockerImage) and (tag.implied or tag.source.by_policy or tag.source.tag == name)


def _leave_out(found: Sorted, occurrence: Occurrence, reason: str) -> None:
    found.left_out.append(LeftOut(occurrence.file, occurrence.line, occurrence.text, reason))


def _names(tags: Iterable[StreamTag]) -> str:
    return ", ".join(dict.fromkeys(str(tag.key.stream if tag.implied else tag.key) for tag in tags))


def _merged(items: Iterable[LeftOut]) -> list[LeftOut]:
    """Say the same of the same once, at its first place."""
    first: dict[tuple[str, str], LeftOut] = {}
    for item in items:
        key = (item.what, item.reason)
        first[key] = replace(first[key], places=first[key].places + 1) if key in first else item
    return sorted(first.values(), key=lambda item: (item.file, item.line, item.what))
