"""The review of any pull request that touches pins: what has to be asked, and what is said of the answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.image import ImagePair, InspectedPair, Presence
from gitops_streams.oci.reference import Repository
from gitops_streams.oci.resolution import Resolved
from gitops_streams.plan.audit import Finding
from gitops_streams.review.assemble import MOVED_REPOSITORY, NOT_INSPECTED
from gitops_streams.review.compare import compare, uncompared
from gitops_streams.review.delta import ImageDelta, MoveClass
from gitops_streams.review.followed import FollowedChange
from gitops_streams.review.pins import PinChange, Touch
from gitops_streams.review.policy import ReviewPolicy
from gitops_streams.review.report import FileReview, Review, RunInfo, TagReview
from gitops_streams.review.rollout import in_order, rollout_of
from gitops_streams.review.standing import DOUBTFUL, Standing, Verdict, Witness, judge
from gitops_streams.streams.follow import Followed, follow
from gitops_streams.streams.model import TagKey
from gitops_streams.yamledit.problem import Problem

GROUP = "check"
"""The name of the group in such a review; its stream tags are those that the pull request happens to touch."""

REDIRECTED = "This change also changes what the stream tag follows."


@dataclass(frozen=True, slots=True)
class JudgedPin:
    """A changed pin and what is to be said about it."""

    change: PinChange
    repository: Repository | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Compared:
    """The two states of the repository that were compared."""

    revision: str
    """The base, as it was asked for."""
    base_sha: str
    """Its commit: the configuration is read from there."""
    merge_base: str
    """Where the change left it: pins and declarations are compared with those there."""
    head_sha: str | None
    """The commit that was read; ``None`` for a work tree."""


@dataclass(frozen=True, slots=True)
class PinReview:
    """Everything that is said about one change."""

    compared: Compared
    pins: tuple[JudgedPin, ...]
    """In the order of files and lines."""
    followed: tuple[FollowedChange, ...]
    findings: tuple[Finding, ...]
    """What is wrong with declarations, and was not before."""
    problems: tuple[Problem, ...]
    """What was noticed, and was not before."""
    review: Review
    """The images behind the pins, as a pull request of ours shows them."""
    requests: int = 0
    """HTTP requests that were sent to registries, tokens included."""
    offline: bool = False
    """Whether nothing but records was looked at."""

    @property
    def objections(self) -> tuple[JudgedPin, ...]:
        """The pins that ``check`` objects to."""
        return tuple(pin for pin in self.pins if pin.verdict.is_finding)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell: no pin, no declaration is touched, and nothing is wrong that was not."""
        return not (self.pins or self.followed or self.findings)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a review is assembled from."""

    compared: Compared
    changes: tuple[PinChange, ...]
    witness: Witness
    followed: tuple[FollowedChange, ...] = ()
    findings: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    inspected: Mapping[ImagePair, InspectedPair] = field(default_factory=dict)


def tags_to_ask(changes: Iterable[PinChange]) -> tuple[TagKey, ...]:
    """List the stream tags whose digest in the registry is needed: of pins that have one, each once, by name."""
    keys = {change.tag for change in changes if change.new is not None and change.tag is not None}
    return tuple(sorted(keys, key=lambda key: key.sort_key))


def digests_to_find(changes: Iterable[PinChange], witness: Witness) -> tuple[tuple[Repository, Digest], ...]:
    """List the digests that nobody has said to be there: all but those that a tag of their repository has now."""
    answered: set[tuple[Repository, Digest]] = set()
    for key, answer in witness.answers.items():
        followed = follow(witness.catalog, key, witness.base)
        if isinstance(answer, Resolved) and answer.media_type and isinstance(followed, Followed):
            answered.add((followed.source.reference.repository, answer.digest))
    wanted: dict[tuple[Repository, Digest], None] = {}
    for change in changes:
        repository = witness.repository(change)
        if change.new is not None and repository is not None and (repository, change.new) not in answered:
            wanted[repository, change.new] = None
    return tuple(wanted)


@dataclass(frozen=True, slots=True)
class _Move:
    """A stream tag of which some places get one new digest."""

    key: TagKey
    repository: Repository
    new: Digest
    old: tuple[Digest, ...]
    """The digests of the same repository that they had, the one to compare first."""
    pins: tuple[JudgedPin, ...]
    pair: ImagePair


def judged(facts: Facts) -> tuple[JudgedPin, ...]:
    """Judge every changed pin."""
    witness = facts.witness
    return tuple(JudgedPin(change, witness.repository(change), judge(change, witness)) for change in facts.changes)


def images_to_inspect(facts: Facts) -> tuple[ImagePair, ...]:
    """List the images behind the pins that changed, old and new, each pair once; not what is known to be missing."""
    return tuple(dict.fromkeys(move.pair for move in _moves(facts, judged(facts))))


def assemble_pins(facts: Facts, policy: ReviewPolicy, run: RunInfo, *, requests: int, offline: bool) -> PinReview:
    """Assemble the review.

    Args:
        facts: what is known.
        policy: what a review shows.
        run: for the footer.
        requests: how many HTTP requests it took.
        offline: whether no registry was to be asked.
    """
    pins = judged(facts)
    tags = [_review(move, facts, policy) for move in _moves(facts, pins)]
    tags.sort(key=lambda tag: (not tag.delta.alarming, tag.key.sort_key, str(tag.new)))
    review = Review(
        GROUP,
        facts.compared.revision,
        facts.compared.base_sha,
        tuple(tags),
        _files(pins),
        (),
        run,
    )
    return PinReview(
        facts.compared, pins, facts.followed, facts.findings, facts.problems, review, requests, offline=offline
    )


def _moves(facts: Facts, pins: Sequence[JudgedPin]) -> list[_Move]:
    """Group the pins that have another digest than before by stream tag, repository and new digest."""
    groups: dict[tuple[TagKey, Repository, Digest], list[JudgedPin]] = {}
    for pin in pins:
        change = pin.change
        if change.tag is None or pin.repository is None or change.new is None or change.new == change.old:
            continue
        # What is not there cannot be looked at, and of two digests nobody knows which is meant.
        if pin.verdict.exists is not Presence.ABSENT and pin.verdict.standing is not Standing.DISAGREEMENT:
            groups.setdefault((change.tag, pin.repository, change.new), []).append(pin)
    moves = []
    for (key, repository, new), members in groups.items():
        old = _old(key, repository, members, facts)
        pair = ImagePair(repository, old[0] if old else None, new)
        followed = follow(facts.witness.catalog, key, facts.witness.base)
        if isinstance(followed, Followed) and followed.source.reference.repository == repository:
            pair = replace(pair, platform=followed.tag.platform, insecure=followed.tag.insecure)
        moves.append(_Move(key, repository, new, old, tuple(members), pair))
    return moves


def _old(key: TagKey, repository: Repository, pins: Iterable[JudgedPin], facts: Facts) -> tuple[Digest, ...]:
    """Order the digests that were there: the most frequent first, of those the one that was recorded last."""
    befores = [pin.change.before.occurrence for pin in pins if pin.change.before is not None]
    held = Counter(each.digest for each in befores if each.digest is not None and each.repository in {None, repository})
    recorded = {item.image: at for at, item in reversed(list(enumerate(facts.witness.base.items(key))))}
    return tuple(sorted(held, key=lambda digest: (-held[digest], recorded.get(digest, len(recorded)), str(digest))))


def _review(move: _Move, facts: Facts, policy: ReviewPolicy) -> TagReview:
    catalog = facts.witness.catalog
    declared, followed = catalog.tags.get(move.key), follow(catalog, move.key, facts.witness.base)
    found = facts.inspected.get(move.pair)
    delta = _delta(move, found, _earlier(move, facts), policy)
    sentences = [pin.verdict.reason for pin in move.pins if pin.verdict.standing in DOUBTFUL]
    other = any(
        pin.change.before is not None and pin.change.before.occurrence.repository not in {None, move.repository}
        for pin in move.pins
    )
    sentences += [MOVED_REPOSITORY] if other else []
    redirected = {change.key for change in facts.followed if change.touch is Touch.CHANGED}
    if isinstance(followed, Followed) and not redirected.isdisjoint(followed.path):
        sentences.append(REDIRECTED)
    occurrences = [pin.change.occurrence for pin in move.pins]
    return TagReview(
        move.key,
        "" if declared is None else declared.file,
        0 if declared is None else declared.line,
        _followed(followed) if isinstance(followed, Followed) else "",
        move.repository,
        next((each.tag for each in occurrences if each.tag is not None), _source_tag(followed)),
        move.old,
        move.new,
        replace(
            delta,
            attention=tuple(dict.fromkeys((*sentences, *delta.attention))),
            notes=(*_place_notes(move), *delta.notes),
        ),
        in_order(rollout_of(each, policy.environments) for each in occurrences),
    )


def _delta(move: _Move, found: InspectedPair | None, earlier: Collection[Digest], policy: ReviewPolicy) -> ImageDelta:
    if found is None:
        known = MoveClass.UNKNOWN if move.old else MoveClass.FIRST_PIN
        return uncompared(known, [NOT_INSPECTED], returned=bool(move.old) and move.new in earlier)
    return compare(
        found.old if move.pair.old is not None else None,
        found.new,
        history=earlier,
        env=policy.env,
        compare_hosts=policy.compare_hosts,
    )


def _earlier(move: _Move, facts: Facts) -> frozenset[Digest]:
    """Return the digests that the base recorded before the one that is replaced."""
    recorded = [item.image for item in facts.witness.base.items(move.key)]
    known = next((recorded.index(digest) for digest in move.old if digest in recorded), 0)
    return frozenset(recorded[known + 1 :]) - frozenset(recorded[: known + 1])


def _followed(followed: Followed) -> str:
    return " → ".join(map(str, (*followed.path[1:], followed.source)))


def _source_tag(followed: object) -> str | None:
    return followed.source.tag if isinstance(followed, Followed) else None


def _place_notes(move: _Move) -> list[str]:
    notes = []
    if len(move.old) > 1:
        others = ", ".join(digest.short for digest in move.old[1:])
        held = f"the places that change held {len(move.old)} digests"
        notes.append(f"{held}: {move.old[0].short} is compared, not {others}")
    fresh = sum(pin.change.touch is Touch.ADDED for pin in move.pins)
    if fresh and move.old:
        notes.append(f"{fresh} of {len(move.pins)} places are new")
    return notes


def _files(pins: Iterable[JudgedPin]) -> tuple[FileReview, ...]:
    keys: dict[str, set[TagKey]] = {}
    for pin in pins:
        if pin.change.tag is not None:
            keys.setdefault(pin.change.occurrence.file, set()).add(pin.change.tag)
    return tuple(
        FileReview(path, tuple(sorted(tags, key=lambda key: key.sort_key))) for path, tags in sorted(keys.items())
    )
