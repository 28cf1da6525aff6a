"""``gitops-streams status``: what is declared, what it resolved to, what uses it."""

from __future__ import annotations

from pathlib import Path

import click

from gitops_streams.cli.options import option, repository_options


@click.command("status")
@repository_options
@option(
    "-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True, help="What to print."
)
def command(*, directory: Path, config: Path | None, verbose: bool, color: str, output: str) -> None:
    """Show every stream tag with its newest recorded digest and its sites; no network is used.

    The record is in .gitops-streams/status, in Git: gitops-streams history shows who moved a tag
    and when.
    """
    from gitops_streams.cli.opening import open_session

    with open_session(directory, config, verbose=verbose, color=color, reads_work_tree=True) as session:
        from gitops_streams.oci.digest import Digest
        from gitops_streams.reconcile.sites import find_sites
        from gitops_streams.render import status as render
        from gitops_streams.streams.model import TagKey

        found = find_sites(session.snapshot(), session.settings)
        digests: dict[TagKey, list[Digest | None]] = {}
        for site in found.bindings.sites:
            digests.setdefault(site.tag, []).append(site.occurrence.digest)
        declarations = found.declarations
        states = [
            render.TagState(
                tag,
                declarations.history.items(key),
                tuple(digests.get(key, ())),
                declarations.history.condition(key),
            )
            for key, tag in declarations.catalog.tags.items()
        ]
        session.show((render.table if output == "table" else render.as_json)(states), output)
