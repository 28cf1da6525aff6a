"""What a process holds does not grow with what it has done."""

from __future__ import annotations

import time

from serve_storm import HOOKS, Pushed, delivery
from serve_storm.process import children, held
from serve_world import Service

from gitops_streams.demo.images import Image


def test_nothing_piles_up_though_every_other_publish_fails_at_first(fleet, registry, serve_file, declared, whole):
    warm, passes = (whole // 10, whole) if whole else (2, 8)
    (name,) = declared(1)
    hook = fleet.remote / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntest ! -e {fleet.remote}/refuse\n")
    hook.chmod(0o755)
    with Service("--config", serve_file(interval="1s")) as service:
        service.await_ready()
        figures = []
        for number in range(warm + passes):
            if number % 2:
                (fleet.remote / "refuse").touch()
            digest = str(registry.push(f"acme/{name}", "1", Image.build("app", str(number))))
            body, headers = delivery("registry", Pushed(registry.host, f"acme/{name}", "1", digest), number)
            assert service.send("POST", HOOKS["registry"], body, headers)[0] == 200
            if number % 2:
                deadline = time.monotonic() + 20
                while service.overview()["repositories"][0]["lastPass"]["outcome"] != "failed":
                    assert time.monotonic() < deadline
                    time.sleep(0.02)
                (fleet.remote / "refuse").unlink()
            fleet.await_text(f"deploy/{name}.yaml", digest, 30)
            if number >= warm and (number - warm) % (passes // 4) == 0:
                figures.append(held(service.process.pid))
        time.sleep(3)
        figures.append(held(service.process.pid))
        assert [each for each in children(service.process.pid) if each[1] == "Z"] == []
        assert figures[-1].threads <= figures[0].threads + 2, figures
        assert figures[-1].files <= figures[0].files + 4, figures
        assert figures[-1].resident <= figures[0].resident + 16 * 1024, figures
        assert service.stop() == 0
    if whole:
        print("", *figures, sep="\n")
