"""``gitops-streams hold``: hold a stream tag where it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitops_streams.cli.options import authoring_options, option

if TYPE_CHECKING:
    from gitops_streams.cli.authoring import Desk


@click.command("hold")
@click.argument("name", metavar="[NAMESPACE/]STREAM:TAG")
@option("--reason", help="Why, for people; it is written beside the hold.")
@authoring_options
def command(
    *,
    name: str,
    reason: str | None,
    directory: Path,
    config: Path | None,
    verbose: bool,
    color: str,
    output: str,
    dry_run: bool,
) -> None:
    """Hold a stream tag at the image that it resolved to last.

    The hold is an annotation in the declaration; what the tag follows stays as it is. A tag that is
    held already stays at the image that it is held at. No registry is asked.

    \b
      gitops-streams hold acme/web:prod --reason "freeze for the release"
      gitops-streams resume acme/web:prod
    """
    from gitops_streams.cli.authoring import Invocation, author
    from gitops_streams.cli.holding import aliases_note, current_of, reason_text
    from gitops_streams.streams.restraint import Hold

    def edit(desk: Desk) -> list[str]:
        key, found = desk.candidates(name)
        held = desk.declarations.tag(key).hold
        digest = current_of(key, found, held)
        kept = held.reason if held is not None and reason is None else reason_text(reason)
        desk.declarations.hold(key, Hold(digest, kept))
        desk.next_step = "gitops-streams reconcile brings every place to it; resume lets the tag go on"
        return [f"{key} is held at {digest}", *aliases_note(desk, key)]

    author(Invocation(directory, config, verbose, color, output, dry_run), edit)
