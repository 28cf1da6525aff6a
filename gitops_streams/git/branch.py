"""The branch that is published to: its name, where it stands, and moving it by compare-and-swap."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_streams.errors import RepositoryError, UsageError
from gitops_streams.git.repository import Branch, Detached

if TYPE_CHECKING:
    from gitops_streams.git.command import Commands
    from gitops_streams.git.repository import Repository

_HEADS = "refs/heads/"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a commit goes, and what it is built on."""

    branch: str
    tip: str | None
    """The local branch's commit; ``None`` where there is no local branch."""
    base: str
    """The commit to build on."""
    checked_out: bool
    """Whether this work tree has the branch checked out."""

    @property
    def ref(self) -> str:
        """The full name: ``refs/heads/main``."""
        return f"{_HEADS}{self.branch}"


def find_target(commands: Commands, repository: Repository, wanted: str | None) -> Target:
    """Find the branch to publish to: the one that is named, else the one that is checked out.

    It is built on the branch's own tip; on HEAD where the branch does not exist locally.

    Raises:
        UsageError: the name is not a branch's.
        RepositoryError: HEAD is detached and no branch is named, there is no commit, or another
            linked work tree has the branch checked out.
    """
    head = repository.head()
    match head:
        case Branch(name, commit):
            branch = wanted or name
        case Detached(commit):
            if wanted is None:
                raise RepositoryError("HEAD is detached: no branch is checked out", hint="name the branch by --branch")
            branch = wanted
    if branch.startswith("-") or commands.attempt("check-ref-format", f"{_HEADS}{branch}").status != 0:
        raise UsageError(f"{branch!r} is not a branch name", hint="git help check-ref-format gives the rules")
    checked_out = isinstance(head, Branch) and head.name == branch
    tip = head.commit if checked_out else tip_of(commands, f"{_HEADS}{branch}")
    base = tip or (None if checked_out else commit)
    if base is None:
        raise RepositoryError(
            f"{branch} has no commit yet", hint="commit the declarations first, or use --publish worktree"
        )
    if not checked_out and tip is not None:
        _refuse_elsewhere(commands, repository, branch)
    return Target(branch, tip, base, checked_out)


def tip_of(commands: Commands, ref: str) -> str | None:
    """Return the commit that a ref has, or ``None`` where there is no such ref."""
    found = commands.attempt("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    return found.line if found.status == 0 else None


def move(commands: Commands, ref: str, new: str, old: str | None, why: str) -> bool:
    """Move a ref from ``old`` to ``new`` in one step; ``False`` where it was elsewhere by then.

    Raises:
        RepositoryError: the ref could not be written, or another program keeps it locked.
    """
    moved = commands.attempt(
        "-c",
        "core.filesRefLockTimeout=5000",
        "update-ref",
        "-m",
        f"gitops-streams: {why}",
        ref,
        new,
        old or "0" * len(new),
    )
    if moved.status == 0:
        return True
    if tip_of(commands, ref) != old:
        return False
    raise RepositoryError(
        f"{ref.removeprefix(_HEADS)} was not moved: {moved.complaint}",
        hint="wait for the other git to end; if none is running, remove the .lock file"
        if "lock" in moved.stderr
        else None,
    )


def _refuse_elsewhere(commands: Commands, repository: Repository, branch: str) -> None:
    """Refuse a branch that another linked work tree has checked out: its files would look like a revert."""
    listed = commands.run("worktree", "list", "--porcelain").stdout
    for block in listed.split(b"\n\n"):
        lines = block.split(b"\n")
        place = os.fsdecode(lines[0].removeprefix(b"worktree "))
        if os.fsencode(f"branch {_HEADS}{branch}") in lines and place != str(repository.root):
            raise RepositoryError(f"{branch} is checked out in {place}", hint=f"run with -C {place}")
