"""``gitops-streams reconcile``: the main job."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitops_streams.cli.options import (
    INSPECTED,
    inspecting_option,
    option,
    publishing_options,
    pull_request_options,
    repository_options,
    resolving_options,
    sharding_option,
)

if TYPE_CHECKING:
    from gitops_streams.plan.shard import Shard


@click.command("reconcile")
@repository_options
@resolving_options
@sharding_option
@publishing_options
@pull_request_options
@inspecting_option
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
    base: str | None,
    groups: tuple[str, ...],
    inspect: bool | None,
    shard: Shard | None,
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
      gitops-streams reconcile --publish pull-request --dry-run
                                                  what would become of each pull request, and why
    """
    from gitops_streams.cli import session as sessions
    from gitops_streams.cli.opening import open_session
    from gitops_streams.reconcile.commits import Order, reconcile
    from gitops_streams.reconcile.pull_requests import Wanted, reconcile_pull_requests
    from gitops_streams.reconcile.scope import Scope
    from gitops_streams.render.formats import FORMATS

    if publish == "pull-request" and branch is not None:
        raise click.UsageError("--branch is for --publish commit and push; pull requests have branches of their own")
    if publish != "pull-request" and (base is not None or groups):
        raise click.UsageError("--base and --group are for --publish pull-request")
    scope = Scope(everything, shard)
    reviewed = output in INSPECTED if inspect is None else inspect
    with open_session(directory, config, verbose=verbose, color=color) as session:
        with sessions.registry_client(session.settings) as client, sessions.progress_bar() as progress:
            if publish == "pull-request":
                # Texts that are written have had their images inspected anyway.
                shown = inspect if inspect is not None or not dry_run else reviewed
                wanted = Wanted(base, remote, groups, scope, dry_run, inspect=shown)
                report = reconcile_pull_requests(session, client, wanted, progress)
            else:
                order = Order(publish, branch, remote, scope, dry_run, inspect=reviewed)
                report = reconcile(session, client, order, progress)
        session.show(FORMATS[output](replace(report, every_site=session.verbose)), output)
        ctx.exit(sessions.exit_code(report, pending=exit_code))
