"""Measures how long it takes from a push to a registry until the commit is in the remote.

Runs distribution's own registry (``docker-registry``), a bare remote and ``gitops-streams serve`` on loopback.

    python tests/benchmarks/push_to_commit.py [PUSHES]
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "support"))

from serve_world import Fleet, Pusher, Service

from gitops_streams.serve.senders.receiver import Receiver, paths

_SECRET = "a secret of thirty-two characters"
_STREAMS = 50


def main(pushes: int) -> None:
    """Print the distribution over so many pushes."""
    with tempfile.TemporaryDirectory(prefix="gitops-streams-bench-") as name:
        folder = Path(name)
        os.environ |= {
            "HOME": name,
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": "Bench",
            "GIT_AUTHOR_EMAIL": "bench@example.com",
            "GIT_COMMITTER_NAME": "Bench",
            "GIT_COMMITTER_EMAIL": "bench@example.com",
        }
        port, host = _port(), f"127.0.0.1:{_port()}"
        hook = paths(Receiver("registry", "distribution", (_SECRET,)))[0]
        registry = _registry(folder, host, f"http://127.0.0.1:{port}{hook}")
        try:
            _measure(folder, host, port, pushes)
        finally:
            registry.terminate()
            registry.wait(10)


def _measure(folder: Path, host: str, port: int, pushes: int) -> None:
    fleet, pusher = Fleet(folder / "git"), Pusher(host)
    for number in range(_STREAMS):
        pusher.push(f"acme/app-{number}", "1", "first")
        fleet.stream(f"app-{number}", f"{host}/acme/app-{number}:1")
    fleet.publish()
    (folder / "secret").write_text(_SECRET)
    document = {
        "listen": f"127.0.0.1:{port}",
        "stateDirectory": str(folder / "state"),
        "repositories": [{"url": fleet.url}],
        "receivers": [{"name": "registry", "sender": "distribution", "secretFile": [str(folder / "secret")]}],
    }
    (folder / "serve.yaml").write_text(json.dumps(document))
    took = []
    with Service("--config", str(folder / "serve.yaml")) as service:
        service.await_ready()
        time.sleep(8)
        for number in range(pushes):
            path = f"deploy/app-{number % _STREAMS}.yaml"
            digest = pusher.push(f"acme/app-{number % _STREAMS}", "1", f"push {number}")
            began = time.perf_counter()
            while digest not in fleet.show(path):
                time.sleep(0.01)
                if time.perf_counter() - began > 30:
                    raise SystemExit("".join(service.lines))
            took.append(time.perf_counter() - began)
    took.sort()
    print(
        f"{pushes} pushes, {_STREAMS} streams: median {statistics.median(took):.2f} s,"
        f" p95 {took[int(len(took) * 0.95) - 1]:.2f} s, worst {took[-1]:.2f} s; commits {len(fleet.commits())}"
    )


def _registry(folder: Path, host: str, hook: str) -> subprocess.Popen[bytes]:
    endpoint = {
        "name": "streams", "url": hook, "headers": {"Authorization": [f"Bearer {_SECRET}"]},
        "timeout": "2s", "threshold": 3, "backoff": "200ms",
    }  # fmt: skip
    configuration = {
        "version": 0.1,
        "log": {"level": "error", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "registry")}},
        "http": {"addr": host},
        "notifications": {"endpoints": [endpoint]},
    }
    (folder / "registry.yml").write_text(json.dumps(configuration))
    process = subprocess.Popen(
        ["docker-registry", "serve", str(folder / "registry.yml")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "OTEL_TRACES_EXPORTER": "none"},
    )  # fmt: skip
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", int(host.rpartition(":")[2])), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return process
    process.kill()
    raise SystemExit("docker-registry does not answer")


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
