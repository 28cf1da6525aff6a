"""The configuration as the base of a pull request has it, whatever the pull request makes of it.

A stranger may have written the pull request. Its configuration could have a credential of ours sent to a registry,
or a token to a forge, of theirs.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from gitops_streams import config
from gitops_streams.cli.session import Session
from gitops_streams.errors import ConfigError
from gitops_streams.git.snapshot import Absent, Unreadable


def settings_at(session: Session, commit: str, file: Path | None = None) -> config.Settings:
    """Read the configuration of a commit.

    Args:
        session: the opened repository.
        commit: the base, which is here.
        file: another configuration file than the usual one. What stands outside of the repository is taken as it is:
            no pull request changes it.

    Raises:
        RepositoryError: the commit is not here.
        ConfigError: the configuration cannot be used.
    """
    root = session.repository.root or session.repository.git_dir
    path = config.PATH
    if file is not None:
        resolved = file.resolve()
        if not resolved.is_relative_to(root):
            return session.settings
        path = str(PurePosixPath(resolved.relative_to(root)))
    match session.repository.at(commit).read_one(path):
        case Absent():
            return config.Settings()
        case Unreadable(reason=reason):
            raise ConfigError(f"{path} of the base cannot be read: {reason}")
        case content:
            return config.read(content, f"{path} of the base", root)
