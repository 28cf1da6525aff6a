"""Reconciling into the work tree, as a commit or as a pushed commit: plans, publishes, reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from gitops_streams.git.snapshot import Snapshot
from gitops_streams.plan.model import Plan
from gitops_streams.plan.proven import proven
from gitops_streams.plan.shard import by_stream
from gitops_streams.publish import Planned
from gitops_streams.recall import Past
from gitops_streams.reconcile.one_pass import Pass, plan_at
from gitops_streams.reconcile.publishing import Destination, message, publish
from gitops_streams.reconcile.recording import edits_for, moves_of
from gitops_streams.reconcile.reviewing import reviewer, reviews
from gitops_streams.reconcile.scope import IN_USE, Scope
from gitops_streams.reconcile.two_processes import mapped
from gitops_streams.reconcile.workspace import Workspace
from gitops_streams.registry.asking import Progress
from gitops_streams.registry.registries import Registries
from gitops_streams.render.report import Report


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for beside the configuration."""

    publish: str
    """``worktree``, ``commit`` or ``push``."""
    branch: str | None = None
    remote: str | None = None
    scope: Scope = IN_USE
    dry_run: bool = False
    inspect: bool = False
    """Whether the report says why digests moved."""
    base: str | None = None
    """The commit to push on, which the remote's branch has; ``None``: the local branch's."""


def reconcile(
    workspace: Workspace,
    client: Registries,
    order: Order,
    progress: Progress | None = None,
    watch: Callable[[Pass], None] | None = None,
) -> Report:
    """Resolve what is in use, and publish.

    Args:
        workspace: the repository.
        client: who asks the registries.
        order: what is asked for.
        progress: told how far the resolution is.
        watch: told every pass before it is published; a lost race makes another one.

    Raises:
        NoStreams: no stream is declared.
        RepositoryError: Git refuses; see ``publish``.
    """
    scope = order.scope
    destination = Destination(order.publish, order.branch, order.remote, order.base)
    last: list[tuple[Pass, Snapshot]] = []

    def plan_here(snapshot: Snapshot) -> tuple[Planned, Plan]:
        found = plan_at(
            snapshot,
            workspace.settings,
            client,
            everything=scope.everything,
            progress=progress,
            now=scope.now,
            past=Past(workspace.repository, order.remote or workspace.settings.remote),
            share=None if scope.shard is None else by_stream(scope.shard),
            pushed=scope.pushed,
        )
        if watch is not None:
            watch(found)
        last.append((found, snapshot))
        plan = proven(found.plan, mapped)
        edits = edits_for(plan, found.history, snapshot)
        return Planned(edits, message(workspace, destination, moves_of(plan), len(plan.files))), plan

    if order.dry_run:
        head = order.publish != "worktree"
        plan = plan_here(workspace.repository.at(order.branch or "HEAD") if head else workspace.snapshot())[1]
        report = Report(plan)
    else:
        done, published = publish(workspace, destination, plan_here)
        if done is None:
            raise AssertionError("publishing plans at least once")
        report = Report(done, published)
    return with_reviews(workspace, client, report, *last[-1]) if order.inspect else report


def with_reviews(workspace: Workspace, client: Registries, report: Report, found: Pass, snapshot: Snapshot) -> Report:
    """Add to a report why the digests move; this inspects the images."""
    writer = reviewer(workspace, client)
    written = reviews(workspace, writer, report.plan, found, snapshot)
    return replace(report, plan=replace(report.plan, requests=report.plan.requests + writer.requests), reviews=written)
