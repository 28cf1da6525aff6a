"""``gitops-streams resume``: let a held stream tag go on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitops_streams.cli.options import authoring_options

if TYPE_CHECKING:
    from gitops_streams.cli.authoring import Desk


@click.command("resume")
@click.argument("name", metavar="[NAMESPACE/]STREAM:TAG")
@authoring_options
def command(
    *,
    name: str,
    directory: Path,
    config: Path | None,
    verbose: bool,
    color: str,
    output: str,
    dry_run: bool,
) -> None:
    """Let a held stream tag follow its source again.

    Takes the hold and its reason out of the declaration. Where a digest stays away because somebody
    took it back in Git, it is put back into the record in .gitops-streams/status. The next reconcile
    resolves the tag and moves it to what its source has by then.
    """
    from gitops_streams.cli.authoring import Invocation, author
    from gitops_streams.cli.holding import readmitted, still_held

    def edit(desk: Desk) -> list[str]:
        key = desk.existing(name)
        tag = desk.declarations.tag(key)
        told = readmitted(desk, key)
        if tag.hold is not None:
            desk.declarations.resume(key)
            told.insert(0, f"{key} follows {tag.source} again; it was held at {tag.hold.digest}")
        desk.next_step = "gitops-streams reconcile resolves it and writes what it finds"
        return [*(told or [f"{key} is not held by itself"]), *still_held(desk, key)]

    author(Invocation(directory, config, verbose, color, output, dry_run), edit)
