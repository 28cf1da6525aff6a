"""``gitops-streams resume``: let a held stream tag go on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitops_streams.cli.options import authoring_options

if TYPE_CHECKING:
    from gitops_streams.cli.authoring import Desk
    from gitops_streams.streams.model import TagKey


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


def _take_again(desk: Desk, key: TagKey) -> list[str]:
    """Record what somebody took back, which lets it go; nothing is told where nobody did."""
    from gitops_streams.recall import read_states
    from gitops_streams.streams.history import record
    from gitops_streams.streams.reverts import last_revert

    repository = desk.session.repository
    states = read_states(repository, repository.head().commit, {key.stream}, desk.history)
    found = last_revert(states.of(key))
    if found is None:
        return []
    recorded = desk.history.streams.get(key.stream)
    for item in reversed(found.items):
        recorded = record(recorded, key, item)
    if recorded is not None:
        desk.recorded[key.stream] = recorded
    revision = states.streams[key.stream][found.state].revision
    where = "in a change that is not committed" if revision is None else f"in {revision.commit[:12]}"
    images = ", ".join(item.image.short for item in found.items)
    desk.next_step = "gitops-streams reconcile moves it to what its source has; commit both together"
    return [f"{key} may have {images} again, taken back {where}", *still_held(desk, key)]
