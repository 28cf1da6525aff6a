"""``gitops-streams diff``: the dry run."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitops_streams.cli.options import (
    INSPECTED,
    inspecting_option,
    option,
    repository_options,
    resolving_options,
    sharding_option,
)

if TYPE_CHECKING:
    from gitops_streams.plan.shard import Shard


@click.command("diff")
@repository_options
@resolving_options
@sharding_option
@inspecting_option
@option(
    "--at", "revision", envvar="GITOPS_STREAMS_AT", metavar="REVISION", help="Read a commit in place of the work tree."
)
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
    inspect: bool | None,
    shard: Shard | None,
    revision: str | None,
) -> None:
    """Show what reconcile would change, and write nothing.

    Each stream tag that a manifest uses is resolved once, by a HEAD request where the registry
    allows. The work tree is read as it is, uncommitted changes included.

    \b
      gitops-streams diff                         what changes where, as a table
      gitops-streams diff -o diff                 the change itself; git apply accepts it
      gitops-streams diff -o json > ../plan.json  for machines, and for gitops-streams apply
      gitops-streams diff -o markdown             why each digest moved, from the images themselves
      gitops-streams diff --exit-code             4 where changes are pending, for CI
    """
    from gitops_streams.cli.opening import open_session

    reads = revision is None
    with open_session(directory, config, verbose=verbose, color=color, reads_work_tree=reads) as session:
        from gitops_streams.cli import session as sessions
        from gitops_streams.plan.shard import by_stream
        from gitops_streams.recall import Past
        from gitops_streams.reconcile.one_pass import plan_at
        from gitops_streams.render.formats import FORMATS, prepare
        from gitops_streams.render.report import Report

        snapshot = session.snapshot() if revision is None else session.repository.at(revision)
        with sessions.registry_client(session.settings) as client, sessions.progress_bar() as progress:
            found = plan_at(
                snapshot,
                session.settings,
                client,
                everything=everything,
                progress=progress,
                past=Past(session.repository, session.settings.remote),
                share=None if shard is None else by_stream(shard),
                meanwhile=partial(prepare, output),
            )
            report = Report(found.plan, every_site=verbose)
            if output in INSPECTED if inspect is None else inspect:
                from gitops_streams.reconcile.commits import with_reviews

                report = with_reviews(session, client, report, found, snapshot)
        session.show(FORMATS[output](report), output)
        ctx.exit(sessions.exit_code(report, pending=exit_code))
