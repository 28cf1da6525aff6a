"""Tell from the states that a status file once had what somebody has taken back.

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
from gitops_streams.streams.history import Item


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
        if now and now[0].image == image:
            return None
        for item in _taken(now, before):
            if item.image == image:
                return TakenBack(number, item)
    return None


def _taken(now: Sequence[Item], before: Sequence[Item]) -> Sequence[Item]:
    """Return the newest items of ``before``, if ``now`` is what was recorded before they were."""
    if not now or not before or now[0].image == before[0].image:
        return ()
    old, new = [item.image for item in before], [item.image for item in now]
    for count in range(1, len(old)):
        # Behind the end of what is left, an earlier state may have had items that the limit has dropped since.
        left = old[count:]
        if new[: len(left)] == left:
            return [item for item in before[:count] if item.image != new[0]]
    return ()
