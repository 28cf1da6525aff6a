"""An opened repository with its configuration: what everything that reconciles works with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gitops_streams import config
from gitops_streams.errors import ConfigError
from gitops_streams.git.repository import Repository
from gitops_streams.git.snapshot import Absent, Snapshot, Unreadable


@dataclass(frozen=True, slots=True)
class Workspace:
    """An opened repository with its configuration."""

    repository: Repository
    settings: config.Settings

    def snapshot(self) -> Snapshot:
        """Return what a dry run reads: the work tree, or HEAD where there is none."""
        return self.repository.at("HEAD") if self.repository.root is None else self.repository.work_tree()


def read_settings(file: Path, root: Path) -> config.Settings:
    """Read the configuration file that ``--config`` names; relative paths in it start at ``root``.

    Raises:
        ConfigError: it cannot be read or used.
    """
    try:
        return config.read(file.read_bytes(), str(file), root)
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}", hint="see --config") from error


def settings_of(repository: Repository, file: Path | None = None) -> config.Settings:
    """Read a repository's configuration: of its work tree, or of HEAD where there is none.

    Args:
        repository: the opened repository.
        file: another configuration file than the usual one.

    Raises:
        ConfigError: it cannot be read or used.
    """
    root = repository.root or repository.git_dir
    if file is not None:
        return read_settings(file, root)
    snapshot = repository.at("HEAD") if repository.root is None else repository.work_tree()
    return settings_in(snapshot, root)


def settings_in(snapshot: Snapshot, root: Path) -> config.Settings:
    """Read the configuration that a snapshot holds; relative paths in it start at ``root``.

    Raises:
        ConfigError: it cannot be read or used.
    """
    match snapshot.read_one(config.PATH):
        case Absent():
            return config.Settings()
        case Unreadable(reason=reason):
            raise ConfigError(
                f"{config.PATH} cannot be read: {reason}",
                hint="make it a regular file that can be read, or name another one by --config",
            )
        case content:
            return config.read(content, config.PATH, root)
