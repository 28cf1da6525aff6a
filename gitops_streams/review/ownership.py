"""Which commits of a branch are not ours, and would be lost if it were built anew.

Ours is what the commits say that were inspected, not what a pull request's body says: a marker can be
edited, so it may only make us more careful.
"""

from __future__ import annotations

from collections.abc import Collection

from gitops_streams.review.lifecycle import BranchCommit, RemoteBranch
from gitops_streams.review.marker import Marker


def foreign_commits(
    branch: RemoteBranch, marker: Marker | None, *, wanted: str | None, bots: Collection[str], ignored: Collection[str]
) -> tuple[BranchCommit, ...]:
    """List the commits that we must not throw away, oldest first.

    A commit without changes of its own is never among them: a clean merge of the base ("Update branch"), or
    an empty one that was to start a pipeline. Another one is, where

    - its author or its committer is neither a bot's identity nor ignored; or
    - the marker, which is ours, names another head, and the commit came to the branch after it: whoever works
      under the same identity (``github-actions[bot]`` is everybody's) has pushed or amended. What a killed run
      of ours left there is told by its seal, or by being just what is wanted.

    Args:
        branch: the branch as it was inspected.
        marker: the pull request's marker if it names this group and base.
        wanted: the tree that is wanted.
        bots: e-mail addresses that we commit with.
        ignored: further addresses whose commits count as ours, wherever they stand.
    """
    ours = {address.casefold() for address in (*bots, *ignored)}
    waved = {address.casefold() for address in ignored}
    known = _ancestry(branch, marker.head) if marker is not None and marker.head != branch.head else None
    changing = [commit for commit in branch.commits if commit.own_changes]
    as_wanted = wanted is not None and wanted in (branch.tree, branch.merged_tree) and len(changing) == 1

    def is_foreign(commit: BranchCommit) -> bool:
        author, committer = commit.author.casefold(), commit.committer.casefold()
        if author not in ours or committer not in ours:
            return True
        if known is None or {author, committer} & waved:
            return False
        return not (commit.sha in known or commit.sealed or as_wanted)

    return tuple(commit for commit in changing if is_foreign(commit))


def _ancestry(branch: RemoteBranch, head: str) -> frozenset[str]:
    """Return ``head`` and what it stands on, as far as the base has not got it."""
    parents = {commit.sha: commit.parents for commit in branch.commits}
    reached: set[str] = set()
    waiting = [head]
    while waiting:
        sha = waiting.pop()
        if sha in parents and sha not in reached:
            reached.add(sha)
            waiting.extend(parents[sha])
    return frozenset(reached)
