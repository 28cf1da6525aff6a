"""The registry of the benchmark, which counts what it is asked: docker-registry, else the embedded one."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_LOG_SECONDS = 0.3
"""How long a request may take to appear in the access log after it was answered."""

_EMBEDDED = """
import sys
from gitops_streams.demo.registry import Registry
with Registry(port=int(sys.argv[1])) as registry:
    for _ in sys.stdin:
        print(registry.count(), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Running:
    """A registry that is running.

    Attributes:
        host: its host and port.
        name: what it is.
        requests: returns how many requests it has answered so far.
    """

    host: str
    name: str
    requests: Callable[[], int]


@contextmanager
def registry(folder: Path, *, embedded: bool = False) -> Iterator[Running]:
    """Run a registry, with its store and logs in a folder.

    Args:
        folder: where it keeps its files.
        embedded: take the embedded one even if docker-registry is installed.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{probe.getsockname()[1]}"
    environment = {**os.environ, "OTEL_TRACES_EXPORTER": "none"}
    real = shutil.which("docker-registry") is not None and not embedded
    log = folder / "registry.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            _distribution(folder, host) if real else [sys.executable, "-c", _EMBEDDED, host.rpartition(":")[2]],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=output if real else subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    try:
        _wait_for(host)
        if real:
            yield Running(host, f"docker-registry {_version()}", _AccessLog(log))
        else:
            yield Running(host, "the embedded registry (docker-registry is not installed)", lambda: _ask(process))
    finally:
        process.terminate()
        process.communicate()


class _AccessLog:
    """Counts the lines of a growing access log."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0
        self._count = 0

    def __call__(self) -> int:
        time.sleep(_LOG_SECONDS)
        with self._path.open("rb") as log:
            log.seek(self._position)
            text = log.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._position += len(whole)
        self._count += sum(b" HTTP/1." in line and b" /v2/" in line for line in whole.splitlines())
        return self._count


def _ask(process: subprocess.Popen[bytes]) -> int:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def _distribution(folder: Path, host: str) -> list[str]:
    storage = {"filesystem": {"rootdirectory": str(folder / "store")}, "cache": {"blobdescriptor": "inmemory"}}
    config = folder / "registry.json"
    config.write_text(
        json.dumps({"version": 0.1, "log": {"level": "error"}, "storage": storage, "http": {"addr": host}})
    )
    return ["docker-registry", "serve", str(config)]


def _version() -> str:
    said = subprocess.run(["docker-registry", "--version"], stdout=subprocess.PIPE, check=True).stdout.decode()
    return said.split()[-1]


def _wait_for(host: str) -> None:
    for _ in range(200):
        connection = http.client.HTTPConnection(host, timeout=1)
        try:
            connection.request("GET", "/v2/")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
        finally:
            connection.close()
    raise RuntimeError("the registry does not answer")
