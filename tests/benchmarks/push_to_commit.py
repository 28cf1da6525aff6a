"""Measures how long it takes from a push to a registry until the commit is in the remote.

Runs distribution's own registry (``docker-registry``), a bare remote and ``gitops-streams serve`` on loopback.

    python tests/benchmarks/push_to_commit.py [PUSHES]
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "support"))

from serve_world import Fleet, Pusher, Service, settle
from server_process import distribution_registry, free_port, notifications

from gitops_streams.serve.senders.receiver import Receiver, paths

_SECRET = "a secret of thirty-two characters"
_STREAMS = 50


def main(pushes: int) -> None:
    """Print the distribution over so many pushes."""
    with tempfile.TemporaryDirectory(prefix="gitops-streams-bench-") as name:
        folder = Path(name)
        settle(folder)
        port = free_port()
        hook = paths(Receiver("registry", "distribution", (_SECRET,)))[0]
        section = notifications(f"http://127.0.0.1:{port}{hook}", _SECRET)
        with distribution_registry("docker-registry", folder, notifications=section) as host:
            _measure(folder, host, port, pushes)


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


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
