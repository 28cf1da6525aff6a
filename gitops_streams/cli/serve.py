"""``gitops-streams serve``: the reconcile loop, webhooks, and a page to look at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitops_streams.cli.options import option, sharding_option

if TYPE_CHECKING:
    from gitops_streams.plan.shard import Shard


@click.command("serve")
@option(
    "--config",
    "config_file",
    envvar="GITOPS_STREAMS_SERVE_CONFIG",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The service's configuration file (docs/serve.md); the options below go before it.",
)
@option(
    "-C",
    "--repo",
    "directories",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Keep this clone in step; may be given again.",
)
@option("--clone", "clones", multiple=True, metavar="URL", help="Clone this and keep it in step; may be given again.")
@option("--branch", help="The branch, for --repo and --clone.  [default: checked out, or the remote's default]")
@option(
    "--publish",
    type=click.Choice(["worktree", "commit", "push", "pull-request"]),
    help="How changes of --repo and --clone are published.  [default: push]",
)
@option("--interval", metavar="DURATION", help="How often registries and branches are polled.  [default: 15m]")
@option("--listen", metavar="HOST:PORT", help="Where the page and the webhooks are.  [default: 127.0.0.1:8080]")
@option(
    "--state-directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where clones are kept; it can be deleted.  [default: ~/.local/state/gitops-streams]",
)
@sharding_option
@option("--once", is_flag=True, help="Visit every repository once and end; nothing is listened on.")
@option("--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to log.")
@option("-v", "--verbose", is_flag=True, help="Log every delivery too.")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    config_file: Path | None,
    directories: tuple[Path, ...],
    clones: tuple[str, ...],
    branch: str | None,
    publish: str | None,
    interval: str | None,
    listen: str | None,
    state_directory: Path | None,
    shard: Shard | None,
    once: bool,
    log_format: str,
    verbose: bool,
) -> None:
    """Keep repositories in step: poll registries, take webhooks, publish, show a page.

    State is in Git alone: a restart loses nothing, and several processes may serve one repository.
    SIGTERM lets a publish that is under way end. With --once the exit code is the worst of reconcile's.

    \b
      gitops-streams serve --repo .                     this clone; commits are pushed
      gitops-streams serve --clone https://git.acme.example/fleet.git --publish pull-request
      gitops-streams serve --config serve.yaml          several repositories, and webhooks
    """
    from dataclasses import replace

    from gitops_streams.cli.service import configured, logged, start, surroundings
    from gitops_streams.errors import FAILED

    given = surroundings()
    settings = configured(
        config_file,
        directories=directories,
        clones=clones,
        branch=branch,
        publish=publish,
        interval=interval,
        listen=listen,
        state_directory=state_directory,
    )
    settings = replace(settings, shard=shard)
    with logged(log_format, given.secrets, verbose=verbose):
        if once:
            from gitops_streams.serve.run import run_once

            code = run_once(settings, given)
        else:
            code = 0 if start(settings, given) else FAILED
    ctx.exit(code)
