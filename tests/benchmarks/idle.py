"""Measures what many repositories cost that have nothing to do: requests to the registry, and processor time.

    python tests/benchmarks/idle.py [REPOSITORIES] [STREAMS] [REFERENCES]

Every repository declares the same number of streams, drawn from the distinct references. The interval is short, so
that a few cycles pass while we watch; a registry in memory counts what it is asked.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "support"))

from serve_world import Fleet, Service, git, settle

from gitops_streams.demo.images import Image
from gitops_streams.demo.registry import Registry

_INTERVAL = 60


def main(repositories: int, streams: int, references: int) -> None:
    """Print what a cycle costs."""
    with tempfile.TemporaryDirectory(prefix="gitops-streams-bench-") as name, Registry() as registry:
        folder = Path(name)
        settle(folder)
        for number in range(references):
            registry.push(f"acme/app-{number}", "1", Image.build("app", str(number)))
        fleets = [_fleet(folder, registry, place, streams, references) for place in range(repositories)]
        document = {
            "listen": "127.0.0.1:0",
            "interval": f"{_INTERVAL}s",
            "stateDirectory": str(folder / "state"),
            "repositories": [{"url": fleet.as_uri()} for fleet in fleets],
        }
        (folder / "serve.yaml").write_text(json.dumps(document))
        began = time.monotonic()
        with Service("--config", str(folder / "serve.yaml")) as service:
            service.await_ready(600)
            print(f"{repositories} repositories x {streams} streams, {references} distinct references")
            print(f"first pass of all: {time.monotonic() - began:.0f} s, {registry.count('HEAD')} HEADs")
            time.sleep(_INTERVAL)  # until what the first pass published has been looked at again
            _watch(service, registry, references)


def _watch(service: Service, registry: Registry, references: int) -> None:
    cycles = 3
    registry.forget()
    before = _processor_seconds(service)
    slowest = 0.0
    end = time.monotonic() + cycles * _INTERVAL
    while time.monotonic() < end:
        began = time.monotonic()
        status, _ = service.get("/")
        slowest = max(slowest, time.monotonic() - began)
        assert status == 200
        time.sleep(5)
    heads = registry.count("HEAD") / cycles
    others = registry.count() - registry.count("HEAD")
    seconds = (_processor_seconds(service) - before) / cycles
    print(f"an idle cycle: {heads:.1f} HEADs ({heads / references:.2f} a reference), {others} other requests")
    print(f"processor: {seconds:.1f} s a cycle; the page took at most {slowest:.2f} s")
    with Path(f"/proc/{service.process.pid}/status").open() as status:
        print(next(line.split(":")[1].strip() for line in status if line.startswith("VmRSS")), "resident")


def _processor_seconds(service: Service) -> float:
    fields = Path(f"/proc/{service.process.pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def _fleet(folder: Path, registry: Registry, place: int, streams: int, references: int) -> Path:
    """Make a remote; all but the first are copies of its like with other streams, which is quicker."""
    fleet = Fleet(folder / "git", f"fleet-{place}")
    for number in range(streams):
        reference = (place * 7 + number) % references
        fleet.stream(f"app-{number}", f"{registry.host}/acme/app-{reference}:1")
    git(fleet.clone, "add", "--all")
    git(fleet.clone, "commit", "--quiet", "-m", "Declare")
    git(fleet.clone, "push", "--quiet", "origin", "HEAD:refs/heads/main")
    return fleet.remote


if __name__ == "__main__":
    main(*([int(text) for text in sys.argv[1:4]] or [200, 50, 500]))
