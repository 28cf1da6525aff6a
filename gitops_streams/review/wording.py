"""What people are told about their pull requests: sentences of ours with nothing foreign in them.

Of all that a person or a forge can choose, only the ids of commits get in, and only what is hexadecimal;
addresses, names of branches and titles stay out. The comments are Markdown and safe as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gitops_streams.review.lifecycle import BranchCommit

_SHA = re.compile(r"[0-9a-f]{40,64}")
_SHORT = 10
_NAMED = 10

RETARGETED = (
    "This pull request no longer goes to the branch that it was made for, so it is not updated and not closed."
    " Change its base back, or close it, to have updates again."
)
DUPLICATE = "Closed: there is another open pull request from the same branch to the same base."
NOTHING_LEFT = "Closed: its base has every digest already, so there is nothing left to change."
PRUNED = "Closed: the configuration no longer has the group of stream tags that this pull request was for."


def count(number: int, thing: str) -> str:
    """Return ``1 commit``, ``2 commits``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def work_in_the_way(commits: Sequence[BranchCommit], *, left: bool) -> str:
    """Return the comment on a pull request whose branch holds commits of others.

    Args:
        commits: theirs.
        left: whether there is still something that we want to change.
    """
    names = [f"`{commit.sha[:_SHORT]}`" for commit in commits if _SHA.fullmatch(commit.sha)]
    listed = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    changed = "so it is not updated any more" if left else "and nothing else is left to change, so it is not closed"
    rebuild = (
        "tick the box at the end of the description: the branch is then built anew, which **discards** these commits"
        if left
        else "tick the box at the end of the description: the pull request is then closed, which **discards** them"
    )
    return (
        f"This branch holds {count(len(commits), 'commit')} that gitops-streams did not make"
        f"{f' ({listed})' if listed else ''}, {changed}.\n\n"
        f"To go on:\n\n- merge it as it is, or take the commits off the branch; or\n- {rebuild}."
    )
