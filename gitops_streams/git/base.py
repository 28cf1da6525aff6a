"""Finds where a change left its base, and which files differ since; fetches what a shallow clone lacks.

CI systems check out one commit, often the merge of a pull request into its base, without any history. What is
missing is fetched by name or by object id, and histories are deepened a few times at most. Local refs stay as they are.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gitops_streams.errors import PushRejected, RepositoryError
from gitops_streams.git.branch import tip_of
from gitops_streams.git.command import Commands
from gitops_streams.git.complaints import one_line
from gitops_streams.git.push import NO_MAINTENANCE, TIMEOUT
from gitops_streams.git.remote import Remote
from gitops_streams.git.repository import Repository

_HEADS, _REMOTES = "refs/heads/", "refs/remotes/"
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_DEEPER = (50, 500, 5000)
"""Commits by which a shallow clone is deepened, one after the other, until the histories meet."""
_HINT = "let the checkout bring the history (git fetch --unshallow; actions/checkout: fetch-depth: 0)"
_MERGE = 2
"""The parents of an ordinary merge."""


@dataclass(frozen=True, slots=True)
class Base:
    """Where a change comes from."""

    revision: str
    """As it was asked for."""
    commit: str
    merge_base: str
    """The last commit that the base and the change have in common."""
    head: str
    """The commit that is checked out."""


@dataclass(frozen=True, slots=True)
class Differing:
    """The files that are not the same in two states."""

    paths: frozenset[str]
    """Old names and new ones."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """New names by old ones, as git recognises them by their content."""


def find_base(repository: Repository, revision: str, remotes: Iterable[Remote]) -> Base:
    """Find the merge base of what is checked out and a revision.

    Args:
        repository: the clone.
        revision: a commit, a branch (here or on a remote), or what else names a commit.
        remotes: where missing commits are fetched from, one after the other until one gives them; the same remote
            may come again with another credential. Nothing is sent where nothing is missing.

    Raises:
        RepositoryError: the revision names nothing, it and the checkout have nothing in common, or the clone is too
            shallow to tell and cannot be deepened.
    """
    head = repository.head().commit
    if head is None:
        raise RepositoryError("there is no commit yet, so nothing to compare", hint="make a first commit")
    search = _Search(repository.commands(), head, remotes)
    commit = search.commit(revision)
    return Base(revision, commit, search.merge_base(revision, commit), head)


def merged_into(repository: Repository, pull_head: str) -> str | None:
    """Return the base's commit where a merge of a pull request is checked out, as forges make it for CI.

    Args:
        repository: the clone.
        pull_head: the commit of the pull request's own branch.

    Returns:
        The first parent; ``None`` where anything but a merge of ``pull_head`` is checked out.
    """
    head = repository.head().commit
    parents = [] if head is None else _parents(repository.commands(), head)
    return parents[0] if len(parents) == _MERGE and parents[1] == pull_head else None


def differing(repository: Repository, base: Base, *, work_tree: bool) -> Differing:
    """List the files that differ between the merge base and what is checked out.

    Args:
        repository: the clone.
        base: where the change comes from.
        work_tree: whether what is not committed yet counts too, untracked files that are not ignored among it.
    """
    commands = repository.commands()
    listed = commands.run("diff-tree", "-r", "-M", "-z", "--name-status", base.merge_base, base.head).stdout
    fields = iter(listed.split(b"\0"))
    paths: set[str] = set()
    renamed: dict[str, str] = {}
    for status in fields:
        if status.startswith((b"R", b"C")):
            old, new = os.fsdecode(next(fields)), os.fsdecode(next(fields))
            paths |= {old, new}
            if status.startswith(b"R"):
                renamed[old] = new
        elif status:
            paths.add(os.fsdecode(next(fields)))
    if work_tree:
        shown = commands.run(
            "--no-optional-locks", "status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all",
            "--ignore-submodules=all",
        ).stdout  # fmt: skip
        paths |= {os.fsdecode(entry[3:]) for entry in shown.split(b"\0") if entry}
    return Differing(frozenset(paths), renamed)


class _Search:
    """Looks for commits here, then on remotes."""

    def __init__(self, commands: Commands, head: str, remotes: Iterable[Remote]) -> None:
        self._commands = commands
        self._head = head
        self._untried = iter(remotes)
        self._remotes: list[Remote] = []
        self._complaints: list[str] = []

    def commit(self, revision: str) -> str:
        """Return the commit that a revision names."""
        if not revision or revision.startswith("-") or "\0" in revision:
            raise RepositoryError(f"{revision!r} names no commit")
        names = self._commands.run("remote").line.splitlines()
        for name in (revision, *(f"{_REMOTES}{remote}/{revision}" for remote in names)):
            found = tip_of(self._commands, name)
            if found is not None:
                return found
        for remote in self._all():
            found = self._fetched(remote, revision)
            if found is not None:
                return found
        raise RepositoryError(f"{revision!r} names no commit here or on a remote{self._why()}", hint=_HINT)

    def merge_base(self, revision: str, commit: str) -> str:
        """Return where the checkout left a commit that is here."""
        if commit == self._head or commit in _parents(self._commands, self._head):
            return commit
        for depth in (*_DEEPER, None):
            found = self._commands.attempt("merge-base", commit, self._head)
            if found.status == 0:
                return found.line
            if not self._shallow():
                raise RepositoryError(
                    f"{revision} and what is checked out have no commit in common", hint="name another base"
                )
            if depth is None or not self._deepened(commit, depth):
                break
        raise RepositoryError(
            f"this clone is too shallow to tell where the change left {revision}{self._why()}", hint=_HINT
        )

    def _deepened(self, commit: str, depth: int) -> bool:
        # A commit that was made here is not on the remote; then deepening the base may do.
        return any(
            self._fetch(remote, wanted, f"--deepen={depth}")
            for remote in self._all()
            for wanted in ((commit, self._head), (commit,))
        )

    def _fetched(self, remote: Remote, revision: str) -> str | None:
        """Fetch a commit by its id, or the tip of a branch."""
        wanted = revision
        if not _COMMIT.fullmatch(revision):
            branch = revision.removeprefix(_HEADS).removeprefix(_REMOTES).removeprefix(f"{remote.name}/")
            try:
                tip = remote.heads(branch).get(branch)
            except PushRejected as refused:
                self._complaints.append(refused.message)
                return None
            if tip is None:
                return None
            wanted = tip
        # Without a depth, a shallow clone would be sent all of the history that it does not know to have.
        depth = ("--depth=1",) if self._shallow() else ()
        return tip_of(self._commands, wanted) if self._fetch(remote, (wanted,), *depth) else None

    def _fetch(self, remote: Remote, wanted: Sequence[str], *more: str) -> bool:
        done = self._commands.attempt(
            *NO_MAINTENANCE, "fetch", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--refmap=",
            "--quiet", *more, "--", remote.name, *wanted,
            environment=remote.environment, timeout=TIMEOUT,
        )  # fmt: skip
        if done.status != 0:
            self._complaints.append(f"{remote.name}: {one_line(done.complaint)}")
        return done.status == 0

    def _all(self) -> Iterable[Remote]:
        """Yield the remotes, made when they are needed; those that were made before come first."""
        yield from self._remotes
        for remote in self._untried:
            self._remotes.append(remote)
            yield remote

    def _shallow(self) -> bool:
        return self._commands.run("rev-parse", "--is-shallow-repository").line == "true"

    def _why(self) -> str:
        return f" ({'; '.join(dict.fromkeys(self._complaints))})" if self._complaints else ""


def _parents(commands: Commands, commit: str) -> list[str]:
    """Return a commit's parents as it names them; a shallow clone's own answer would leave out those that it lacks."""
    written = commands.run("cat-file", "commit", commit).stdout.partition(b"\n\n")[0]
    lines = [line.split(b" ", 1) for line in written.split(b"\n")]
    return [value[0].decode("ascii", "replace") for name, *value in lines if name == b"parent"]
