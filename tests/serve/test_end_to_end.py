"""The service as a process, with distribution's own registry that tells it of pushes, and a real remote."""

from __future__ import annotations

import time

from serve_world import Pusher, Service


def test_a_push_becomes_a_commit(fleet, notifying_registry, configuration):
    pusher = Pusher(notifying_registry)
    first = pusher.push("acme/web", "1", "first")
    fleet.stream("web", f"{notifying_registry}/acme/web:1")
    fleet.publish()
    with Service("--config", str(configuration())) as service:
        fleet.await_text("deploy/web.yaml", first)
        service.await_ready()
        second = pusher.push("acme/web", "1", "second")
        began = time.monotonic()
        fleet.await_text("deploy/web.yaml", second)
        print(time.monotonic() - began)
        assert len(fleet.commits()) == 3
        assert service.stop() == 0
