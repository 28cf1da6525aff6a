"""What a verb works with: the repository, its settings, a registry client, and how to print."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitops_streams import config
from gitops_streams.errors import CHANGES_PENDING, INCOMPLETE
from gitops_streams.reconcile.workspace import Workspace
from gitops_streams.render.inert import line

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from gitops_streams.git.snapshot import Snapshot
    from gitops_streams.git.work_tree import WorkTree
    from gitops_streams.registry.deferred_client import DeferredClient
    from gitops_streams.render.report import Report

_PROGRESS_AFTER = 20
"""Fewer questions are answered before a bar is read."""


@dataclass(frozen=True, slots=True)
class Session(Workspace):
    """An opened repository with the options that every verb has."""

    verbose: bool
    listed: WorkTree | None = None
    """The work tree, whose files git has been listing since before most of this program was imported."""

    def snapshot(self) -> Snapshot:
        """See ``Workspace.snapshot``."""
        return Workspace.snapshot(self) if self.listed is None else self.listed

    def show(self, text: str, output: str = "table") -> None:
        """Print a report that was rendered as ``output`` (an ``-o``); only tables and diffs have colours."""
        wanted = click.get_current_context().color
        painted = sys.stdout.isatty() if wanted is None else wanted
        if painted and output in _PAINTERS:
            text = "".join(map(_PAINTERS[output], text.splitlines(keepends=True)))
        if output == "diff":
            # For git apply: its bytes are the files', whatever the terminal's encoding.
            click.echo(text.encode(), nl=False, color=painted)
        else:
            click.echo(text, nl=False, color=painted)


@contextmanager
def registry_client(settings: config.Settings) -> Iterator[DeferredClient]:
    """Make the client that asks registries, with this process's environment; its warnings go to stderr."""
    from gitops_streams.registry.deferred_client import DeferredClient

    with closing(DeferredClient(settings.registry, os.environ, _home())) as client:
        yield client
        for warning in client.warnings:
            click.echo(f"warning: {line(warning)}", err=True)


def _home() -> Path:
    """Return the user's home folder; the root folder for a user who has none, as containers run them."""
    try:
        return Path.home()
    except RuntimeError:
        return Path("/")


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Show how far the resolution is, on stderr, if that is a terminal."""
    progress = Progress()
    try:
        yield progress
    finally:
        progress.close()


class Progress:
    """A progress bar that appears when there is enough to wait for."""

    def __init__(self) -> None:
        self._bar: ProgressBar[int] | None = None
        self._done = 0

    def __call__(self, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` questions are answered; the total grows while files are scanned."""
        if self._bar is None:
            if total < _PROGRESS_AFTER or not sys.stderr.isatty():
                return
            self._bar = click.progressbar(length=total, label="Asking registries", file=sys.stderr)
            self._bar.__enter__()
        self._bar.length = total
        self._bar.update(done - self._done)
        self._done = done

    def close(self) -> None:
        """Leave the terminal's line clean."""
        if self._bar is not None:
            self._bar.__exit__(None, None, None)


def exit_code(report: Report, *, pending: bool = False) -> int:
    """Say how a run ended.

    Returns:
        3 where a stream tag has no digest, a declaration cannot be used or a group's pull request failed; else 4 where
        changes are pending and that is asked for, or 0.
    """
    if report.incomplete:
        return INCOMPLETE
    return CHANGES_PENDING if pending and report.plan.files else 0


_COLORS = {"changed": "green", "failed": "red", "held": "yellow", "skipped": "yellow", "error": "red"}


def _paint_row(row: str) -> str:
    """Colour the outcome that a row of a table begins with."""
    word, space, rest = row.partition(" ")
    return click.style(word, fg=_COLORS[word]) + space + rest if word in _COLORS else row


def _paint_diff(row: str) -> str:
    """Colour a line of a diff."""
    color = {"+": "green", "-": "red", "@": "cyan"}.get(row[0])
    return row if color is None else click.style(row.rstrip("\n"), fg=color) + "\n"


_PAINTERS = {"table": _paint_row, "diff": _paint_diff}
