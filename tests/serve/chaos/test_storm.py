"""A storm of webhooks: no forged one acts, no genuine one is lost, and people are answered meanwhile."""

from __future__ import annotations

import statistics
import time

from serve_storm import Pushed, Storm
from serve_storm.process import held
from serve_world import Service

from gitops_streams.demo.images import Image


def test_no_forged_delivery_acts_and_no_genuine_one_is_lost(fleet, registry, serve_file, declared, whole):
    requests, tags = (10_000, 60) if whole else (300, 12)
    firsts = declared(tags)
    names = list(firsts)
    with Service("--config", serve_file()) as service:
        service.await_ready()
        fleet.await_text(f"deploy/{names[-1]}.yaml", firsts[names[-1]])
        time.sleep(1)
        registry.forget()
        pushed = []
        for number, name in enumerate(names):
            digest = registry.push(f"acme/{name}", "1", Image.build("app", f"second {number}"))
            pushed.append(Pushed(registry.host, f"acme/{name}", "1", str(digest)))
        genuine, quiet = pushed[: tags * 2 // 3], pushed[tags * 2 // 3 :]
        before = held(service.process.pid)
        storm = Storm(service.page.removeprefix("http://"), genuine, quiet, requests)
        began = time.monotonic()
        storm.start()
        took: dict[str, list[float]] = {"/": [], "/healthz": []}
        while not storm.over:
            for path, times in took.items():
                asked = time.monotonic()
                assert service.get(path)[0] == 200
                times.append(time.monotonic() - asked)
            time.sleep(0.1)
        outcomes = storm.end()
        lasted = time.monotonic() - began
        assert not outcomes.lost
        for each in genuine:
            fleet.await_text(f"deploy/{each.repository.removeprefix('acme/')}.yaml", each.digest, 60)
        time.sleep(1.5)
        for each in quiet:
            name = each.repository.removeprefix("acme/")
            assert firsts[name] in fleet.show(f"deploy/{name}.yaml")
            assert registry.count(path=each.repository) == 0
        statuses = outcomes.statuses
        assert {status for kind, status in statuses if kind == "forged"} <= {401, 403, 404}, statuses
        assert {status for kind, status in statuses if kind == "oversize"} <= {413, 0}, statuses
        assert {status for kind, status in statuses if kind == "half"} <= {400, 0}, statuses
        assert {status for kind, status in statuses if kind == "genuine"} <= {200, 503, 0}, statuses
        assert registry.count() <= 4 * len(genuine)
        after = held(service.process.pid)
        receivers = service.overview()["receivers"]
        assert sum(receiver["accepted"] for receiver in receivers) == statuses["genuine", 200]
        assert after.peak - before.resident < 60 * 1024, (before, after)
        assert service.stop() == 0
    if whole:
        print(f"\n{requests} requests in {lasted:.0f} s: {dict(statuses)}, sent again {outcomes.again}")
        print(f"registry asked {registry.count()} times for {len(genuine)} tags; {len(fleet.commits())} commits")
        print(f"before {before}\nafter {after}")
        for path, times in took.items():
            times.sort()
            late = times[int(len(times) * 0.95)]
            print(f"{path}: median {statistics.median(times):.3f} s, p95 {late:.3f} s, worst {times[-1]:.3f} s")
