"""The options that several verbs share. Each can be given by the environment too: ``GITOPS_STREAMS_<OPTION>``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from gitops_streams.plan.shard import Shard

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
Decorator = Callable[[Decorated], Decorated]

FORMATS = ("table", "diff", "json", "json-patch", "markdown", "html")
"""The names in ``render.formats``, which is not imported for ``--help``; a test keeps them in step."""


NO_CACHE = "gitops_streams.no_cache"
"""Under this key the context remembers ``--no-cache``."""
INSPECTED = frozenset({"markdown", "html"})
"""The formats that say why a digest moved, for which images are inspected unless that is turned off."""


def option(*names: str, **settings: Any) -> Callable[[Decorated], Decorated]:  # noqa: ANN401  click's own arguments
    """Make an option that the environment can give as well."""
    longest = max((name for name in names if name.startswith("-")), key=len)
    settings.setdefault("envvar", "GITOPS_STREAMS_" + longest.lstrip("-").replace("-", "_").upper())
    return click.option(*names, **settings)


def _stacked(function: Decorated, decorators: list[Callable[[Decorated], Decorated]]) -> Decorated:
    """Apply decorators as if each stood on a line above ``function``, the first on top."""
    for decorate in reversed(decorators):
        function = decorate(function)
    return function


def repository_options(function: Decorated) -> Decorated:
    """Add ``-C``, ``--config``, ``-v``, ``--color`` and ``--no-cache``."""
    return _stacked(
        function,
        [
            option(
                "-C",
                "--repo",
                "directory",
                type=click.Path(exists=True, file_okay=False, path_type=Path),
                default=Path(),
                help="The repository around this directory.  [default: the working directory]",
            ),
            option(
                "--config",
                type=click.Path(dir_okay=False, path_type=Path),
                help="Configuration file.  [default: .gitops-streams/config.yaml, if it is there]",
            ),
            option("-v", "--verbose", is_flag=True, help="List what needs no change too, and say what is going on."),
            option(
                "--color",
                type=click.Choice(["auto", "always", "never"]),
                default="auto",
                help="Colours: by default on a terminal.",
            ),
            option(
                "--no-cache",
                is_flag=True,
                expose_value=False,
                callback=_no_cache,
                help="Look at every file again, whatever earlier runs saw in it.",
            ),
        ],
    )


def _no_cache(context: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001  click's
    context.meta[NO_CACHE] = value


def output_option(function: Decorated) -> Decorated:
    """Add ``-o``."""
    return option(
        "-o",
        "--output",
        type=click.Choice(FORMATS),
        default="table",
        show_default=True,
        help="What to print; json can be given to apply.",
    )(function)


def resolving_options(function: Decorated) -> Decorated:
    """Add what every verb takes that asks registries for stream tags."""
    return _stacked(
        function,
        [
            output_option,
            option(
                "--all",
                "everything",
                is_flag=True,
                envvar="GITOPS_STREAMS_ALL",
                help="Resolve stream tags that nothing uses, too.",
            ),
            option("--exit-code", is_flag=True, help="Exit with 4 where changes are pending."),
        ],
    )


def _shard(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Shard | None:
    if value is None:
        return None
    from gitops_streams.plan.shard import Shard

    try:
        return Shard.parse(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def sharding_option(function: Decorated) -> Decorated:
    """Add ``--shard``, for several runs that share one repository out."""
    return option(
        "--shard",
        callback=_shard,
        metavar="INDEX/COUNT",
        help="Look after this share of the streams only, 0/8 to 7/8: for several runs side by side.",
    )(function)


def inspecting_option(function: Decorated) -> Decorated:
    """Add ``--inspect``; where it is not given, the format decides (``INSPECTED``)."""
    return option(
        "--inspect/--no-inspect",
        default=None,
        help="Read what changed images say of themselves, to say why they moved.  [default: for markdown and html]",
    )(function)


def pull_request_options(function: Decorated) -> Decorated:
    """Add which pull requests are looked after, and where they go."""
    return _stacked(
        function,
        [
            option("--base", help="The branch that pull requests go to.  [default: pullRequest.base, or checked out]"),
            option(
                "--group",
                "groups",
                multiple=True,
                metavar="NAME",
                help="Look after this group's pull request only; may be given again.",
            ),
        ],
    )


def publishing_options(function: Decorated) -> Decorated:
    """Add where and how changes are published."""
    return _stacked(
        function,
        [
            option(
                "--publish",
                type=click.Choice(["worktree", "commit", "push", "pull-request"]),
                default="worktree",
                show_default=True,
                help="Write files in place; or plan from HEAD and make one commit; or push that commit; or plan from"
                " the remote's base branch and open or update pull requests.",
            ),
            option("--branch", help="The branch to commit to.  [default: the one that is checked out]"),
            option("--remote", help="The remote to push to.  [default: the branch's own]"),
        ],
    )


def authoring_options(function: Decorated) -> Decorated:
    """Add what every verb takes that edits declarations."""
    return _stacked(
        function,
        [
            repository_options,
            option(
                "-o",
                "--output",
                type=click.Choice(["text", "diff"]),
                default="text",
                show_default=True,
                help="What to print; git apply accepts the diff.",
            ),
            option("--dry-run", is_flag=True, help="Show the change and write nothing."),
        ],
    )
