"""What a user can set about the forge: values only, checked where they are read (the configuration)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class ForgeKind(StrEnum):
    """The forges that are known."""

    GITHUB = "github"
    """github.com and GitHub Enterprise Server."""
    GITLAB = "gitlab"
    GITEA = "gitea"
    """Forgejo and Codeberg too."""
    BITBUCKET_CLOUD = "bitbucket-cloud"
    BITBUCKET_DATA_CENTER = "bitbucket-data-center"
    AZURE_DEVOPS = "azure-devops"


@dataclass(frozen=True, slots=True)
class AppSettings:
    """A GitHub App that signs in as an installation. Names of places only: the key is not held here."""

    app_id: str
    private_key_file: Path | None = None
    private_key_env: str | None = None
    installation_id: int | None = None
    """``None``: asked for, by the repository."""


@dataclass(frozen=True, slots=True)
class ForgeSettings:
    """``forge`` of the configuration; what is ``None`` is detected from the remote and the CI environment."""

    kind: ForgeKind | None = None
    url: str | None = None
    """The address for people: ``https://git.acme.example``."""
    api_url: str | None = None
    graphql_url: str | None = None
    repository: str | None = None
    """``owner/name``, ``group/subgroup/name``, ``PROJECT/name``, ``org/project/name``."""
    username: str | None = None
    """For Basic authentication, where the forge wants it (Bitbucket Cloud's API tokens)."""
    token_env: str | None = None
    """The environment variable that holds the token."""
    token_file: Path | None = None
    app: AppSettings | None = None
    ca_file: Path | None = None
    timeout: float = 30.0
    """Seconds for one request."""
    deadline: float = 300.0
    """Seconds that waiting for rate limits and retries may take in one run."""
