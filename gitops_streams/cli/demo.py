"""``gitops-streams demo``: the two minutes of a newcomer."""

from __future__ import annotations

from pathlib import Path

import click

from gitops_streams.cli.options import option


@click.command("demo")
@option(
    "--folder",
    type=click.Path(path_type=Path),
    help="Make the sample here; it must not exist.  [default: a new temporary folder]",
)
@option("--wait", is_flag=True, help="Keep the registry running until Ctrl-C, so that you can go on.")
def command(*, folder: Path | None, wait: bool) -> None:
    """Watch the whole job on a sample repository and registry, in a few seconds.

    Starts a registry on this machine's loopback interface, makes a sample GitOps repository, shows the
    dry run, commits the pins, moves a tag, and shows the second run. Every step prints the command
    that you would type. The sample is left for you to explore.
    """
    import tempfile
    import threading

    from gitops_streams.demo.registry import Registry
    from gitops_streams.demo.walk import walk
    from gitops_streams.errors import UsageError

    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix="gitops-streams-demo-"))
    else:
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise UsageError(
                f"{folder} cannot be made: {error.strerror}", hint="name a folder that does not exist"
            ) from error
    with Registry() as registry:
        walk(folder.resolve(), registry, click.echo)
        if wait:
            try:
                click.echo(f"\nThe registry stays on {registry.host}; Ctrl-C ends it.")
                threading.Event().wait()
            except KeyboardInterrupt:
                click.echo()
