"""A registry that tells the service of pushes, and the service's settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from serve_world import Fleet
from server_process import distribution_registry, free_port, notifications

from gitops_streams.serve.senders.receiver import Receiver, paths

SECRET = "a secret of thirty-two characters"


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    return Fleet(tmp_path / "git")


@pytest.fixture
def service_port() -> int:
    return free_port()


@pytest.fixture
def hook() -> str:
    """The path that distribution's deliveries go to."""
    return paths(Receiver("registry", "distribution", (SECRET,)))[0]


@pytest.fixture
def notifying_registry(
    real_server: Callable[[str], str], tmp_path: Path, service_port: int, hook: str
) -> Iterator[str]:
    """Run distribution's own registry, whose notifications go to the service."""
    section = notifications(f"http://127.0.0.1:{service_port}{hook}", SECRET)
    with distribution_registry(real_server("docker-registry"), tmp_path, notifications=section) as host:
        yield host


@pytest.fixture
def configuration(tmp_path: Path, fleet: Fleet, service_port: int) -> Callable[..., Path]:
    """Write a configuration file for the fleet, with a receiver for distribution's notifications."""

    def write(**changes: object) -> Path:
        (tmp_path / "secret").write_text(f"{SECRET}\n")
        document = {
            "listen": f"127.0.0.1:{service_port}",
            "interval": "15m",
            "stateDirectory": str(tmp_path / "state"),
            "repositories": [{"url": fleet.url}],
            "receivers": [{"name": "registry", "sender": "distribution", "secretFile": [str(tmp_path / "secret")]}],
            **changes,
        }
        file = tmp_path / "serve.yaml"
        file.write_text(json.dumps(document))
        return file

    return write
