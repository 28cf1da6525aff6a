"""Assemble the review of a group: which images have to be inspected, and what their comparison says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.image import ImagePair, InspectedPair
from gitops_streams.oci.platform import Platform
from gitops_streams.oci.reference import Repository, looks_like_reference
from gitops_streams.plan.model import Change, Failed, Held, Outcome, Plan, SiteOutcome, Skipped, TagPlan
from gitops_streams.review.compare import compare, uncompared
from gitops_streams.review.delta import ImageDelta, MoveClass
from gitops_streams.review.policy import ReviewPolicy
from gitops_streams.review.report import FileReview, NotUpdated, Review, RunInfo, TagReview
from gitops_streams.review.rollout import rollouts
from gitops_streams.streams.follow import Followed, follow
from gitops_streams.streams.model import Catalog, DockerImage, TagKey
from gitops_streams.streams.status import EMPTY, History

NOT_INSPECTED = "the images were not inspected"
_RESPELT = "the digest stays the same: only how it is written changes"
MOVED_REPOSITORY = "It comes from another repository than the one that is pinned."


@dataclass(frozen=True, slots=True)
class _Move:
    """A stream tag of which at least one site changes."""

    tag: TagPlan
    image: DockerImage
    new: Digest
    old: tuple[Digest, ...]
    """The digests that its changed sites hold, the one to compare first; without the new one."""
    changes: tuple[Change, ...]
    followed: Followed | None
    """``None`` where the declaration cannot be followed (any more)."""

    @property
    def pair(self) -> ImagePair:
        """What has to be inspected."""
        return self.pair_from(self.old[0] if self.old else None)

    @property
    def respelt(self) -> bool:
        """Whether the new digest stands everywhere already, and only its form changes."""
        return all(change.site.occurrence.digest == self.new for change in self.changes)

    def pair_from(self, old: Digest | None) -> ImagePair:
        """Return the pair of one of the old digests."""
        platform: Platform | None = None
        insecure = False
        if self.followed is not None:
            platform, insecure = self.followed.tag.platform, self.followed.tag.insecure
        return ImagePair(self.image.reference.repository, old, self.new, platform, insecure)


def to_inspect(plan: Plan, catalog: Catalog, history: History = EMPTY) -> tuple[ImagePair, ...]:
    """List the images of the stream tags that move, each pair once, in the order of the plan.

    Args:
        plan: the whole plan, or one group's.
        catalog: the declarations.
        history: what was recorded before; of several old digests that are as frequent, the newest is compared.
    """
    moves = _moves(plan, catalog, history)
    return tuple(dict.fromkeys(move.pair for move in moves if not move.respelt))


def assemble(  # noqa: PLR0913  the inputs of a review, by name
    group: str,
    plan: Plan,
    catalog: Catalog,
    history: History,
    inspected: Mapping[ImagePair, InspectedPair],
    *,
    policy: ReviewPolicy,
    base: str,
    base_sha: str,
    files: Sequence[str],
    run: RunInfo,
) -> Review:
    """Assemble the review of one group.

    Args:
        group: the group's name.
        plan: the plan, narrowed to the group.
        catalog: the declarations.
        history: what was recorded before this run.
        inspected: what was learnt about the pairs of ``to_inspect``; one that is missing was not inspected.
        policy: what a review shows.
        base: the branch that the change goes to.
        base_sha: its commit.
        files: every path that the commit changes, status files included.
        run: for the footer.
    """
    tags = [_review(move, catalog, history, inspected, policy) for move in _moves(plan, catalog, history)]
    tags.sort(key=lambda tag: (not tag.delta.alarming, tag.key.sort_key))
    return Review(
        group, base, base_sha, tuple(tags), _files(plan, files), tuple(dict.fromkeys(_not_updated(plan))), run
    )


def _moves(plan: Plan, catalog: Catalog, history: History) -> Iterator[_Move]:
    for tag in plan.tags:
        changes = tuple(site for site in tag.sites if isinstance(site, Change))
        if not changes or tag.image is None or tag.digest is None:
            continue
        followed = follow(catalog, tag.key)
        yield _Move(
            tag,
            tag.image,
            tag.digest,
            _old(tag, tag.digest, changes, history),
            changes,
            followed if isinstance(followed, Followed) else None,
        )


def _old(tag: TagPlan, new: Digest, changes: Sequence[Change], history: History) -> tuple[Digest, ...]:
    """Order the digests that are replaced: the most frequent first, of those the one that was recorded last."""
    held = Counter(
        change.site.occurrence.digest for change in changes if change.site.occurrence.digest not in {None, new}
    )
    recorded = {item.image: at for at, item in reversed(list(enumerate(history.items(tag.key))))}
    digests = [digest for digest in held if digest is not None]
    return tuple(sorted(digests, key=lambda digest: (-held[digest], recorded.get(digest, len(recorded)), str(digest))))


def _review(
    move: _Move,
    catalog: Catalog,
    history: History,
    inspected: Mapping[ImagePair, InspectedPair],
    policy: ReviewPolicy,
) -> TagReview:
    tag = move.tag
    # Whoever inspected may have had no history to choose the old digest by.
    compared = next((old for old in move.old if move.pair_from(old) in inspected), None)
    old = move.old if compared is None else (compared, *(digest for digest in move.old if digest != compared))
    pair = move.pair_from(old[0] if old else None)
    earlier = frozenset(item.image for item in history.items(tag.key)[1:])
    delta = _delta(move, pair, inspected.get(pair), earlier, policy)
    moved = _other_repositories(move)
    if moved:
        delta = replace(delta, attention=(*delta.attention, MOVED_REPOSITORY))
    declared = catalog.tags.get(tag.key)
    return TagReview(
        tag.key,
        "" if declared is None else declared.file,
        0 if declared is None else declared.line,
        _followed(move),
        move.image.reference.repository,
        move.image.tag,
        old,
        move.new,
        replace(delta, notes=(*_hold_notes(tag), *_place_notes(move, old, moved), *delta.notes)),
        rollouts(tag, policy.environments),
    )


def _delta(
    move: _Move, pair: ImagePair, found: InspectedPair | None, earlier: Collection[Digest], policy: ReviewPolicy
) -> ImageDelta:
    if move.respelt:
        return uncompared(MoveClass.METADATA, [_RESPELT])
    returned = pair.old is not None and pair.new in earlier
    if found is None:
        return uncompared(
            MoveClass.FIRST_PIN if pair.old is None else MoveClass.UNKNOWN, [NOT_INSPECTED], returned=returned
        )
    return compare(
        found.old if pair.old is not None else None,
        found.new,
        history=earlier,
        env=policy.env,
        compare_hosts=policy.compare_hosts,
    )


def _followed(move: _Move) -> str:
    """Write what the declaration follows, with the aliases on the way."""
    aliases = () if move.followed is None else move.followed.path[1:]
    return " → ".join(map(str, (*aliases, move.image)))


def _other_repositories(move: _Move) -> tuple[Repository, ...]:
    """Return the repositories that sites had before, where they are others than the new one (markers allow that)."""
    before = {change.site.occurrence.repository for change in move.changes}
    return tuple(sorted(known for known in before if known is not None and known != move.image.reference.repository))


def _hold_notes(tag: TagPlan) -> Iterator[str]:
    if tag.holding is not None and tag.holding.enforced:
        yield tag.holding.reason


def _place_notes(move: _Move, old: Sequence[Digest], moved: Sequence[Repository]) -> Iterator[str]:
    if len(old) > 1:
        others = ", ".join(digest.short for digest in old[1:])
        yield f"the places that change hold {len(old)} digests: {old[0].short} is compared, not {others}"
    held = [change.site.occurrence.digest for change in move.changes]
    unpinned, up_to_date = held.count(None), held.count(move.new)
    if old and unpinned:
        yield f"{unpinned} of {len(held)} places held no digest"
    if not move.respelt and up_to_date:
        yield f"{up_to_date} of {len(held)} places held the new digest already"
    if moved:
        yield f"pinned before from {', '.join(map(str, moved))}"


def _files(plan: Plan, files: Sequence[str]) -> tuple[FileReview, ...]:
    keys: dict[str, set[TagKey]] = {}
    for tag, change in plan.changes:
        keys.setdefault(change.site.occurrence.file, set()).add(tag.key)
    return tuple(
        FileReview(path, tuple(sorted(keys.get(path, ()), key=lambda key: key.sort_key))) for path in sorted(set(files))
    )


def _not_updated(plan: Plan) -> Iterator[NotUpdated]:
    for tag in plan.tags:
        if tag.outcome is Outcome.FAILED or (tag.outcome is Outcome.HELD and (_one_reason(tag.sites) or _stays(tag))):
            kept = {site.site.occurrence.digest for site in tag.sites}
            yield NotUpdated(str(tag.key), str(tag.outcome), tag.reason or "", _sorted(kept))
            continue
        for site in tag.sites:
            if isinstance(site, Held | Skipped | Failed):
                occurrence = site.site.occurrence
                what = f"{occurrence.file}:{occurrence.line} {occurrence.text}"
                yield NotUpdated(what, str(site.outcome), site.reason, _sorted({occurrence.digest}))
    for skipped in plan.skipped:
        reference = looks_like_reference(skipped.reference)
        kept = {None if reference is None else reference.digest}
        what = f"{skipped.file}:{skipped.line} {skipped.reference}"
        yield NotUpdated(what, str(Outcome.SKIPPED), skipped.reason, _sorted(kept))


def _stays(tag: TagPlan) -> bool:
    """Whether somebody holds a tag at what all of its sites have."""
    enforced = tag.holding is not None and tag.holding.enforced
    return enforced and not any(isinstance(site, Change | Held | Skipped | Failed) for site in tag.sites)


def _one_reason(sites: Sequence[SiteOutcome]) -> bool:
    """Whether nothing but one reason to wait is to be said about a tag's sites."""
    held = [site for site in sites if isinstance(site, Held)]
    others = [site for site in sites if isinstance(site, Change | Skipped | Failed)]
    return bool(held) and not others and len({site.reason for site in held}) == 1


def _sorted(digests: Collection[Digest | None]) -> tuple[Digest, ...]:
    return tuple(sorted((digest for digest in digests if digest is not None), key=str))
