"""Servers that tests start as processes of their own: ports, waiting for an answer, and distribution's registry."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def free_port() -> int:
    """Return a port of the loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def await_http(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a server answers, at most a minute."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.HTTPError as error:
            error.close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"{url} does not answer: {log.read_text()}")


@contextmanager
def distribution_registry(program: str, folder: Path, **sections: object) -> Iterator[str]:
    """Run distribution's own registry on a free port of the loopback, its content in a folder; give its host.

    Args:
        program: ``docker-registry``.
        folder: for content, configuration and log.
        sections: of its configuration: ``auth``, ``notifications`` …
    """
    host = f"127.0.0.1:{free_port()}"
    configuration = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "store")}, "delete": {"enabled": True}},
        "http": {"addr": host},
        **sections,
    }
    # JSON is YAML.
    (folder / "registry.yml").write_text(json.dumps(configuration))
    with (folder / "registry.log").open("wb") as log:
        process = subprocess.Popen(
            [program, "serve", str(folder / "registry.yml")],
            stdout=log, stderr=log, env={"OTEL_TRACES_EXPORTER": "none"},
        )  # fmt: skip
        try:
            await_http(f"http://{host}/v2/", process, folder / "registry.log")
            yield host
        finally:
            process.terminate()
            process.wait(60)


def notifications(hook: str, secret: str) -> dict[str, object]:
    """Return the section that has the registry tell of pushes, once more after 200 ms where nobody answers."""
    endpoint = {
        "name": "streams",
        "url": hook,
        "headers": {"Authorization": [f"Bearer {secret}"]},
        "timeout": "2s",
        "threshold": 3,
        "backoff": "200ms",
    }
    return {"endpoints": [endpoint]}
