"""Publishes what a pass wants: the plan that is made, where it goes, and what is reported of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gitops_streams.git.commit import committer
from gitops_streams.git.snapshot import Snapshot
from gitops_streams.plan.model import Plan
from gitops_streams.publish import (
    Committed,
    NothingToDo,
    Planned,
    PublishOptions,
    PushedCommit,
    publish_commit,
    publish_push,
    publish_worktree,
)
from gitops_streams.reconcile.workspace import Workspace
from gitops_streams.render.commit_message import CommitMessage, Move, render_commit_message
from gitops_streams.render.report import Published


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a change goes."""

    mode: str
    """``worktree``, ``commit`` or ``push``."""
    branch: str | None = None
    remote: str | None = None
    base: str | None = None
    """As in ``PublishOptions``."""


@dataclass(slots=True)
class Last:
    """The last planning pass: a lost race plans again, and only what was published is reported."""

    planned: Planned | None = None
    plan: Plan | None = None


def publish(
    workspace: Workspace, destination: Destination, plan_at: Callable[[Snapshot], tuple[Planned, Plan | None]]
) -> tuple[Plan | None, Published]:
    """Plan and publish.

    Returns:
        The plan that was carried out, and what became of it.
    """
    last = Last()

    def plan(snapshot: Snapshot) -> Planned:
        last.planned, last.plan = plan_at(snapshot)
        return last.planned

    repository = workspace.repository
    if destination.mode == "worktree":
        written = publish_worktree(repository, plan(repository.work_tree()))
        return last.plan, Published("worktree", written.paths)
    options = PublishOptions(
        branch=destination.branch or workspace.settings.branch,
        remote=destination.remote or workspace.settings.remote,
        identity=workspace.settings.publishing.commit.author,
        signing=workspace.settings.publishing.commit.signing,
        base=destination.base,
    )
    done = (publish_commit if destination.mode == "commit" else publish_push)(repository, plan, options)
    files = tuple(edit.path for edit in last.planned.edits) if last.planned is not None else ()
    match done:
        case Committed():
            return last.plan, Published("commit", files, done.sha, done.branch)
        case PushedCommit():
            return last.plan, Published("push", files, done.sha, done.branch, done.remote)
        case NothingToDo():
            return last.plan, Published(destination.mode, ())


def message(workspace: Workspace, destination: Destination, moves: Sequence[Move], files: int) -> str:
    """Write the commit message that the settings ask for; none where nothing is committed."""
    if destination.mode == "worktree":
        return ""
    settings = workspace.settings.publishing.commit
    signed = str(committer(workspace.repository.commands(), settings.author)) if settings.sign_off else None
    content = CommitMessage(tuple(moves), files, signed_off_by=signed, co_authored_by=settings.co_authors)
    return render_commit_message(content if settings.subject is None else replace(content, subject=settings.subject))
