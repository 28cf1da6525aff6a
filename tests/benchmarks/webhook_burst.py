"""Measures a burst of webhooks, half of them forged, while somebody looks at the page.

    python tests/benchmarks/webhook_burst.py [REQUESTS]

No forged one may act, none may be lost, memory has to stay flat, and the page has to answer.
"""

from __future__ import annotations

import http.client
import json
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "support"))

from serve_world import Fleet, Service, settle

from gitops_streams.demo.images import Image
from gitops_streams.demo.registry import Registry
from gitops_streams.serve.senders.receiver import Receiver, paths

_SECRET = "a secret of thirty-two characters"
_SENDERS = 20
_TAGS = 100


def main(requests: int) -> None:
    """Print what became of so many requests."""
    with tempfile.TemporaryDirectory(prefix="gitops-streams-bench-") as name, Registry() as registry:
        folder = Path(name)
        settle(folder)
        fleet = Fleet(folder / "git")
        for number in range(_TAGS):
            registry.push(f"acme/app-{number}", "1", Image.build("app", "1"))
            fleet.stream(f"app-{number}", f"{registry.host}/acme/app-{number}:1")
        fleet.publish()
        (folder / "secret").write_text(_SECRET)
        document = {
            "listen": "127.0.0.1:0",
            "stateDirectory": str(folder / "state"),
            "repositories": [{"url": fleet.url}],
            "receivers": [{"name": "registry", "sender": "distribution", "secretFile": [str(folder / "secret")]}],
        }
        (folder / "serve.yaml").write_text(json.dumps(document))
        with Service("--config", str(folder / "serve.yaml")) as service:
            service.await_ready()
            time.sleep(8)
            _burst(service, registry, fleet, requests)


def _burst(service: Service, registry: Registry, fleet: Fleet, requests: int) -> None:
    hook = paths(Receiver("registry", "distribution", (_SECRET,)))[0]
    digests = [str(registry.push(f"acme/app-{number}", "1", Image.build("app", "2"))) for number in range(_TAGS)]
    forged = str(Image.build("app", "1").digest)
    statuses: Counter[int] = Counter()
    lock = threading.Lock()
    before, commits = _resident(service), len(fleet.commits())
    registry.forget()

    def send(sender: int) -> None:
        connection = http.client.HTTPConnection(service.page.removeprefix("http://"), timeout=60)
        for number in range(sender, requests, _SENDERS):
            genuine = number % 2 == 0
            tag = number // 2 % _TAGS
            body = _delivery(registry.host, f"acme/app-{tag}", digests[tag] if genuine else forged, number)
            secret = _SECRET if genuine else "not the secret"
            connection.request("POST", hook, body, {"Authorization": f"Bearer {secret}"})
            answer = connection.getresponse()
            answer.read()
            with lock:
                statuses[answer.status] += 1
        connection.close()

    threads = [threading.Thread(target=send, args=(sender,)) for sender in range(_SENDERS)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    page = []
    while any(thread.is_alive() for thread in threads):
        asked = time.monotonic()
        assert service.get("/")[0] == 200
        page.append(time.monotonic() - asked)
        time.sleep(0.1)
    took = time.monotonic() - began
    for number, digest in enumerate(digests):
        fleet.await_text(f"deploy/app-{number}.yaml", digest, 30)
    (receiver,) = service.overview()["receivers"]  # type: ignore[misc]
    page.sort()
    print(f"{requests} deliveries in {took:.1f} s, answered: {dict(statuses)}; the service counted {receiver}")
    print(f"commits: {len(fleet.commits()) - commits}; registry asked {registry.count()} times for {_TAGS} pushed tags")
    late = page[int(len(page) * 0.95)]
    print(f"the page: median {statistics.median(page):.3f} s, p95 {late:.3f} s, worst {page[-1]:.3f} s")
    print(f"resident: {before / 1024:.0f} MiB before, {_resident(service) / 1024:.0f} MiB after")


def _delivery(host: str, repository: str, digest: str, number: int) -> bytes:
    kind = "application/vnd.oci.image.manifest.v1+json"
    target = {"mediaType": kind, "digest": digest, "repository": repository, "tag": "1"}
    event = {"id": str(number), "action": "push", "target": target, "request": {"host": host, "method": "PUT"}}
    return json.dumps({"events": [event]}).encode()


def _resident(service: Service) -> int:
    """Return the resident memory in KiB."""
    with Path(f"/proc/{service.process.pid}/status").open() as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
