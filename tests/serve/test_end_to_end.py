"""The service as a process, with distribution's own registry that tells it of pushes, and real remotes."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from serve_world import Fleet, Pusher, Service

SECRET = {"Authorization": "Bearer a secret of thirty-two characters", "Content-Type": "application/json"}


def delivery(host, repository, tag, digest, number="1"):
    kind = "application/vnd.oci.image.manifest.v1+json"
    target = {"mediaType": kind, "digest": digest, "repository": repository, "tag": tag}
    event = {"id": number, "action": "push", "target": target, "request": {"host": host, "method": "PUT"}}
    return json.dumps({"events": [event]}).encode()


@pytest.fixture
def web(fleet, notifying_registry):
    """The digest of a first image that a stream tag follows."""
    first = Pusher(notifying_registry).push("acme/web", "1", "first")
    fleet.stream("web", f"{notifying_registry}/acme/web:1")
    fleet.publish()
    return first


def hold_pushes(fleet: Fleet, seconds: float) -> None:
    """Have the remote take its time to accept a push, and say when it began."""
    hook = fleet.remote / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {fleet.remote}/receiving\nsleep {seconds}\nexit 0\n")
    hook.chmod(0o755)


def begin_a_push(fleet: Fleet, registry: str, seconds: float) -> str:
    """Have the service push, which takes that long, and return when it has begun: the digest that is pushed."""
    hold_pushes(fleet, seconds)
    digest = Pusher(registry).push("acme/web", "1", "second")
    await_file(fleet.remote / "receiving")
    return digest


def await_file(path, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < deadline, path
        time.sleep(0.02)


def test_a_push_becomes_a_commit(fleet, notifying_registry, configuration, web):
    with Service("--config", str(configuration())) as service:
        fleet.await_text("deploy/web.yaml", web)
        service.await_ready()
        second = Pusher(notifying_registry).push("acme/web", "1", "second")
        fleet.await_text("deploy/web.yaml", second)
        assert len(fleet.commits()) == 3
        assert service.stop() == 0


def test_forged_deliveries_and_replays_do_nothing(fleet, notifying_registry, configuration, web, hook):
    with Service("--config", str(configuration())) as service:
        service.await_ready()
        fleet.await_text("deploy/web.yaml", web)
        time.sleep(1)
        head = fleet.head()
        body = delivery(notifying_registry, "acme/web", "1", web)
        assert service.send("POST", hook, body)[0] == 401
        assert service.send("POST", hook, body, SECRET | {"Authorization": "Bearer forged"})[0] == 401
        assert service.send("POST", hook[:-1] + "x", body, SECRET)[0] == 404
        assert service.send("POST", "/hooks/other/" + hook.rpartition("/")[2], body, SECRET)[0] == 404
        assert service.send("POST", hook, b"x" * (1 << 20) + b"x", SECRET)[0] == 413
        assert service.send("GET", hook)[0] == 405
        for _ in range(20):
            assert service.send("POST", hook, body, SECRET)[0] == 200
        time.sleep(1.5)
        assert fleet.head() == head
        (receiver,) = service.overview()["receivers"]
        assert receiver["accepted"] >= 20
        assert receiver["refused"] == 4
        secret = SECRET["Authorization"].removeprefix("Bearer ")
        assert not any(secret in line or hook.rpartition("/")[2] in line for line in service.lines)


def test_sigterm_ends_it_whichever_thread_it_is_given_to(configuration, web):
    with Service("--config", str(configuration())) as service:
        service.await_ready()
        threads = Path(f"/proc/{service.process.pid}/task")
        # The thread whose number is named gets the signal, unless it blocks it.
        for thread in sorted({int(each.name) for each in threads.iterdir()} - {service.process.pid}):
            blocked = re.search(
                r"^SigBlk:\s*([0-9a-f]+)$", (threads / str(thread) / "status").read_text(), re.MULTILINE
            )
            if not int(blocked[1], 16) & 1 << signal.SIGTERM - 1:
                break
        os.kill(thread, signal.SIGTERM)
        assert service.process.wait(30) == 0


def test_whoever_asks_twice_to_end_waits_for_the_same(fleet, notifying_registry, configuration, web):
    with Service("--config", str(configuration())) as service:
        fleet.await_text("deploy/web.yaml", web)
        service.await_ready()
        second = begin_a_push(fleet, notifying_registry, 2)
        service.process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        service.process.send_signal(signal.SIGINT)
        assert service.stop() == 0
    assert second in fleet.show("deploy/web.yaml")


@pytest.mark.parametrize("group", [False, True], ids=["the process", "the whole group"])
def test_sigterm_lets_a_publish_end(fleet, notifying_registry, configuration, web, group):
    with Service("--config", str(configuration())) as service:
        fleet.await_text("deploy/web.yaml", web)
        service.await_ready()
        second = begin_a_push(fleet, notifying_registry, 2)
        if group:  # as Ctrl-C on a terminal and systemd do
            children = subprocess.run(
                ["pgrep", "--parent", str(service.process.pid)], capture_output=True, text=True, check=False
            )
            for child in children.stdout.split():
                os.kill(int(child), signal.SIGINT)
                os.kill(int(child), signal.SIGTERM)
        assert service.stop() == 0
        assert not any("pass-failed" in line for line in service.lines), service.lines
    assert second in fleet.show("deploy/web.yaml")
    assert len(fleet.commits()) == 3


def test_after_sigkill_the_next_start_completes(fleet, notifying_registry, configuration, web):
    file = str(configuration())
    with Service("--config", file) as service:
        fleet.await_text("deploy/web.yaml", web)
        service.await_ready()
        second = begin_a_push(fleet, notifying_registry, 1)
        service.kill()
    (fleet.remote / "hooks" / "pre-receive").unlink()
    third = Pusher(notifying_registry).push("acme/web", "1", "third")  # nobody hears of it
    with Service("--config", file) as service:
        fleet.await_text("deploy/web.yaml", third)
        service.await_ready()
        assert service.stop() == 0
    assert second != third
    assert len(fleet.commits()) in {3, 4}  # whether the killed push arrived is the remote's business


def test_once_visits_everything_and_ends(fleet, notifying_registry, configuration, web):
    run = [sys.executable, "-m", "gitops_streams", "serve", "--config", str(configuration()), "--once"]
    assert subprocess.run(run, check=False, timeout=240).returncode == 0
    assert web in fleet.show("deploy/web.yaml")
    fleet.stream("gone", f"{notifying_registry}/acme/gone:1")
    fleet.publish()
    assert subprocess.run(run, check=False, timeout=240).returncode == 3


def test_a_clone_on_this_machine_is_pushed_from_what_the_remote_has(fleet, notifying_registry, web, tmp_path, git):
    here = tmp_path / "here"
    git(tmp_path, "clone", "--quiet", str(fleet.remote), str(here))
    fleet.write("README", "somebody else's\n")
    fleet.publish("Meanwhile")
    (here / "deploy/web.yaml").write_text("unfinished: work\n")
    arguments = ["--repo", str(here), "--state-directory", str(tmp_path / "state"), "--once"]
    run = [sys.executable, "-m", "gitops_streams", "serve", *arguments]
    assert subprocess.run(run, check=False, timeout=240).returncode == 0
    assert web in fleet.show("deploy/web.yaml")
    assert fleet.commits()[1:] == ["Meanwhile", "Declare"]
    assert (here / "deploy/web.yaml").read_text() == "unfinished: work\n"


def test_a_second_process_is_refused_the_state_directory(configuration, web, tmp_path):
    file = str(configuration())
    with Service("--config", file) as service:
        service.await_ready()
        run = [sys.executable, "-m", "gitops_streams", "serve", "--config", file, "--once"]
        done = subprocess.run(run, check=False, timeout=240, capture_output=True, text=True)
        assert done.returncode == 2
        assert "state directory" in done.stderr


def test_webhook_url_tells_where_and_never_the_secret(configuration, hook, web):
    run = [sys.executable, "-m", "gitops_streams", "webhook-url", "--config", str(configuration())]
    done = subprocess.run([*run, "--url", "https://s.example/x/"], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"https://s.example/x{hook}\n" in done.stdout
    assert "thirty-two" not in done.stdout


def test_a_full_disk_is_shown_and_survived(fleet, notifying_registry, configuration, web):
    with Service("--config", str(configuration())) as service:
        service.await_ready()
        fleet.await_text("deploy/web.yaml", web)
        time.sleep(6)  # until what the first pass published has been looked at
        hard = resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE)[1]
        # As full as it can be made for one process: no file may grow beyond one byte.
        resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (1, hard))
        second = Pusher(notifying_registry).push("acme/web", "1", "second")
        deadline = time.monotonic() + 60
        while (last := service.overview()["repositories"][0]["lastPass"])["outcome"] != "failed":
            assert time.monotonic() < deadline, service.lines
            time.sleep(0.1)
        assert last["error"]
        assert second not in fleet.show("deploy/web.yaml")
        assert service.get("/healthz")[0] == 200
        resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        fleet.await_text("deploy/web.yaml", second, 60)
        assert service.stop() == 0
