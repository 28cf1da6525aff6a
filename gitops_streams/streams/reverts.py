"""Tell from the states that a status file once had what somebody has taken back, and what came when.

The tool itself only ever puts an item before the others, or rewrites the first one in place. So a state that is an
earlier one again, with the newest items taken away, is no work of the tool: somebody reverted (``git revert``, a
pull request's revert, by hand). An entry that is gone altogether is forgotten, not reverted: status files may be
deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from gitops_streams.oci.digest import Digest
from gitops_streams.streams.history import HISTORY_LIMIT, Item


@dataclass(frozen=True, slots=True)
class Reverted:
    """A state that somebody went back from, and nobody has recorded again what that took away."""

    state: int
    """The index of the state that they went back to."""
    items: Sequence[Item]
    """The items of the state that they went back from."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Somebody took an image back."""

    state: int
    """The index of the state in which it is gone."""
    item: Item
    """What was taken away."""


def taken_back(states: Sequence[Sequence[Item]], image: Digest) -> TakenBack | None:
    """Say whether an image was taken back from a stream tag, and not recorded again since.

    Args:
        states: the items of the tag, newest first, in each state that the file had, the newest state first.
        image: what the tag's source has now.
    """
    for number, (now, before) in enumerate(pairwise(states)):
        if before and not now:
            return None
        recorded = {item.image for item in before}
        if any(item.image == image and (at == 0 or image not in recorded) for at, item in enumerate(now)):
            return None
        for item in _taken(now, before):
            if item.image == image:
                return TakenBack(number, item)
    return None


def last_revert(states: Sequence[Sequence[Item]]) -> Reverted | None:
    """Return the last revert of a stream tag that still holds something back; ``None`` where there is none.

    Args:
        states: as in ``taken_back``.
    """
    for number, (now, before) in enumerate(pairwise(states)):
        if before and not now:
            return None
        if any(taken_back(states, item.image) == TakenBack(number, item) for item in _taken(now, before)):
            return Reverted(number, before)
    return None


def introduced(states: Sequence[Sequence[Item]]) -> list[int]:
    """Say of each item of the newest state in which state it came: the index of the first one, in time, that has it.

    Args:
        states: as in ``taken_back``; there is at least one.
    """
    came = [0] * len(states[0])
    # By the place that it has in the state at hand: the item of the newest state.
    tracked = {place: place for place in range(len(states[0]))}
    for number, (now, before) in enumerate(pairwise(states)):
        stood = _places([item.image for item in now], [item.image for item in before])
        tracked = {stood[place]: item for place, item in tracked.items() if place in stood}
        for item in tracked.values():
            came[item] = number + 1
    return came


def _places(now: Sequence[Digest], before: Sequence[Digest]) -> dict[int, int]:
    """Say where items stood before, by where they stand now; those that came have no place there."""
    moved = _moved(now, before)
    if moved is not None:
        return {place: place + moved for place in range(len(now)) if 0 <= place + moved < len(before)}
    # Something came or went in the middle: both ends are what they were.
    least, longer = min(len(now), len(before)), len(before) - len(now)
    front = next((at for at in range(least) if now[at] != before[at]), least)
    back = next((at for at in range(least - front) if now[-1 - at] != before[-1 - at]), least - front)
    same = {place: place for place in range(front)}
    return same | {place: place + longer for place in range(len(now) - back, len(now))}


def _moved(now: Sequence[Digest], before: Sequence[Digest]) -> int | None:
    """Say how far items stand from their place before: to the end where some came, to the front where some are gone.

    Behind the limit of a history items are dropped; an earlier state has them again.

    Returns:
        Negative: so many came. Positive: so many were taken away. ``None``: the states have nothing in common.
    """
    if not now or not before:
        return None
    for came in range(len(now)):
        kept = now[came:]
        if kept == before or (len(now) == HISTORY_LIMIT and kept == before[: len(kept)]):
            return -came
    for gone in range(1, len(before)):
        left = before[gone:]
        if now == left or (len(before) == HISTORY_LIMIT and now[: len(left)] == left):
            return gone
    return None


def _taken(now: Sequence[Item], before: Sequence[Item]) -> Sequence[Item]:
    """Return the newest items of ``before``, if ``now`` is what was recorded before they were."""
    moved = _moved([item.image for item in now], [item.image for item in before])
    return [] if moved is None else [item for item in before[: max(moved, 0)] if item.image != now[0].image]
