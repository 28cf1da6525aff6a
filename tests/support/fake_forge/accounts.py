"""Who may do what: accounts, tokens with permissions, and GitHub Apps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class TokenKind(StrEnum):
    """What a token is, which decides how a refusal is worded."""

    PAT = "pat"
    """Of a person or a machine user."""
    INSTALLATION = "installation"
    """Of a GitHub App on one account."""
    ACTIONS = "actions"
    """``GITHUB_TOKEN`` of a workflow run."""
    JOB = "job"
    """GitLab's ``CI_JOB_TOKEN``."""


class Level(StrEnum):
    """How much a permission allows."""

    READ = "read"
    WRITE = "write"


FULL: Mapping[str, str] = {
    "contents": "write",
    "pull_requests": "write",
    "issues": "write",
    "statuses": "write",
    "members": "read",
    "workflows": "write",
    "actions": "write",
    "administration": "write",
    "metadata": "read",
}
"""Everything, as a person who administers the repository has it."""


@dataclass(eq=False, slots=True)
class Account:
    """A person, a bot, an organization."""

    login: str
    id: int
    kind: str = "User"
    """``User``, ``Bot`` or ``Organization``."""
    name: str = ""
    email: str = ""

    def __post_init__(self) -> None:
        """Fill in what a forge makes up itself."""
        self.name = self.name or self.login
        self.email = self.email or f"{self.id}+{self.login}@users.noreply.github.com"

    @property
    def node_id(self) -> str:
        """GitHub's global id."""
        return f"{'BOT' if self.kind == 'Bot' else 'U'}_kgDO{self.id:08d}"


@dataclass(eq=False, slots=True)
class Token:
    """A credential. ``value`` is kept out of ``repr``."""

    value: str = field(repr=False)
    account: Account
    kind: TokenKind
    permissions: Mapping[str, str]
    repositories: frozenset[str] | None = None
    """Full names in lower case that it sees of the private ones, and may write to; ``None``: all."""
    revoked: bool = False

    def allows(self, permission: str, level: str) -> bool:
        """Say whether the token has a permission; write includes read."""
        held = self.permissions.get(permission)
        return held == Level.WRITE or (held is not None and held == level)

    def covers(self, full_name: str) -> bool:
        """Say whether the token was made for a repository."""
        return self.repositories is None or full_name.lower() in self.repositories

    def reads(self, full_name: str, *, private: bool) -> bool:
        """Say whether the token may read the files of a repository."""
        return not private or (self.covers(full_name) and self.allows("contents", "read"))


@dataclass(eq=False, slots=True)
class App:
    """A GitHub App, installed once."""

    id: int
    slug: str
    private_key: bytes = field(repr=False)
    """PEM, as GitHub hands it out."""
    public_key: bytes = field(repr=False)
    installation_id: int
    permissions: Mapping[str, str]
    repositories: set[str]
    """Full names in lower case."""
    bot: Account
    suspended: bool = False
