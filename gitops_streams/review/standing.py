"""Whether a pin that a change sets is its stream tag's: judged by the registry, then by what was recorded before.

The status files of the change itself are its author's words. What they alone say is told apart from what the base
has recorded, and proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.image import Presence
from gitops_streams.oci.reference import Repository
from gitops_streams.oci.resolution import Cause, Resolution, Resolved, Unresolvable
from gitops_streams.plan.audit import disagreeing
from gitops_streams.review.pins import PinChange
from gitops_streams.streams.follow import Followed, follow
from gitops_streams.streams.model import Catalog, TagKey
from gitops_streams.streams.status import EMPTY, History


class Standing(StrEnum):
    """How a changed pin stands to its stream tag, the most notable first; one word for machines."""

    MISSING = "missing-digest"
    """The registry has no such image: it cannot be pulled."""
    DISAGREEMENT = "disagreement"
    """A tag that reads ``tag@digest`` and a digest key beside it name two digests."""
    OTHER_TAG = "other-tag"
    """It is, or was, another stream tag's digest."""
    UNKNOWN = "unknown-digest"
    """Neither the registry nor the record of the base knows it for its stream tag."""
    UNPINNED = "unpinned"
    """It has no digest (any more)."""
    UNRESOLVED = "unresolved"
    """The registry did not say."""
    SELF_RECORDED = "self-recorded"
    """Nothing but this change's own status file says that it was the stream tag's."""
    BEHIND = "behind"
    """It was the stream tag's, and no longer is."""
    UNFOLLOWED = "unfollowed"
    """No stream tag decides it; it is there, as far as was looked."""
    REMOVED = "removed"
    """There is no pin any more."""
    CURRENT = "current"
    """It is what the stream tag has now; offline, what was recorded last."""


FINDINGS = frozenset({Standing.MISSING, Standing.DISAGREEMENT, Standing.OTHER_TAG, Standing.UNKNOWN, Standing.UNPINNED})
"""What ``check`` objects to."""
DOUBTFUL = FINDINGS | {Standing.SELF_RECORDED, Standing.BEHIND}
"""What a reviewer has to look at."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said about one changed pin."""

    standing: Standing
    reason: str
    """One sentence; may quote what is foreign."""
    exists: Presence = Presence.UNKNOWN
    """Whether the registry has the digest."""
    current: Digest | None = None
    """What the stream tag has now in the registry; ``None`` where that was not asked or not told."""

    @property
    def is_finding(self) -> bool:
        """Whether ``check`` objects to it."""
        return self.standing in FINDINGS


@dataclass(frozen=True, slots=True)
class Witness:
    """What is known to judge by."""

    catalog: Catalog
    """The declarations of the change."""
    base: History
    """What was recorded before."""
    own: History = EMPTY
    """What the change itself records."""
    answers: Mapping[TagKey, Resolution] = field(default_factory=dict)
    """What stream tags have now; empty where no registry is asked."""
    present: Mapping[tuple[Repository, Digest], Resolution] = field(default_factory=dict)
    """What was answered to the question whether a digest is there."""

    def repository(self, change: PinChange) -> Repository | None:
        """Return where a changed pin is pulled from: its own repository, or that of a marked scalar's stream tag."""
        own = change.occurrence.repository
        return self.source(change.tag) if own is None and change.tag is not None else own

    def source(self, key: TagKey) -> Repository | None:
        """Return the repository that a stream tag leads to; ``None`` where it leads nowhere."""
        followed = follow(self.catalog, key, self.base)
        return followed.source.reference.repository if isinstance(followed, Followed) else None

    def others(self, key: TagKey, repository: Repository | None, digest: Digest) -> tuple[TagKey, ...]:
        """Return the stream tags of the same repository that have, or had, a digest; by name."""
        return tuple(
            other
            for other in self.catalog.tags
            if other != key and self._knows(other, digest) and self.source(other) == repository
        )

    def _knows(self, key: TagKey, digest: Digest) -> bool:
        answer = self.answers.get(key)
        now = isinstance(answer, Resolved) and answer.digest == digest
        return now or any(item.image == digest for item in self.base.items(key))


def judge(change: PinChange, witness: Witness) -> Verdict:
    """Judge one changed pin."""
    occurrence = change.occurrence
    if change.after is None:
        return Verdict(Standing.REMOVED, "the pin is gone")
    disagreement = disagreeing(occurrence)
    if disagreement is not None:
        return Verdict(Standing.DISAGREEMENT, disagreement)
    if change.new is None:
        had = "" if change.old is None else f" any more; it had {change.old.short}"
        return Verdict(Standing.UNPINNED, f"{occurrence.text} has no digest{had}")
    return _judge_digest(change, change.new, witness)


def _judge_digest(change: PinChange, digest: Digest, witness: Witness) -> Verdict:
    key, repository = change.tag, witness.repository(change)
    found = None if repository is None else witness.present.get((repository, digest))
    exists = _presence(found)
    answer = None if key is None else witness.answers.get(key)
    current = answer.digest if isinstance(answer, Resolved) else None
    if exists is Presence.ABSENT:
        return Verdict(Standing.MISSING, f"{repository} has no {digest.short}", exists, current)
    if key is None:
        return _unfollowed(change, found, exists)
    if current == digest:
        # Where nobody was asked for the digest, it is the answer to the question for the tag.
        seen = Presence.PRESENT if found is None else exists
        return Verdict(Standing.CURRENT, f"it is what {key} has now", seen, current)
    if isinstance(answer, Unresolvable):
        return Verdict(Standing.UNRESOLVED, answer.reason, exists)
    standing, reason = _by_record(key, digest, repository, witness, current)
    return Verdict(standing, reason, exists, current)


def _presence(found: Resolution | None) -> Presence:
    match found:
        case None:
            return Presence.UNKNOWN
        case Resolved():
            return Presence.PRESENT
        case Unresolvable(cause=cause):
            return Presence.ABSENT if cause is Cause.NOT_FOUND else Presence.UNKNOWN


def _unfollowed(change: PinChange, found: Resolution | None, exists: Presence) -> Verdict:
    if isinstance(found, Unresolvable):
        return Verdict(Standing.UNRESOLVED, found.reason, exists)
    reason = None if change.after is None else change.after.reason
    return Verdict(Standing.UNFOLLOWED, reason or "no stream tag follows it", exists)


def _by_record(
    key: TagKey, digest: Digest, repository: Repository | None, witness: Witness, current: Digest | None
) -> tuple[Standing, str]:
    """Judge a pin that is not what the registry says, or where none was asked."""
    recorded = [item.image for item in witness.base.items(key)]
    own = digest in {item.image for item in witness.own.items(key)}
    now = "" if current is None else f"; it has {current.short} now"
    if current is None and recorded[:1] == [digest]:
        return Standing.CURRENT, f"it is what was recorded last for {key}"
    if digest in recorded:
        behind = now or f", and {recorded[0].short} after it"
        return Standing.BEHIND, f"{digest.short} was recorded for {key}{behind}"
    others = witness.others(key, repository, digest)
    if others:
        names = ", ".join(map(str, others))
        return Standing.OTHER_TAG, f"{digest.short} is known as {names}, not as {key}{now}"
    if own:
        reason = f"nothing but this change itself says that {digest.short} was {key}{now}"
        return Standing.SELF_RECORDED, reason
    if current is None and not recorded:
        return Standing.UNRESOLVED, f"nothing is recorded for {key}, and no registry was asked"
    latest = now or f", which was {recorded[0].short} last"
    return Standing.UNKNOWN, f"{digest.short} is not known to be, or to have been, {key}{latest}"
