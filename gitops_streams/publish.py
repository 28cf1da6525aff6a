"""Publishes what a plan wants: into the work tree, as a commit, or as a pushed commit, all or nothing.

A commit comes to be in an order in which a kill at any moment leaves something that the next run
completes: its objects first, which nobody sees; with ``push`` the remote's branch, which is what
counts; then the work tree and the index, for just the edited files; the local branch last, by
compare-and-swap. A branch that has moved meanwhile is planned for again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitops_streams.errors import PushRejected, RefusedFile, RepositoryError
from gitops_streams.git.branch import find_target, move, tip_of
from gitops_streams.git.checkout import Place, Prepared, carry_out, has_checkout, prepare
from gitops_streams.git.commit import BuiltCommit, CommitEntry, Identity, NoChange, Signing, build
from gitops_streams.git.journal import Journal, clear_journal, write_journal
from gitops_streams.git.lock import WAIT, exclusive
from gitops_streams.git.push import Moved, contains, find_remote, push, remote_head
from gitops_streams.git.snapshot import Snapshot
from gitops_streams.git.write import write_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitops_streams.git.branch import Target
    from gitops_streams.git.lock import Exclusive
    from gitops_streams.git.repository import Repository
    from gitops_streams.git.write import FileEdit

ATTEMPTS = 5
"""How often a commit is planned before a branch that keeps moving is given up."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Planned:
    """What one planning pass wants."""

    edits: tuple[FileEdit, ...]
    message: str
    """The commit message; of no use to ``publish_worktree``."""


PlanAt = Callable[[Snapshot], Planned]
"""Plans on a snapshot. It is called again, on another one, where a branch has moved."""


@dataclass(frozen=True, slots=True)
class PublishOptions:
    """Where a commit goes and who makes it."""

    branch: str | None = None
    """``None``: the branch that is checked out."""
    remote: str | None = None
    """``None``: the branch's own remote, as git would choose it."""
    identity: Identity | None = None
    """``None``: the user's own."""
    signing: Signing = field(default_factory=Signing)
    wait: float = WAIT
    """Seconds that another publishing run in this clone, or another program's lock, is waited for."""


@dataclass(frozen=True, slots=True)
class Written:
    """Files of the work tree were written."""

    paths: tuple[str, ...]
    """Those that had to change."""


@dataclass(frozen=True, slots=True)
class Committed:
    """The branch has a new commit."""

    sha: str
    branch: str


@dataclass(frozen=True, slots=True)
class PushedCommit:
    """The remote's branch has a new commit."""

    sha: str
    branch: str
    remote: str
    attempts: int
    """1, and one more for each time that somebody else's push came first."""
    local: bool
    """Whether the local branch has it too; it stays where it is when others' commits would come with it."""


@dataclass(frozen=True, slots=True)
class NothingToDo:
    """The branch has all of it already."""


def publish_worktree(repository: Repository, planned: Planned, *, wait: float = WAIT) -> Written:
    """Write the edits into the work tree.

    Raises:
        PlanRefused: a file has changed since it was planned for; nothing was written.
        WriteFailed: a file cannot be written; none is half-written.
        RepositoryError: the repository is bare, or another run is publishing in it.
    """
    root = repository.work_tree().root
    with exclusive(repository, wait) as run:
        earlier = _Publication(repository, PublishOptions(), run).unfinished if run.killed else ()
        paths = tuple(edit.path for edit in planned.edits)
        write_journal(repository.git_dir, Journal(run.token, paths, earlier=earlier))
        written = write_files(root, planned.edits, token=run.token)
        if earlier:
            # A commit run was killed here. What it had written stays known as ours to the next commit run.
            write_journal(repository.git_dir, Journal(run.token, earlier=earlier))
        else:
            clear_journal(repository.git_dir)
    return Written(tuple(written))


def publish_commit(
    repository: Repository, plan_at: PlanAt, options: PublishOptions | None = None
) -> Committed | NothingToDo:
    """Commit what ``plan_at`` wants on the branch, and bring the edited files of the work tree in step.

    Raises:
        RefusedFile: an edited file holds unfinished work; nothing was changed.
        RepositoryError: no branch or commit, no identity, no signature, another run or program in the way.
        WriteFailed: a work-tree file cannot be written; the branch has not moved.
    """
    options = options or PublishOptions()
    with exclusive(repository, options.wait) as run:
        publication = _Publication(repository, options, run)
        target = publication.target()
        for _ in range(ATTEMPTS):
            built = publication.build_on(target.base, plan_at)
            if isinstance(built, NoChange):
                publication.finish(target)
                return NothingToDo()
            if publication.advance(target, built, publication.prepared(target, built)):
                return Committed(built.commit, target.branch)
            target = publication.target(target.branch)
    raise RepositoryError(f"{target.branch} moved {ATTEMPTS} times while it was committed to", hint="run again")


def publish_push(
    repository: Repository, plan_at: PlanAt, options: PublishOptions | None = None
) -> PushedCommit | NothingToDo:
    """Commit what ``plan_at`` wants and push it; then bring the local branch and the edited files in step.

    Where somebody else's push came first, their commit is fetched and planned on instead.

    Raises:
        PushRejected: the remote refuses, cannot be reached, has not the branch, lacks commits that
            the local branch has, or its branch moved in every attempt.
        RefusedFile: an edited file holds unfinished work; nothing was changed or pushed.
        RepositoryError: as ``publish_commit``.
        WriteFailed: the commit is pushed, but a work-tree file cannot be written; the next run completes it.
    """
    options = options or PublishOptions()
    with exclusive(repository, options.wait) as run:
        publication = _Publication(repository, options, run)
        target = publication.target()
        remote = find_remote(publication.commands, target.branch, options.remote)
        base = target.base
        for attempt in range(1, ATTEMPTS + 1):
            built = publication.build_on(base, plan_at)
            if isinstance(built, NoChange):
                publication.finish(target)
                publication.fast_forward(target, base)
                return NothingToDo()
            # Only a commit right on the local branch brings nothing but our own edits.
            ours = base == target.base
            prepared = publication.prepared(target, built) if ours else Prepared()
            publication.announce(target, built, prepared, remote)
            match push(publication.commands, remote, target.branch, built.commit, base):
                case Moved(head):
                    if publication.complete_push(head):
                        target = publication.target(target.branch)
                        base = target.base
                        continue
                    _require_no_local_commits(publication, target, remote, head)
                    base = head
                case _:
                    local = ours and target.tip is not None
                    local = local and publication.advance(target, built, prepared, remote)
                    local = local or publication.fast_forward(target, built.commit)
                    clear_journal(repository.git_dir)
                    return PushedCommit(built.commit, target.branch, remote, attempt, local)
    raise PushRejected(
        f"{target.branch} on {remote} moved {ATTEMPTS} times while it was pushed to",
        hint="run again when it is quieter",
    )


class _Publication:
    """One publishing run: the steps that its two forms share."""

    def __init__(self, repository: Repository, options: PublishOptions, run: Exclusive) -> None:
        self.repository = repository
        self.options = options
        self.run = run
        self.commands = repository.commands()
        self.unfinished = self._recover(run.killed)

    def target(self, branch: str | None = None) -> Target:
        return find_target(self.commands, self.repository, branch or self.options.branch)

    def build_on(self, base: str, plan_at: PlanAt) -> BuiltCommit | NoChange:
        tree = self.repository.at(base)
        planned = plan_at(tree)
        return build(
            self.commands, self.run.scratch, tree, planned.edits, planned.message,
            identity=self.options.identity, signing=self.options.signing,
        )  # fmt: skip

    def prepared(self, target: Target, built: BuiltCommit) -> Prepared:
        """See what the work tree needs for a commit, and for what a killed run left; refuse unfinished work."""
        return self._prepare(built.entries if target.checked_out else ())

    def announce(self, target: Target, built: BuiltCommit, prepared: Prepared, remote: str | None = None) -> None:
        """Write down what is about to change."""
        paths, entries = prepared.paths, built.entries
        journal = Journal(self.run.token, paths, target.ref, target.tip, built.commit, remote, entries, self.unfinished)
        write_journal(self.repository.git_dir, journal)

    def advance(self, target: Target, built: BuiltCommit, prepared: Prepared, remote: str | None = None) -> bool:
        """Bring the work tree, the index and at last the branch to a commit; ``False`` where the branch has moved."""
        self.announce(target, built, prepared, remote)
        carry_out(self.commands, self.repository, prepared, self.run)
        if not move(self.commands, target.ref, built.commit, target.tip, "publish"):
            self.unfinished += built.entries if target.checked_out else ()
            return False
        clear_journal(self.repository.git_dir)
        return True

    def fast_forward(self, target: Target, commit: str) -> bool:
        """Move a local branch that is not checked out to a commit that contains it."""
        if target.checked_out or target.tip in {None, commit} or not contains(self.commands, commit, str(target.tip)):
            return False
        return move(self.commands, target.ref, commit, target.tip, "fast-forward")

    def finish(self, target: Target) -> None:
        """Take back what killed runs left in the work tree, now that the branch has no need of it."""
        prepared = self._prepare(())
        if prepared != Prepared():
            write_journal(
                self.repository.git_dir,
                Journal(self.run.token, prepared.paths, target.ref, earlier=self.unfinished),
            )
            carry_out(self.commands, self.repository, prepared, self.run)
        clear_journal(self.repository.git_dir)

    def complete_push(self, head: str) -> bool:
        """Bring the local side in step with a commit that a killed run has pushed, if ``head`` is that commit."""
        killed = self.run.killed
        if killed is None or killed.ref is None or killed.old is None or head != killed.new:
            return False
        target = self.target(killed.ref.removeprefix("refs/heads/"))
        # A commit on top of somebody else's would bring more than our own edits.
        if target.tip != killed.old or tip_of(self.commands, f"{head}^") != killed.old:
            return False
        built = BuiltCommit(head, killed.old, killed.entries)
        try:
            return self.advance(target, built, self.prepared(target, built), killed.remote)
        except RefusedFile as error:
            _log.warning("%s has commit %s already, but %s", killed.remote, head, error)
            return False

    def _recover(self, killed: Journal | None) -> tuple[CommitEntry, ...]:
        """Return the files that killed runs may have written and that no commit has."""
        if killed is None or killed.ref is None or killed.new is None:
            return killed.unfinished if killed else ()
        tip = tip_of(self.commands, killed.ref)
        if tip is not None and contains(self.commands, tip, killed.new):
            return ()
        if killed.remote is None:
            return killed.unfinished
        self.unfinished = killed.earlier
        try:
            head = remote_head(self.commands, killed.remote, killed.ref.removeprefix("refs/heads/"))
        except PushRejected:
            # The push of this run, if there is one, says what is wrong with the remote.
            head = None
        if head == killed.new:
            # It was pushed, so some of its files may be here already.
            self.unfinished = killed.unfinished
            if self.complete_push(head):
                return ()
        return self.unfinished

    def _prepare(self, entries: Sequence[CommitEntry]) -> Prepared:
        if not has_checkout(self.repository):
            return Prepared()
        ours: dict[str, set[str | None]] = {}
        for entry in self.unfinished:
            ours.setdefault(entry.path, set()).add(entry.after)
        places = [
            Place(entry.path, entry.mode, frozenset({entry.before} | ours.pop(entry.path, set())), entry.after)
            for entry in entries
        ]
        head = self.repository.at("HEAD").entries() if ours else {}
        for path, allowed in ours.items():
            there = head.get(path)
            mode, wanted = (there.mode, there.object_id) if there else ("0", None)
            places.append(Place(path, mode, frozenset(allowed), wanted, required=False))
        return prepare(self.commands, self.repository, places)


def _require_no_local_commits(publication: _Publication, target: Target, remote: str, head: str) -> None:
    """Refuse to leave commits behind that only the local branch has."""
    if target.tip is None and publication.options.branch is not None:
        # HEAD is another branch, or detached: nobody expects its commits to be pushed to this one.
        return
    if not contains(publication.commands, head, target.base):
        raise PushRejected(
            f"{target.branch} has commits that {remote} lacks",
            hint=f"push them (git push {remote} {target.branch}) or rebase on {remote}'s branch, then run again",
        )
