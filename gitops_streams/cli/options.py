"""The options that several verbs share. Each can be given by the environment too: ``GITOPS_STREAMS_<OPTION>``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
Decorator = Callable[[Decorated], Decorated]

FORMATS = ("table", "diff", "json", "json-patch", "markdown")
"""The names in ``render.formats``, which is not imported for ``--help``; a test keeps them in step."""


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
    """Add ``-C``, ``--config``, ``-v`` and ``--color``."""
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
        ],
    )


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


def publishing_options(function: Decorated) -> Decorated:
    """Add where and how changes are published."""
    return _stacked(
        function,
        [
            option(
                "--publish",
                type=click.Choice(["worktree", "commit", "push"]),
                default="worktree",
                show_default=True,
                help="Write files in place; or plan from HEAD and make one commit; or push that commit.",
            ),
            option("--branch", help="The branch to commit to.  [default: the one that is checked out]"),
            option("--remote", help="The remote to push to.  [default: the branch's own]"),
        ],
    )
