"""Put back into a stream tag's record what somebody took out of it, so that it is held no longer."""

from __future__ import annotations

from collections.abc import Sequence

from gitops_streams.streams.history import HISTORY_LIMIT, Item
from gitops_streams.streams.reverts import last_revert


def restored(states: Sequence[Sequence[Item]]) -> tuple[tuple[Item, ...], tuple[Item, ...]] | None:
    """Undo the last revert of a stream tag that still holds something back; what came since stays before it.

    Args:
        states: the items of the tag, newest first, in each state that its status file had, the newest state first.

    Returns:
        The items that it is to have, and those of them that were taken back; ``None`` where nothing was.
    """
    found = last_revert(states)
    if found is None:
        return None
    now, left = states[0], states[found.state]
    since = tuple(now[: max(len(now) - len(left), 0)])
    gone = tuple(found.items[: max(len(found.items) - len(left), 0)])
    return (*since, *found.items)[:HISTORY_LIMIT], gone
