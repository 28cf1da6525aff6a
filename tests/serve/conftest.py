"""A registry that tells the service of pushes, and the service's settings."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from serve_world import Fleet

from gitops_streams.serve.senders.receiver import Receiver, paths

SECRET = "a secret of thirty-two characters"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


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
    program = real_server("docker-registry")
    host = f"127.0.0.1:{free_port()}"
    configuration = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(tmp_path / "registry")}},
        "http": {"addr": host},
        "notifications": {
            "endpoints": [
                {
                    "name": "streams",
                    "url": f"http://127.0.0.1:{service_port}{hook}",
                    "headers": {"Authorization": [f"Bearer {SECRET}"]},
                    "timeout": "2s",
                    "threshold": 3,
                    "backoff": "200ms",
                }
            ]
        },
    }
    (tmp_path / "registry.yml").write_text(json.dumps(configuration))
    with (tmp_path / "registry.log").open("wb") as log:
        process = subprocess.Popen(
            [program, "serve", str(tmp_path / "registry.yml")],
            stdout=log, stderr=log, env={"OTEL_TRACES_EXPORTER": "none"},
        )  # fmt: skip
        try:
            _await(host, process, tmp_path / "registry.log")
            yield host
        finally:
            process.terminate()
            process.wait(10)


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


def _await(host: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"http://{host}/v2/", timeout=5):
                return
        except urllib.error.HTTPError as error:
            error.close()
            return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"{host} does not answer: {log.read_text()}")
