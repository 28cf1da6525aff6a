"""One publishing run in a clone: the steps that a commit and a push share.

A commit comes to be in an order in which a kill at any moment leaves something that the next run
completes: its objects first, which nobody sees; with ``push`` the remote's branch, which is what
counts; then the work tree and the index, for just the edited files; the local branch last, by
compare-and-swap. A branch that has moved meanwhile is planned for again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from gitops_streams.errors import PushRejected, RefusedFile
from gitops_streams.git.branch import Target, find_target, move, tip_of
from gitops_streams.git.checkout import Place, Prepared, carry_out, has_checkout, prepare
from gitops_streams.git.commit import BuiltCommit, CommitEntry, NoChange, build
from gitops_streams.git.journal import Journal, clear_journal, write_journal
from gitops_streams.git.lock import Exclusive
from gitops_streams.git.push import contains, remote_head
from gitops_streams.git.repository import Repository
from gitops_streams.publish.model import PlanAt, PublishOptions

_log = logging.getLogger(__name__)


class Publication:
    """One publishing run: the steps that a commit and a push share."""

    def __init__(self, repository: Repository, options: PublishOptions, run: Exclusive) -> None:
        self.repository = repository
        self.options = options
        self.run = run
        self.commands = repository.commands()
        self.unfinished = self._recover(run.killed)

    def target(self, branch: str | None = None) -> Target:
        """Find the branch to publish to; ``None`` takes that of the options."""
        return find_target(self.commands, self.repository, branch or self.options.branch)

    def build_on(self, base: str, plan_at: PlanAt) -> BuiltCommit | NoChange:
        """Plan on a commit, and make the objects of the next one."""
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
