"""What of a review fails a check, in the words of ``--fail-on``."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from gitops_streams.errors import FAILED, INCOMPLETE
from gitops_streams.oci.image import Presence
from gitops_streams.review.delta import MoveClass
from gitops_streams.review.pin_review import PinReview
from gitops_streams.review.report import TagReview
from gitops_streams.review.standing import Standing
from gitops_streams.yamledit.problem import Severity


class FailOn(StrEnum):
    """What fails."""

    FINDINGS = "findings"
    """``check`` objects to a pin or a declaration."""
    MISSING = "missing"
    """A digest is not in its registry."""
    BEHIND = "behind"
    """A pin is not what its stream tag has now, although it was."""
    ATTENTION = "attention"
    """Anything that a person should look at."""
    CONTRACT = "contract"
    """What a container gets or offers changes, or nobody can tell."""
    UNSIGNED = "unsigned"
    """No signature of a new image is known."""
    UNRESOLVED = "unresolved"
    """A registry could not tell."""
    NEVER = "never"
    """Nothing."""


DEFAULT = frozenset({FailOn.FINDINGS, FailOn.UNRESOLVED})


def exit_code(found: PinReview, wanted: Collection[FailOn]) -> int:
    """Say how a check ends.

    Returns:
        1 where something that was named is there, else 3 where a registry could not tell and that was named, or 0.
    """
    if any(_fails(found, each) for each in wanted if each is not FailOn.UNRESOLVED):
        return FAILED
    unresolved = any(pin.verdict.standing is Standing.UNRESOLVED for pin in found.pins)
    return INCOMPLETE if unresolved and FailOn.UNRESOLVED in wanted else 0


def unsigned(tag: TagReview) -> bool:
    """Whether no signature of the new image is known; where nobody looked, none is."""
    return tag.delta.new_evidence.signature is not Presence.PRESENT


def broken_contract(tag: TagReview) -> bool:
    """Whether what a container gets or offers changes; where the images could not be compared, it may."""
    return bool(tag.delta.contract) or tag.delta.move is MoveClass.UNKNOWN


def _fails(found: PinReview, wanted: FailOn) -> bool:
    standings = {pin.verdict.standing for pin in found.pins}
    match wanted:
        case FailOn.FINDINGS:
            wrong = any(problem.severity is Severity.ERROR for problem in found.problems)
            return bool(found.objections or found.findings) or wrong
        case FailOn.MISSING:
            return Standing.MISSING in standings
        case FailOn.BEHIND:
            return not standings.isdisjoint({Standing.BEHIND, Standing.SELF_RECORDED})
        case FailOn.ATTENTION:
            return bool(found.objections or found.findings or found.review.alarming)
        case FailOn.CONTRACT:
            return any(map(broken_contract, found.review.tags))
        case FailOn.UNSIGNED:
            return any(map(unsigned, found.review.tags))
        case FailOn.UNRESOLVED | FailOn.NEVER:
            return False
