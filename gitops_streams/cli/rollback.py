"""``gitops-streams rollback``: hold a stream tag at an earlier image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitops_streams.cli.options import authoring_options, option

if TYPE_CHECKING:
    from gitops_streams.cli.authoring import Desk


@click.command("rollback")
@click.argument("name", metavar="[NAMESPACE/]STREAM:TAG")
@option("--to", metavar="DIGEST", help="The image, or the beginning of its digest.  [default: the one before]")
@option("--reason", help="Why, for people; it is written beside the hold.")
@option("--unrecorded", is_flag=True, help="Let --to name a whole digest that the history does not have.")
@authoring_options
def command(
    *,
    name: str,
    to: str | None,
    reason: str | None,
    unrecorded: bool,
    directory: Path,
    config: Path | None,
    verbose: bool,
    color: str,
    output: str,
    dry_run: bool,
) -> None:
    """Hold a stream tag at an image that it had before.

    The hold is an annotation in the declaration, so that it is reviewed like any change and the next
    run does not undo it. What the tag follows stays as it is; resume lets it go on. No registry is
    asked: the history in .gitops-streams/status says what there was. Called again, it goes back
    further.

    \b
      gitops-streams rollback acme/web:prod --reason "login is broken"
      gitops-streams reconcile                        writes the digest into the manifests
      gitops-streams resume acme/web:prod             follows the source again
    """
    from gitops_streams.cli.authoring import Invocation, author
    from gitops_streams.cli.holding import aliases_note, digest_of, reason_text
    from gitops_streams.streams.restraint import Hold

    def edit(desk: Desk) -> list[str]:
        key, found = desk.candidates(name)
        digest = digest_of(key, found, to, unrecorded=unrecorded)
        desk.declarations.hold(key, Hold(digest, reason_text(reason)))
        desk.next_step = "gitops-streams reconcile writes it into the manifests; resume lets the tag go on"
        was = f"; it was at {found.current}" if found.current not in {None, digest} else ""
        return [f"{key} is held at {digest}{was}", *aliases_note(desk, key)]

    author(Invocation(directory, config, verbose, color, output, dry_run), edit)
