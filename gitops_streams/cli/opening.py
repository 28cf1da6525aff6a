"""Opens the repository that a verb works on. Git lists its files while the rest of this program is imported."""

from __future__ import annotations

import hashlib
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitops_streams import cache
from gitops_streams.cli.options import NO_CACHE
from gitops_streams.git.repository import Repository

if TYPE_CHECKING:
    from gitops_streams.cli.session import Session


@contextmanager
def open_session(
    directory: Path, config_file: Path | None, *, verbose: bool, color: str, reads_work_tree: bool = False
) -> Iterator[Session]:
    """Open the repository around a directory and read its configuration.

    Args:
        directory: where the verb was called.
        config_file: what ``--config`` names.
        verbose: whether to log what is done.
        color: ``auto``, ``always`` or ``never``.
        reads_work_tree: whether all files of the work tree will be wanted: git begins to list them at once.

    Raises:
        RepositoryError: there is no repository.
        ConfigError: the configuration cannot be used.
    """
    if color != "auto":
        # Of the root too: it is the one that prints errors.
        context = click.get_current_context()
        context.color = context.find_root().color = color == "always"
    if verbose:
        logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    with Repository.discover(directory.absolute()) as repository:
        listed = repository.work_tree() if reads_work_tree and repository.root is not None else None
        if listed is not None:
            listed.list_ahead()

        from gitops_streams.cli.session import Session
        from gitops_streams.reconcile.workspace import settings_of

        settings = settings_of(repository, config_file)
        if not click.get_current_context().meta.get(NO_CACHE):
            settings = replace(settings, cache=_cache_file(repository))
        yield Session(repository, settings, verbose, listed)


def _cache_file(repository: Repository) -> Path | None:
    """Return where what is seen in a repository is remembered: one file for all of its work trees."""
    folder = cache.directory(os.environ)
    name = hashlib.sha256(os.fsencode(repository.common_dir)).hexdigest()[:32]
    return None if folder is None else folder / f"seen-{name}"
