"""Clients for the fake forges: HTTP with a token, and Git with a token."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from fake_forge import FakeForge, Token
from fake_forge.fixtures import forge, gitops

__all__ = ["forge", "gitops"]

Client = Callable[..., httpx.Client]


@pytest.fixture
def client(forge: FakeForge) -> Iterator[Client]:
    """Make clients of GitHub's API for tokens."""
    made: list[httpx.Client] = []

    def make(token: Token | None = None, **options) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token.value}"} if token else {}
        made.append(httpx.Client(**{"base_url": forge.api_url(), "headers": headers, "trust_env": False, **options}))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def pushing(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run Git with a token, sent as CI's checkout does: in a header."""

    def run(token: Token | None, *arguments: str, cwd: Path = tmp_path) -> subprocess.CompletedProcess[str]:
        environment = dict(os.environ)
        if token is not None:
            basic = base64.b64encode(f"x-access-token:{token.value}".encode()).decode()
            environment |= {
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": "http.extraHeader",
                "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
            }
        return subprocess.run(
            ["git", *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=240, check=False
        )

    return run


@pytest.fixture
def work(gitops, forge, pushing, tmp_path: Path) -> Path:
    """Return a clone of ``acme/gitops``."""
    done = pushing(None, "clone", "--quiet", gitops.clone_url, "work")
    assert done.returncode == 0, done.stderr
    return tmp_path / "work"
