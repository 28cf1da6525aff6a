"""What ``serve`` and ``webhook-url`` share: the service's settings from a file and options, and its log."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from gitops_streams.errors import ConfigError, UsageError
from gitops_streams.serve import logs
from gitops_streams.serve.logs import Secrets, say
from gitops_streams.serve.parse import address, named_for, parse, seconds, with_names
from gitops_streams.serve.run import Surroundings
from gitops_streams.serve.settings import ServedRepository, ServeSettings


def surroundings() -> Surroundings:
    """Return this process's environment and its user's home folder."""
    try:
        home = Path.home()
    except RuntimeError:
        home = Path("/")
    return Surroundings(os.environ, home, Secrets())


def read_settings(file: Path) -> ServeSettings:
    """Read a configuration file.

    Raises:
        ConfigError: it cannot be read or used.
    """
    try:
        return parse(file.read_bytes(), str(file), file.absolute().parent)
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}", hint="see --config") from error


def configured(
    file: Path | None,
    *,
    directories: tuple[Path, ...],
    clones: tuple[str, ...],
    branch: str | None,
    publish: str | None,
    interval: str | None,
    listen: str | None,
    state_directory: Path | None,
) -> ServeSettings:
    """Put the settings together: the file's, and what options say before it.

    Raises:
        ConfigError: the file cannot be used.
        UsageError: the options cannot be used together.
    """
    named = _named(directories, clones, branch, publish or "push")
    if not named and (branch is not None or publish is not None):
        raise UsageError("--branch and --publish are for --repo and --clone", hint="the file says it for its own")
    settings = ServeSettings(()) if file is None else read_settings(file)
    settings = replace(settings, repositories=(*settings.repositories, *named))
    if not settings.repositories:
        raise UsageError("there is nothing to keep in step", hint="name it by --repo, --clone or --config")
    if interval is not None:
        every = seconds(interval)
        if every is None:
            raise UsageError(f"--interval: {interval[:60]!r} is no duration", hint="write 15m, 90s or 1h")
        settings = replace(settings, interval=every)
    if listen is not None:
        host, port = address(listen)
        settings = replace(settings, host=host, port=port)
    if state_directory is not None:
        settings = replace(settings, state_directory=state_directory.absolute())
    return with_names(settings)


def start(settings: ServeSettings, given: Surroundings) -> bool:
    """Run the service until it is told to stop; whether it ended cleanly.

    Raises:
        UsageError: what it is made of is not installed.
    """
    from gitops_streams.serve.run import run

    def ready(page: str) -> None:
        say(logging.getLogger(__name__), logging.INFO, "serving", url=page)

    try:
        return run(settings, given, ready)
    except ImportError as error:
        raise UsageError(
            f"serve needs a package that is not installed: {error.name}",
            hint="pip install 'gitops-streams[serve]'",
        ) from error


@contextmanager
def logged(form: str, secrets: Secrets, *, verbose: bool) -> Iterator[None]:
    """Log to stderr."""
    handler = logs.start(logs.LogFormat(form), sys.stderr, secrets, level=logging.DEBUG if verbose else logging.INFO)
    try:
        yield
    finally:
        logs.stop(handler)


def _named(
    directories: tuple[Path, ...], clones: tuple[str, ...], branch: str | None, publish: str
) -> tuple[ServedRepository, ...]:
    found = [
        ServedRepository(named_for(str(path.absolute())), path=path.absolute(), branch=branch, publish=publish)
        for path in directories
    ]
    found += [ServedRepository(named_for(url), url=url, branch=branch, publish=publish) for url in clones]
    return tuple(found)
