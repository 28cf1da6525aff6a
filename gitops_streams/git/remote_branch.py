"""Reads a branch of a remote as the life of its pull request depends on it: who did what since it left the base."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gitops_streams.errors import RepositoryError
from gitops_streams.git.command import Commands
from gitops_streams.git.merge import merged_tree
from gitops_streams.git.remote import Remote
from gitops_streams.review.lifecycle import BranchCommit, RemoteBranch

_MOST_COMMITS = 500
"""More commits than that on a branch of ours are not looked at one by one."""
_MERGE = 2
"""The parents of an ordinary merge."""


@dataclass(frozen=True, slots=True)
class _Commit:
    sha: str
    parents: tuple[str, ...]
    tree: str
    author: str
    committer: str
    message: str


@dataclass(frozen=True, slots=True)
class Place:
    """A branch and its base, both of whose commits are here."""

    branch: str
    head: str
    base: str
    base_head: str


IsSealed = Callable[[str, str], bool]
"""Says of a commit's message and tree whether they are as we make them."""


def read_branch(remote: Remote, scratch: Path, place: Place, is_sealed: IsSealed) -> RemoteBranch:
    """Read a branch whose commit, and whose base's, are here.

    Args:
        remote: where the branch is; a shallow clone is deepened from it.
        scratch: a directory of this run's own.
        place: the branch.
        is_sealed: whether a commit is whole and of ours.

    Raises:
        RepositoryError: this clone is too shallow, or the branch has too many commits to look at.
        PushRejected: the remote cannot be reached.
    """
    commands = remote.commands
    branch, head, base, base_head = place.branch, place.head, place.base, place.base_head
    tree = tree_of(commands, head)
    merge_base = remote.join(base, branch, base_head, head)
    commits = _walk(commands, scratch, place, is_sealed)
    if merge_base is None:
        merged = None
    elif merge_base == base_head:
        merged = tree
    elif merge_base == head:
        merged = tree_of(commands, base_head)
    else:
        merged = merged_tree(commands, scratch, base_head, head)
    return RemoteBranch(head, tree, merge_base, commits, merged is not None, merged)


def tree_of(commands: Commands, commit: str) -> str:
    """Return the object id of a commit's tree.

    Raises:
        RepositoryError: the commit is not here.
    """
    return commands.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}^{{tree}}").line


def _walk(commands: Commands, scratch: Path, place: Place, is_sealed: IsSealed) -> tuple[BranchCommit, ...]:
    listed = commands.run(
        "rev-list", "--topo-order", "--reverse", f"--max-count={_MOST_COMMITS + 1}",
        "--format=%x00%H%x00%P%x00%T%x00%ae%x00%ce%x00%B%x00", "--end-of-options", f"{place.base_head}..{place.head}",
    ).stdout.decode("utf-8", "replace")  # fmt: skip
    # A message holds no NUL. Before each record stands the line "commit <id>".
    fields = listed.split("\0")
    commits = []
    for start in range(1, len(fields) - 6, 7):
        sha, parents, tree, author, committer, message = fields[start : start + 6]
        commits.append(_Commit(sha, tuple(parents.split()), tree, author, committer, message))
    if len(commits) > _MOST_COMMITS:
        raise RepositoryError(
            f"{place.branch} has more than {_MOST_COMMITS} commits that its base has not",
            hint="it is none that gitops-streams would make: rename it, or delete it",
        )
    trees = {commit.sha: commit.tree for commit in commits}
    return tuple(
        BranchCommit(
            commit.sha,
            commit.author,
            commit.committer,
            commit.parents,
            _own_changes(commands, scratch, commit, trees),
            sealed=is_sealed(commit.message, commit.tree),
        )
        for commit in commits
    )


def _own_changes(commands: Commands, scratch: Path, commit: _Commit, trees: dict[str, str]) -> bool:
    """Whether a commit changes something that its parents do not explain."""
    if not commit.parents:
        return True
    for parent in commit.parents:
        if parent not in trees:
            trees[parent] = tree_of(commands, parent)
    if len(commit.parents) == 1:
        return commit.tree != trees[commit.parents[0]]
    if len(commit.parents) > _MERGE:
        return True
    if commands.attempt("merge-base", *commit.parents).status != 0:
        return True
    return merged_tree(commands, scratch, *commit.parents) != commit.tree
