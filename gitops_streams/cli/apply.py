"""``gitops-streams apply``: carry out a saved plan."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click

from gitops_streams.cli.options import publishing_options, repository_options


@click.command("apply")
@click.argument("plan", type=click.File("rb"), metavar="PLAN.json")
@repository_options
@publishing_options
def command(
    *,
    plan: BinaryIO,
    directory: Path,
    config: Path | None,
    verbose: bool,
    color: str,
    publish: str,
    branch: str | None,
    remote: str | None,
) -> None:
    """Carry out a plan that diff -o json saved, without asking any registry.

    A file whose SHA-256 or a JSON Patch test no longer holds, or a path outside the repository,
    refuses the whole plan: nothing is written. PLAN.json may be - for standard input.

    \b
      gitops-streams diff -o json > ../plan.json
      gitops-streams apply ../plan.json
    """
    from gitops_streams import schemas
    from gitops_streams.cli.opening import open_session
    from gitops_streams.errors import UsageError
    from gitops_streams.git.snapshot import Snapshot
    from gitops_streams.plan import saved
    from gitops_streams.publish import Planned
    from gitops_streams.reconcile.publishing import Destination, message
    from gitops_streams.reconcile.publishing import publish as carry_out
    from gitops_streams.reconcile.saved import edits_of_saved, fit_saved, moves_of_saved
    from gitops_streams.render.inert import line
    from gitops_streams.render.published_words import published as words

    if publish == "pull-request":
        raise UsageError(
            "a saved plan cannot be published as pull requests: it says nothing of groups and of why digests moved",
            hint="gitops-streams reconcile --publish pull-request plans anew; apply can commit or push",
        )
    destination = Destination(publish, branch, remote)
    wanted = saved.read(plan.read(), schemas.load("plan"), plan.name)
    with open_session(directory, config, verbose=verbose, color=color) as session:

        def plan_here(snapshot: Snapshot) -> tuple[Planned, None]:
            files = fit_saved(wanted, snapshot)
            edits = edits_of_saved(wanted, files, snapshot)
            return Planned(edits, message(session, destination, moves_of_saved(wanted), len(files))), None

        _, done = carry_out(session, destination, plan_here)
        session.show(line(words(done)) + "\n" + "".join(f"  {line(path)}\n" for path in done.files))
