"""Where a step runs: its folder, and what git and registries find in the environment."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gitops_streams.cli.github.inputs import Inputs
from gitops_streams.errors import UsageError
from gitops_streams.git.authentication import HttpCredential
from gitops_streams.git.push import find_remote
from gitops_streams.git.remote import open_remote
from gitops_streams.git.repository import Branch, Repository

_USERNAME = "x-access-token"


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders of a step."""

    workspace: Path
    directory: Path
    """Where the repository is looked for."""

    def prefix(self, repository: Repository) -> str:
        """Return the repository's folder in the workspace: empty, or ending in a slash."""
        root = repository.root or self.workspace
        if root == self.workspace or not root.is_relative_to(self.workspace):
            return ""
        return f"{root.relative_to(self.workspace).as_posix()}/"


def folders(variables: Mapping[str, str], inputs: Inputs) -> Folders:
    """Find the folders.

    Raises:
        UsageError: ``path`` leads to no folder of the workspace.
    """
    workspace = Path(variables.get("GITHUB_WORKSPACE") or ".").resolve()
    directory = (workspace / inputs.path).resolve()
    if not directory.is_relative_to(workspace) or not directory.is_dir():
        raise UsageError(
            "the input path cannot be used: it names no folder of the workspace",
            hint="actions/checkout has to come before; path is where it has put the repository",
        )
    return Folders(workspace, directory)


def for_git(variables: Mapping[str, str], places: Folders) -> dict[str, str]:
    """Return the variables with which git works on a checkout that another user may have made.

    Nothing is written to anybody's configuration.
    """
    trusted = [place for place in (places.directory, *places.directory.parents) if _inside(place, places.workspace)]
    given = variables.get("GIT_CONFIG_COUNT", "")
    first = int(given) if given.isascii() and given.isdigit() else 0
    wanted = {"GIT_CONFIG_COUNT": str(first + len(trusted))}
    for number, place in enumerate(trusted, first):
        wanted |= {f"GIT_CONFIG_KEY_{number}": "safe.directory", f"GIT_CONFIG_VALUE_{number}": str(place)}
    return wanted


def for_commits(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that make the bot author and committer, where the workflow names nobody.

    For commits on a branch; those of pull requests are made as the account that the token belongs to.
    """
    from gitops_streams.reconcile.pull_requests import ACTIONS_BOT

    wanted: dict[str, str] = {}
    for role in ("AUTHOR", "COMMITTER"):
        if not variables.get(f"GIT_{role}_EMAIL"):
            wanted |= {f"GIT_{role}_NAME": ACTIONS_BOT.name, f"GIT_{role}_EMAIL": ACTIONS_BOT.email}
    return wanted


def for_registries(variables: Mapping[str, str], places: Folders, inputs: Inputs) -> dict[str, str]:
    """Return the variables by which registries' credentials are found: the workflow's token is for ghcr.io."""
    wanted = {}
    if inputs.registry_auth_file is not None:
        wanted["REGISTRY_AUTH_FILE"] = str(places.workspace / inputs.registry_auth_file)
    if inputs.workflow_token is not None and not variables.get("GITHUB_TOKEN"):
        wanted["GITHUB_TOKEN"] = inputs.workflow_token
    return wanted


def for_push(
    variables: Mapping[str, str], repository: Repository, inputs: Inputs, branch: str | None, remote: str | None
) -> dict[str, str]:
    """Return the variables that hand the token to a push, and to no other host than GitHub's.

    What ``actions/checkout`` has persisted is replaced: two headers would be refused.
    """
    token = inputs.branch_token or inputs.token
    if token is None:
        return {}
    head = repository.head()
    name = branch or (head.name if isinstance(head, Branch) else "")
    commands = repository.commands()
    site = variables.get("GITHUB_SERVER_URL") or "https://github.com"
    credential = HttpCredential(site, _USERNAME, token)
    return dict(open_remote(commands, find_remote(commands, name, remote), credential).environment)


def derived_secrets(inputs: Inputs) -> tuple[str, ...]:
    """Return the tokens in the form in which git sends them, which the runner does not know."""
    tokens = filter(None, (inputs.token, inputs.branch_token))
    return tuple(b64encode(f"{_USERNAME}:{token}".encode()).decode("ascii") for token in tokens)


def _inside(place: Path, workspace: Path) -> bool:
    return place == workspace or place.is_relative_to(workspace)


def apply(wanted: Mapping[str, str]) -> None:
    """Set variables of this process, which git and credential helpers inherit."""
    os.environ.update(wanted)
