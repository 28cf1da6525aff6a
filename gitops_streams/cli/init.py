"""``gitops-streams init``: streams for the images that a repository uses already."""

from __future__ import annotations

from pathlib import Path

import click

from gitops_streams.cli.options import option, repository_options

FORMATS = ("yaml", "table", "json")
"""The names in ``render.proposal``, which is not imported for ``--help``; a test keeps them in step."""

_LISTED = 10
"""How many written files are named without ``-v``."""


@click.command("init")
@repository_options
@option("-o", "--output", type=click.Choice(FORMATS), default="yaml", show_default=True, help="What to print.")
@option("--write", is_flag=True, help="Write the streams too, each into a file of its own; none is overwritten.")
@option(
    "--directory",
    "folder",
    metavar="PATH",
    default="imagestreams",
    show_default=True,
    help="Where files are written, from the top of the repository.",
)
def command(
    *, directory: Path, config: Path | None, verbose: bool, color: str, output: str, write: bool, folder: str
) -> None:
    """Propose ImageStreams for the images that the repository uses; no network is used.

    Every tag of every repository that no stream follows yet gets its stream tag, in one stream a
    repository. Flux's ImagePolicy and ImageRepository objects and what Argo CD Image Updater is told
    (annotations, ImageUpdater objects) become stream tags with the same policy. What has no
    equivalent is said.

    \b
      gitops-streams init               look at it
      gitops-streams init -v -o table   and where each is used
      gitops-streams init --write       write imagestreams/<namespace>/<name>.yaml
      gitops-streams diff               then: what would be pinned
    """
    from gitops_streams.cli.initiating import propose_at
    from gitops_streams.cli.initiating import write as write_streams
    from gitops_streams.cli.opening import open_session
    from gitops_streams.render import proposal as render
    from gitops_streams.render.inert import line

    with open_session(directory, config, verbose=verbose, color=color) as session:
        proposed = propose_at(session, folder)
        shown = render.Proposed(proposed.proposal, proposed.problems, every_place=verbose, written=write)
        if write:
            write_streams(session, proposed.proposal)
        session.show(render.FORMATS[output](shown), output)
        click.echo(render.summary(shown), err=True)
        if proposed.proposal.streams and not write:
            click.echo("next: gitops-streams init --write", err=True)
        elif proposed.proposal.streams:
            paths = [stream.path for stream in proposed.proposal.streams]
            listed = paths if verbose else paths[:_LISTED]
            for path in listed:
                click.echo(f"wrote {line(path)}", err=True)
            if len(listed) < len(paths):
                click.echo(f"and {len(paths) - len(listed)} more", err=True)
            click.echo("next: gitops-streams diff", err=True)
