"""What the review of a pull request says of its pins, as phrases. Every format says the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from gitops_streams.oci.digest import Digest
from gitops_streams.render.phrase import NOTHING, Code, Part, Phrase, merged, prose
from gitops_streams.render.words import count
from gitops_streams.review.followed import FollowedChange
from gitops_streams.review.pin_review import JudgedPin, PinReview
from gitops_streams.review.pins import Touch
from gitops_streams.review.report import Review
from gitops_streams.review.standing import DOUBTFUL, Standing

STANDINGS = {
    Standing.MISSING: "not in the registry",
    Standing.DISAGREEMENT: "two digests",
    Standing.OTHER_TAG: "another stream tag's",
    Standing.UNKNOWN: "unknown digest",
    Standing.UNPINNED: "not pinned",
    Standing.UNRESOLVED: "could not be checked",
    Standing.SELF_RECORDED: "only recorded here",
    Standing.BEHIND: "an older digest",
    Standing.UNFOLLOWED: "followed by no stream tag",
    Standing.REMOVED: "removed",
    Standing.CURRENT: "up to date",
}
"""A standing in a few words."""
_MARKS = {Standing.UNRESOLVED: "❔", Standing.CURRENT: "✅"}
_COMMIT = 10


def mark(pin: JudgedPin) -> str:
    """Return the sign of a pin: a cross where ``check`` objects to it."""
    standing = pin.verdict.standing
    if pin.verdict.is_finding:
        return "❌"
    return _MARKS.get(standing, "⚠️" if standing in DOUBTFUL else "")


def headline(found: PinReview) -> str:
    """Say in a few words what a reviewer has to do."""
    pins, wrong = len(found.pins), len(found.objections) + len(found.findings)
    touched = f"{count(pins, 'pin')} {'changes' if pins == 1 else 'change'}" if pins else "No pin changes"
    unsure = sum(pin.verdict.standing is Standing.UNRESOLVED for pin in found.pins)
    look = len(found.review.alarming)
    told = [touched]
    if wrong:
        told.append(count(wrong, "finding"))
    elif look:
        told.append(f"{count(look, 'image')} to look at")
    elif pins and not unsure:
        told.append("nothing to object to")
    if unsure:
        told.append(f"{unsure} could not be checked")
    return ", ".join(told)


def standings(found: PinReview) -> str:
    """Count the standings: ``2 up to date · 1 unknown digest``."""
    counted = Counter(pin.verdict.standing for pin in found.pins)
    return " · ".join(f"{counted[each]} {STANDINGS[each]}" for each in Standing if counted[each])


def beside_findings(found: PinReview) -> Review:
    """Return the images, without the sentences that the findings say already."""
    said = {pin.verdict.reason for pin in found.objections}
    tags = (
        replace(
            tag, delta=replace(tag.delta, attention=tuple(each for each in tag.delta.attention if each not in said))
        )
        for tag in found.review.tags
    )
    return replace(found.review, tags=tuple(tags))


def place(pin: JudgedPin) -> str:
    """Write where a pin stands: ``file:line``."""
    occurrence = pin.change.occurrence
    return f"{occurrence.file}:{occurrence.line}"


def belongs(pin: JudgedPin) -> Phrase:
    """Name the stream tag of a pin; what it refers to where none decides it."""
    key = pin.change.tag
    if key is not None:
        return (Code(str(key), 120),)
    occurrence = pin.change.occurrence
    tag = "" if occurrence.tag is None else f":{occurrence.tag}"
    return ("none (", Code(f"{occurrence.name}{tag}", 160), ")")


def move(pin: JudgedPin) -> Phrase:
    """Write the old digest and the new one; of what only got another tag, both tags."""
    change = pin.change
    if change.touch is Touch.CHANGED and change.old == change.new and change.before is not None:
        before, after = change.before.occurrence, change.occurrence
        return merged([Code(before.text, 80), " → ", Code(after.text, 80)])
    old = _digest(change.old, NOTHING if change.touch is Touch.ADDED else "unpinned")
    new = _digest(change.new, NOTHING if change.touch is Touch.REMOVED else "unpinned")
    return merged([old, " → ", new])


def why(pin: JudgedPin) -> Phrase:
    """Say what the standing rests on."""
    return prose(pin.verdict.reason)


def followed(change: FollowedChange) -> Phrase:
    """Say what a stream tag follows from now on."""
    name: Part = Code(str(change.key), 120)
    match change.touch:
        case Touch.ADDED:
            return (name, " is new and follows ", Code(change.after or "", 200))
        case Touch.REMOVED:
            return (name, " is no longer declared; it followed ", Code(change.before or "", 200))
        case Touch.CHANGED:
            return (name, " followed ", Code(change.before or "", 200), ", now ", Code(change.after or "", 200))


def compared(found: PinReview) -> Phrase:
    """Say which states were compared."""
    states = found.compared
    head: Part = "the work tree" if states.head_sha is None else Code(states.head_sha[:_COMMIT])
    left: Part = Code(states.merge_base[:_COMMIT])
    named = () if states.revision in {states.merge_base, states.base_sha} else (Code(states.revision, 120), " at ")
    asked = "; records only, no registry was asked" if found.offline else ""
    return merged(["compared ", head, " with ", *named, left, asked])


def _digest(digest: Digest | None, absent: str) -> Part:
    return absent if digest is None else Code(digest.short)
