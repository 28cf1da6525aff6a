"""``gitops-streams reconcile``: the main job."""

from __future__ import annotations

from pathlib import Path

import click

from gitops_streams.cli.options import option, publishing_options, repository_options, resolving_options


@click.command("reconcile")
@repository_options
@resolving_options
@publishing_options
@option("--dry-run", is_flag=True, help="Write nothing; as diff, but from what --publish would plan from.")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    directory: Path,
    config: Path | None,
    verbose: bool,
    color: str,
    output: str,
    everything: bool,
    exit_code: bool,
    publish: str,
    branch: str | None,
    remote: str | None,
    dry_run: bool,
) -> None:
    """Resolve every stream tag in use and write the digests into the manifests.

    Every edit is proven before it is written: the JSON Patch of the change, applied to the old
    document, must give the new one, and no byte outside the edited scalars may differ. A tag that
    cannot be resolved keeps the pin that is there and never stops the others (exit code 3).

    \b
      gitops-streams reconcile                    edit files in the work tree
      gitops-streams reconcile --publish commit   one commit on the branch, planned from HEAD
      gitops-streams reconcile --publish push     and push it; a lost race is planned again
    """
    from gitops_streams.cli import session as sessions
    from gitops_streams.cli.publishing import Destination, message
    from gitops_streams.cli.publishing import publish as carry_out
    from gitops_streams.git.snapshot import Snapshot
    from gitops_streams.plan.model import Plan
    from gitops_streams.plan.proven import proven
    from gitops_streams.publish import Planned
    from gitops_streams.reconcile import edits_of, moves_of, plan_at, resolved_items
    from gitops_streams.render.formats import FORMATS
    from gitops_streams.render.report import Report

    destination = Destination(publish, branch, remote)
    with sessions.open_session(directory, config, verbose=verbose, color=color) as session:
        with sessions.registry_client(session.settings) as client, sessions.progress_bar() as progress:

            def plan_here(snapshot: Snapshot) -> tuple[Planned, Plan]:
                found = plan_at(snapshot, session.settings, client, everything=everything, progress=progress)
                plan = proven(found.plan)
                edits = edits_of(plan.files, resolved_items(plan), found.history, snapshot)
                return Planned(edits, message(session, destination, moves_of(plan), len(plan.files))), plan

            if dry_run:
                head = publish != "worktree"
                plan = plan_here(session.repository.at(branch or "HEAD") if head else session.snapshot())[1]
                report = Report(plan, every_site=verbose)
            else:
                done, published = carry_out(session, destination, plan_here)
                if done is None:
                    raise AssertionError("publishing plans at least once")
                plan, report = done, Report(done, published, every_site=verbose)
        session.show(FORMATS[output](report), output)
        ctx.exit(sessions.exit_code(plan, pending=exit_code))
