"""One group's pull request: look, let ``review`` decide, carry the operations out, look again where that fails."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, assert_never

from gitops_streams.errors import ForgeError, InternalError, PushRejected
from gitops_streams.forges.forge import BranchLost, TreeFile
from gitops_streams.forges.http.refusal import ForgeRefused
from gitops_streams.git.commit import BuiltTree, commit_tree
from gitops_streams.git.remote import LeaseLost
from gitops_streams.publish.model import ATTEMPTS
from gitops_streams.publish.observe import observe
from gitops_streams.publish.proposal import Proposal, Text
from gitops_streams.publish.run import Run
from gitops_streams.publish.write_pull import UNFINISHED, Wanted, decorate, gives_something, tried, write_pull
from gitops_streams.render.report import PullResult
from gitops_streams.review.decide import decide
from gitops_streams.review.lifecycle import (
    ClosePull,
    Comment,
    Decision,
    DeleteBranch,
    Desired,
    Group,
    OpenPull,
    Operation,
    PullOutcome,
    PushBranch,
    RefreshPull,
    SetLabels,
    StopAutoMerge,
)
from gitops_streams.review.pull_request import Decorations, PullPatch, PullRequest, PullSpec

if TYPE_CHECKING:
    from collections.abc import Iterator

_log = logging.getLogger(__name__)

_PAUSES = (0.1, 0.4, 1.0, 2.0)
"""Seconds before looking again: whoever was first is given the time to end."""
_MOVED = frozenset({404, 405, 409, 422})
"""What a forge says to an operation on something that is no longer as it was: gone, closed, merged."""
_REFUSALS = 2
"""After so many such answers for one group, it is taken for what the forge means."""


class _Moved(Exception):
    """The world is not as it was observed."""

    def __init__(self, cause: ForgeError | PushRejected) -> None:
        super().__init__()
        self.cause = cause


@dataclass(slots=True)
class GroupPull:
    """The pull request of one group, in one run."""

    run: Run
    group: Group
    done: list[Operation] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    head: str | None = None
    pull: PullRequest | None = None
    _desired: Desired | None = None
    _proposal: Proposal | None = None
    _built: BuiltTree | None = None
    _commit: str | None = None
    """The commit that was made of ``_built``, by git."""

    def settle(self, desired: Desired, proposal: Proposal, built: BuiltTree | None) -> PullResult:
        """Bring it in step.

        Raises:
            ForgeError: the forge refuses.
            PushRejected: the remote refuses, or the branch keeps moving.
            RepositoryError: git failed.
        """
        self._desired, self._proposal, self._built = desired, proposal, built
        did = PullOutcome.NONE
        refusals = 0
        for attempt in range(ATTEMPTS):
            observed = observe(self.run, self.group, desired, again=attempt > 0)
            decision = decide(desired, observed, self.run.options.policy, self.run.authorship.addresses)
            self.head = observed.branch.head if observed.branch else None
            self.pull = next((pull for pull in observed.pulls if pull.number == decision.pull), None)
            try:
                self._carry_out(decision)
            except _Moved as moved:
                if isinstance(moved.cause, ForgeRefused):
                    refusals += 1
                if refusals == _REFUSALS or attempt == ATTEMPTS - 1:
                    raise moved.cause from None
                _log.info("%s: looking again, since %s", self.group.branch, moved.cause.message)
                did = self._did() or did
                time.sleep(_PAUSES[attempt])
                continue
            quiet = decision.outcome in {PullOutcome.UNCHANGED, PullOutcome.NONE}
            outcome = did if quiet and did is not PullOutcome.NONE else decision.outcome
            return self.result(outcome, decision.reason)
        raise AssertionError  # pragma: no cover  the last attempt returns or raises

    def finish(self, decision: Decision, pull: PullRequest) -> PullResult:
        """Carry out a decision about a pull request whose group is gone.

        Raises:
            ForgeError: the forge refuses.
            PushRejected: the remote refuses.
        """
        self.pull, self.head = pull, pull.head_sha
        try:
            self._carry_out(decision)
        except _Moved as moved:
            raise moved.cause from None
        return self.result(decision.outcome, decision.reason)

    def result(self, outcome: PullOutcome, reason: str) -> PullResult:
        """Say what became of it."""
        return PullResult(
            self.group.name,
            outcome,
            reason,
            self.run.base,
            self.group.branch,
            number=self.pull.number if self.pull else None,
            url=self.pull.url if self.pull else None,
            head=self.head,
            warnings=tuple(dict.fromkeys(self.warnings)),
            operations=tuple(self.done),
        )

    def _carry_out(self, decision: Decision) -> None:
        for operation in decision.operations:
            if not self.run.options.dry_run:
                self._do(operation)
            elif isinstance(operation, OpenPull):
                self.run.created += 1
            self.done.append(operation)

    def _did(self) -> PullOutcome | None:
        """Return what an attempt amounts to that was not finished."""
        if any(isinstance(operation, OpenPull) for operation in self.done):
            return PullOutcome.CREATED
        return PullOutcome.UPDATED if any(isinstance(operation, PushBranch) for operation in self.done) else None

    def _do(self, operation: Operation) -> None:
        forge = self.run.forge
        with _moving():
            match operation:
                case PushBranch():
                    self._push(operation)
                case OpenPull():
                    self._open(operation)
                case RefreshPull():
                    self._refresh(operation)
                case Comment():
                    # A comment that cannot be written keeps nothing else from being done.
                    number, key, text = operation.number, operation.key, operation.text
                    self.warnings += tried(lambda: forge.comment_sticky(number, key, text))
                case SetLabels():
                    self._label(operation)
                case StopAutoMerge():
                    forge.disable_auto_merge(self._the_pull(operation.number))
                case ClosePull():
                    if operation.body is not None:
                        forge.update(operation.number, PullPatch(body=operation.body))
                    forge.close(operation.number)
                    self.run.open_pulls.pop(operation.number, None)
                case DeleteBranch():
                    self._replace(operation.branch, None, operation.expected)
                    self.head = None
                case _:
                    assert_never(operation)

    def _push(self, operation: PushBranch) -> None:
        proposal, built = self._wanted()
        if self.pull is not None and self.pull.auto_merge and proposal.text(self._preview()).alarming:
            # Before the push: the checks of the new commit may pass sooner than its text is written.
            self.run.forge.disable_auto_merge(self.pull)
            self.pull = replace(self.pull, auto_merge=False)
        api = self.run.authorship.api
        if api is None:
            self.head = self._replace(operation.branch, self._committed(), operation.expected)
            return
        files = tuple(
            TreeFile(entry.path, entry.mode, content)
            for entry in built.entries
            for content in (edit.after for edit in proposal.edits if edit.path == entry.path)
        )
        made = api.commit(
            branch=operation.branch,
            expected=operation.expected,
            parent=built.parent,
            files=files,
            message=proposal.message(built.tree, self.run.authorship.committer),
            tree=built.tree,
        )
        if isinstance(made, BranchLost):
            raise _Moved(PushRejected(f"{operation.branch} moved while it was pushed to", hint="run again"))
        self.run.heads[operation.branch] = made
        self.head = made

    def _replace(self, branch: str, new: str | None, expected: str | None) -> str | None:
        done = self.run.remote.replace(branch, new, expected)
        if isinstance(done, LeaseLost):
            raise _Moved(
                PushRejected(
                    f"{branch} on {self.run.remote.name} keeps moving: {done.reason}",
                    hint="another run or a person is pushing to it; run again when it is quieter",
                )
            )
        self.run.heads.pop(branch, None)
        if new is not None:
            self.run.heads[branch] = new
        return new

    def _committed(self) -> str:
        """Make the commit, once: a second try pushes the same."""
        proposal, built = self._wanted()
        if self._commit is None:
            self._commit = commit_tree(
                self.run.remote.commands,
                built,
                proposal.message(built.tree, self.run.authorship.committer),
                identity=self.run.authorship.identity,
                signing=self.run.options.signing,
            )
        return self._commit

    def _open(self, operation: OpenPull) -> None:
        proposal, _ = self._wanted()
        text = proposal.text(UNFINISHED) if gives_something(self.run) else self._text()
        draft = operation.draft and self.run.forge.capabilities.drafts
        spec = PullSpec(self.group.branch, self.run.base, text.title, text.body, draft)
        pull = self.run.forge.create(spec)
        self.run.created += 1
        self.run.open_pulls[pull.number] = pull
        # It may have been there already, opened by whoever was first.
        self._write(pull, self._text(), None)

    def _refresh(self, operation: RefreshPull) -> None:
        self._write(self._the_pull(operation.number), self._text(), operation.draft)

    def _write(self, pull: PullRequest, text: Text, draft: bool | None) -> None:  # noqa: FBT001  as the operation has it
        written = write_pull(self.run, pull, text, Wanted(self.head, draft))
        self.pull = written.pull
        self.warnings += written.warnings

    def _label(self, operation: SetLabels) -> None:
        if self.run.forge.capabilities.labels:
            wanted = Decorations(labels=operation.add, unwanted_labels=operation.remove, create_labels=True)
            self.warnings += decorate(self.run.forge, self._the_pull(operation.number), wanted)

    def _text(self) -> Text:
        proposal, _ = self._wanted()
        if self.head is None:
            raise InternalError(f"the pull request of {self.group.name} would be written without a commit")
        return proposal.text(self.head)

    def _preview(self) -> str:
        """Return a commit to write the text for before it is pushed; one that a forge makes has no name yet."""
        return self._committed() if self.run.authorship.api is None else self.run.base_sha

    def _wanted(self) -> tuple[Proposal, BuiltTree]:
        if self._proposal is None or self._built is None:
            raise InternalError(f"{self.group.name} is to be published, and wants nothing")
        return self._proposal, self._built

    def _the_pull(self, number: int) -> PullRequest:
        if self.pull is None or self.pull.number != number:
            return self.run.forge.get(number)
        return self.pull


@contextmanager
def _moving() -> Iterator[None]:
    """Take what a forge says of something that has changed for a reason to look again."""
    try:
        yield
    except ForgeRefused as refused:
        if refused.status in _MOVED:
            raise _Moved(refused) from refused
        raise
