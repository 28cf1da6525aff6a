"""What ``serve`` is told: repositories, how often, and who may tell it of pushes. Secrets stand in other places."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from gitops_streams.plan.shard import Shard
from gitops_streams.serve.senders.options import Options

DOCUMENTATION = "docs/serve.md lists every field"


@dataclass(frozen=True, slots=True)
class SecretPlace:
    """Where a secret stands: a variable or a file, never the secret itself."""

    env: str | None = None
    file: Path | None = None

    def __str__(self) -> str:
        """``$NAME`` or the path."""
        return f"${self.env}" if self.env is not None else str(self.file)


@dataclass(frozen=True, slots=True)
class GitCredential:
    """What git signs in with at the host of a repository's URL."""

    password: SecretPlace
    username: str = "x-access-token"


@dataclass(frozen=True, slots=True)
class ServedRepository:
    """One repository that is kept in step: exactly one of ``url`` and ``path`` is there."""

    name: str
    url: str | None = None
    path: Path | None = None
    branch: str | None = None
    """``None``: the remote's default branch, or the one that is checked out."""
    publish: str = "push"
    credential: GitCredential | None = None

    @property
    def location(self) -> str:
        """The place, for people; a URL has no password."""
        return str(self.path) if self.url is None else self.url


@dataclass(frozen=True, slots=True)
class ReceiverSettings:
    """A webhook receiver, its secrets not read yet."""

    name: str
    sender: str
    secrets: tuple[SecretPlace, ...]
    options: Options = field(default_factory=Options)
    allow_unauthenticated: bool = False


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """Everything that can be set; the defaults are safe."""

    repositories: tuple[ServedRepository, ...]
    host: str = "127.0.0.1"
    port: int = 8080
    """0 takes any that is free."""
    public_url: str | None = None
    interval: float = 900.0
    """Seconds."""
    jitter: float = 0.1
    workers: int = 4
    concurrency: int = 500
    """Requests that are answered at one time; those beyond them get 503."""
    stop_timeout: float = 25.0
    """Seconds."""
    state_directory: Path | None = None
    """``None``: below the user's state folder (XDG)."""
    receivers: tuple[ReceiverSettings, ...] = ()
    page_token: SecretPlace | None = None
    shard: Shard | None = None
    """The share of every repository's streams that this process looks after; ``None``: all."""
