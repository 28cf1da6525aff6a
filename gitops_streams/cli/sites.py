"""``gitops-streams sites``: every place of a reference, how it was found, what binds it, what keeps it from that."""

from __future__ import annotations

from pathlib import Path

import click

from gitops_streams.cli.options import option, repository_options


@click.command("sites")
@repository_options
@option(
    "-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True, help="What to print."
)
@option("--untracked", is_flag=True, help="List the references whose repository no stream follows instead.")
@click.argument("reference", required=False)
def command(
    *,
    directory: Path,
    config: Path | None,
    verbose: bool,
    color: str,
    output: str,
    untracked: bool,
    reference: str | None,
) -> None:
    """List the places of references; no network is used.

    Without REFERENCE: every reference to a repository that a stream follows, with its form, its
    stream tag and the rule that bound it; what is skipped, with the reason and the line for the
    configuration that would have it edited; what is ignored, since somebody asked for that; and
    what names a tag that no stream tag follows.

    \b
      gitops-streams sites                     everything that is followed
      gitops-streams sites acme/web:prod       of a stream or a stream tag
      gitops-streams sites quay.io/acme/web    of a repository, followed or not
      gitops-streams sites --untracked         what no stream follows yet
    """
    from gitops_streams.cli.opening import open_session

    with open_session(directory, config, verbose=verbose, color=color, reads_work_tree=True) as session:
        from gitops_streams.cli.listing import list_sites
        from gitops_streams.render import sites as render

        places, problems = list_sites(session, reference, untracked=untracked)
        session.show((render.table if output == "table" else render.as_json)(places, problems), output)
