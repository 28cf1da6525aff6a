from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from fake_forge import FakeForge, Repository, Token

from gitops_streams.forges.github.forge import Github
from gitops_streams.forges.http.authorization import bearer
from gitops_streams.forges.settings import ForgeSettings


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Interrupted(httpx.HTTPTransport):
    """Lets somebody else act before each request."""

    def __init__(self, meanwhile: Callable[[httpx.Request], None]) -> None:
        super().__init__()
        self._meanwhile = meanwhile

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._meanwhile(request)
        return super().handle_request(request)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def unused_port() -> int:
    """Return a port of loopback at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[FakeForge]:
    """Run a fake forge; what clients ask must fit its published description, faults that were ordered must happen."""
    with FakeForge(tmp_path) as running:
        yield running
    assert running.violations == []
    assert running.faults.pending == 0


@pytest.fixture
def repository(forge: FakeForge) -> Repository:
    """Return ``acme/gitops``, whose branch ``gitops-streams/main/all`` is one commit ahead."""
    made = forge.create_repository("acme/gitops")
    made.human_push("gitops-streams/main/all", {"deploy/web.yaml": b"image: a@sha256:1\n"})
    return made


@pytest.fixture
def github(forge: FakeForge, repository: Repository, clock: Clock) -> Iterator[Callable[..., Github]]:
    """Open the repository with a token, one of everything by default; ``meanwhile`` is called before each request."""
    opened: list[Github] = []

    def connect(
        token: Token | None = None,
        name: str = "acme/gitops",
        meanwhile: Callable[[httpx.Request], None] | None = None,
    ) -> Github:
        opened.append(
            Github(
                api_url=forge.api_url(),
                graphql_url=forge.graphql_url,
                repository=name,
                authorization=bearer((token or forge.token("machine")).value),
                settings=ForgeSettings(),
                clock=clock,
                transport=None if meanwhile is None else Interrupted(meanwhile),
            )
        )
        return opened[-1]

    yield connect
    for each in opened:
        each.close_connections()
