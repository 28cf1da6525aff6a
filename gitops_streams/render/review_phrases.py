"""What a review says, as phrases: why a digest moved, what changed, where it goes. Every format says the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from gitops_streams.render.phrase import NOTHING, Code, Part, Phrase, Strong, joined, kind, merged, prose
from gitops_streams.render.words import count
from gitops_streams.review.delta import Difference, MoveClass
from gitops_streams.review.report import FileReview, Review, Rollout, TagReview

MOVED = {
    MoveClass.CONTRACT: "contract changed",
    MoveClass.ROLLBACK: "back to an older image",
    MoveClass.SOURCE: "new source revision",
    MoveClass.REBUILD: "rebuild of the same revision",
    MoveClass.CONTENT: "new content, revision unknown",
    MoveClass.METADATA: "metadata only",
    MoveClass.FIRST_PIN: "first pin",
    MoveClass.UNKNOWN: "not compared",
}
"""A class in a few words."""
_COUNTED = {
    MoveClass.CONTRACT: ("contract change", "contract changes"),
    MoveClass.ROLLBACK: ("rollback", "rollbacks"),
    MoveClass.SOURCE: ("new revision", "new revisions"),
    MoveClass.REBUILD: ("rebuild", "rebuilds"),
    MoveClass.CONTENT: ("content change", "content changes"),
    MoveClass.METADATA: ("metadata only", "metadata only"),
    MoveClass.FIRST_PIN: ("first pin", "first pins"),
    MoveClass.UNKNOWN: ("not compared", "not compared"),
}
_SHORT_VALUE = 80
_NAMED = 3
"""How many places or fields a line names before it counts."""
_TOLD_LABELS = frozenset(f"org.opencontainers.image.{name}" for name in ("revision", "version", "source"))
"""Labels that the facts tell of."""


@dataclass(frozen=True, slots=True)
class Row:
    """One field before and after."""

    field: Phrase
    old: Phrase
    new: Phrase
    alarming: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """One place that a new digest rolls out to, as a row."""

    environment: Phrase
    workload: Phrase
    container: Phrase
    file: Phrase


# The whole review


def headline(review: Review) -> str:
    """Say in a few words what a reviewer has to do."""
    tags, alarming = len(review.tags), len(review.alarming)
    if not tags:
        return "Records what the stream tags resolved to; no image in a manifest changes"
    moves = f"{count(tags, 'stream tag')} {'moves' if tags == 1 else 'move'}"
    if alarming:
        look = "needs a look" if alarming == 1 else "need a look"
        return f"{moves}, and it needs a look" if tags == 1 else f"{moves}, {alarming} of them {look}"
    first = sum(tag.delta.move is MoveClass.FIRST_PIN for tag in review.tags)
    unknown = sum(tag.delta.move is MoveClass.UNKNOWN for tag in review.tags)
    if unknown:
        return f"{moves}, {'which' if tags == unknown else unknown} could not be compared"
    if first == tags:
        return f"{count(tags, 'stream tag')} {'is' if tags == 1 else 'are'} pinned for the first time"
    return f"{moves}; no contract change was found"


def classes(review: Review) -> str:
    """Count the classes: ``1 contract change · 2 rebuilds``; nothing where the headline says it all."""
    found = Counter(tag.delta.move for tag in review.tags)
    if found.keys() <= {MoveClass.FIRST_PIN}:
        return ""
    return " · ".join(count(found[move], *_COUNTED[move]) for move in MoveClass if found[move])


def extent(review: Review) -> Phrase:
    """Say how much is changed, and where."""
    manifests = sum(bool(file.tags) for file in review.files)
    own = len(review.files) - manifests
    files = [count(manifests, "manifest")] if manifests or not own else []
    files += [count(own, "status file")] if own else []
    return (f"{' and '.join(files)} on ", Code(review.base, 120))


def destinations(rollouts: Iterable[Rollout]) -> tuple[tuple[str | None, Phrase], ...]:
    """Sum up where something rolls out: each environment with the workloads there, named or counted.

    ``None`` stands last, for the places whose environment nothing names.
    """
    found: dict[str | None, list[Rollout]] = {}
    for rollout in rollouts:
        found.setdefault(rollout.environment, []).append(rollout)
    named = sorted(environment for environment in found if environment is not None)
    order: list[str | None] = [*named, None] if None in found else [*named]
    return tuple((name, _summed(found[name])) for name in order)


def _summed(rollouts: list[Rollout]) -> Phrase:
    workloads = list(dict.fromkeys((rollout.kind, rollout.namespace, rollout.name) for rollout in rollouts))
    known = [workload for workload in workloads if workload[0] is not None or workload[2] is not None]
    other = len({rollout.file for rollout in rollouts if rollout.kind is None and rollout.name is None})
    if len(known) <= _NAMED:
        phrases = [workload(*each) for each in known]
    else:
        kinds = Counter(workload[0] for workload in known)
        phrases = [
            merged([f"{number} ", "of no kind" if name is None else kind(name), "" if number == 1 else "s"])
            for name, number in sorted(kinds.items(), key=lambda item: (-item[1], item[0] or ""))
        ]
    if len(phrases) > _NAMED:
        phrases = [*phrases[:_NAMED], (count(len(phrases) - _NAMED, "other kind"),)]
    if other:
        phrases.append((count(other, "values file" if not known else "other file"),))
    return joined(phrases)


def workload(name_of_kind: str | None, namespace: str | None, name: str | None) -> Phrase:
    """Name a workload; an empty phrase where it has neither kind nor name."""
    full = "/".join(part for part in (namespace, name) if part)
    parts: list[Part] = [] if name_of_kind is None else [kind(name_of_kind)]
    if full:
        parts += [" ", Code(full, 120)] if parts else [Code(full, 120)]
    return merged(parts)


# One stream tag


def reason(tag: TagReview) -> Phrase:
    """Say in a few words why the digest moved, the most notable first."""
    parts: list[Part] = [Strong(MOVED[tag.delta.move])]
    parts += [f", {MOVED[also]}" for also in tag.delta.also]
    return merged(parts)


def alerts(tag: TagReview) -> tuple[Phrase, ...]:
    """Say what needs attention, one phrase each; first what a single field does not show."""
    platforms_first = sorted(tag.delta.contract, key=lambda difference: difference.field != "Platform")
    return (
        *(prose(sentence.removesuffix(".")) for sentence in tag.delta.attention),
        *(_told(difference) for difference in platforms_first),
    )


def _told(difference: Difference) -> Phrase:
    subject: list[Part] = [difference.field if difference.name is None else f"{difference.field} "]
    if difference.name is not None:
        subject.append(Code(difference.name, _SHORT_VALUE))
    if difference.field == "Platform":
        return merged([*subject, " is gone" if difference.new is None else " is new"])
    # A port or a volume has no value beside its name.
    told = difference.name in {difference.old, difference.new}
    if difference.old is None:
        return merged([*subject, " is new", *(() if told else (": ", *_value(difference, new=True)))])
    if difference.new is None:
        return merged([*subject, " is gone", *(() if told else (", was ", *_value(difference, new=False)))])
    if difference.hidden:
        return merged([*subject, " changed (values hidden)"])
    return merged([*subject, ": ", *_value(difference, new=False), " → ", *_value(difference, new=True)])


def _value(difference: Difference, *, new: bool, most: int = _SHORT_VALUE) -> Phrase:
    value = difference.new if new else difference.old
    if value is None:
        return (NOTHING,)
    return ("(hidden)",) if difference.hidden else (Code(value, most),)


def inside(tag: TagReview) -> str:
    """Return the heading of what an image holds."""
    return "What is inside" if tag.delta.move is MoveClass.FIRST_PIN else "What changed inside"


def rows(tag: TagReview, *, labels: bool = True) -> tuple[Row, ...]:
    """List the differences, those of the contract first.

    Args:
        tag: the stream tag.
        labels: whether labels are listed too.
    """
    listed = [(difference, True) for difference in tag.delta.contract if difference.field != "Platform"]
    source = tag.delta.source
    said = {
        (source.old_revision, source.new_revision),
        (source.old_version, source.new_version),
        (source.old_url, source.new_url),
    }
    listed += [
        (difference, False)
        for difference in tag.delta.labels
        if labels and not (difference.name in _TOLD_LABELS and (difference.old, difference.new) in said)
    ]
    found = []
    for difference, alarming in listed:
        old: Phrase
        new: Phrase
        name: Phrase = () if difference.name is None else (" ", Code(difference.name, _SHORT_VALUE))
        if difference.name is not None and difference.name in {difference.old, difference.new}:
            old = (NOTHING if difference.old is None else "yes",)
            new = (NOTHING if difference.new is None else "yes",)
        else:
            old, new = _value(difference, new=False, most=240), _value(difference, new=True, most=240)
            if difference.hidden and difference.old is not None and difference.new is not None:
                new = ("(hidden, changed)",)
        found.append(Row(merged([difference.field, *name]), old, new, alarming))
    return tuple(found)


def digests(tag: TagReview) -> Phrase:
    """Write the move with digests cut: ``sha256:… → sha256:…``."""
    old: list[Part] = [Code(tag.old[0].short)] if tag.old else ["unpinned"]
    if len(tag.old) > 1:
        old.append(f" and {len(tag.old) - 1} more")
    return merged([*old, " → ", Code(tag.new.short)])


# Places


def places(tag: TagReview) -> tuple[Place, ...]:
    """List where a digest rolls out, as rows."""
    return tuple(
        Place(
            (NOTHING,) if rollout.environment is None else (Code(rollout.environment, 64),),
            workload(rollout.kind, rollout.namespace, rollout.name) or (NOTHING,),
            (NOTHING,) if rollout.container is None else (Code(rollout.container, 120),),
            (Code(f"{rollout.file}:{rollout.line}", 240),),
        )
        for rollout in tag.rollouts
    )


def briefly(tag: TagReview) -> Phrase:
    """Say where a digest rolls out in a table's cell."""
    if not tag.rollouts:
        return ("no place",)
    return joined(
        (
            workloads if name is None else merged([Code(name, 64), ": ", *workloads])
            for name, workloads in destinations(tag.rollouts)
        ),
        "; ",
    )


def manifests(files: Iterable[FileReview]) -> tuple[FileReview, ...]:
    """Return the files that are no status files."""
    return tuple(file for file in files if file.tags)
