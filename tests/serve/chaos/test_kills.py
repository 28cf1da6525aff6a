"""Processes that end at any moment, and what else happens to machines: nothing is lost, and no clone is spoilt."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from serve_storm import HOOKS, Pushed, delivery
from serve_storm.process import descendants, end
from serve_world import Service, git

from gitops_streams.demo.images import Image
from gitops_streams.demo.registry import Registry


def tell(service, registry, name, digest, number=1):
    body, headers = delivery("registry", Pushed(registry.host, f"acme/{name}", "1", str(digest)), number)
    assert service.send("POST", HOOKS["registry"], body, headers)[0] == 200


def dawdle(fleet, seconds):
    """Have the remote take its time, so that a publish can be met in its middle."""
    hook = fleet.remote / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nsleep {seconds}\n")
    hook.chmod(0o755)


def is_sound(clone: Path) -> str:
    """Return what Git finds wrong with a repository."""
    done = subprocess.run(["git", "fsck", "--no-dangling"], cwd=clone, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def added(fleet) -> list[str]:
    """Return the digests that commits have added to manifests, as often as they have."""
    log = git(fleet.remote, "log", "--format=", "--patch", "--unified=0", "refs/heads/main", "--", "deploy")
    return [line.rpartition("@")[2] for line in log.splitlines() if line.startswith("+ ") and "@sha256:" in line]


def state_of(service) -> dict[str, object]:
    (repository,) = service.overview()["repositories"]
    return repository


def await_last(service, outcome, seconds=30.0) -> dict[str, object]:
    deadline = time.monotonic() + seconds
    while (last := state_of(service)["lastPass"] or {}).get("outcome") != outcome:
        assert time.monotonic() < deadline, (last, service.lines[-5:])
        time.sleep(0.05)
    return last


def test_a_process_that_is_ended_at_any_moment_loses_nothing(fleet, registry, serve_file, declared, tmp_path, whole):
    chance = random.Random(6)
    names = list(declared(4))
    dawdle(fleet, 0.15)
    file = serve_file(interval="2s")
    clone = tmp_path / "state-serve" / "clones" / "fleet.git"
    newest, rounds = {}, 80 if whole else 3
    for number in range(rounds):
        with Service("--config", file) as service:
            for name in chance.sample(names, 2):
                newest[name] = registry.push(f"acme/{name}", "1", Image.build("app", f"{name} {number}"))
                if chance.random() < 0.7:  # the others are found by the poll
                    tell(service, registry, name, newest[name], number)
            time.sleep(chance.uniform(0.0, 1.6))
            below = descendants(service.process.pid)
            match number % 3:
                case 0:
                    service.kill()
                case 1:  # a machine that is switched off takes Git along
                    service.process.send_signal(signal.SIGSTOP)
                    end(below)
                    service.kill()
                case _:
                    assert service.stop() == 0
        if number % 3 == 0:
            time.sleep(0.5)  # what was left behind ends by itself
        if clone.exists():
            assert is_sound(clone) == "", number
        assert is_sound(fleet.remote) == "", number
    with Service("--config", file) as service:
        for name, digest in newest.items():
            fleet.await_text(f"deploy/{name}.yaml", str(digest), 40)
        assert await_last(service, "succeeded")
        assert service.stop() == 0
    digests = added(fleet)
    assert len(digests) == len(set(digests)), "a change came twice"
    assert is_sound(clone) == ""
    if whole:
        print(f"\n{rounds} ends, {len(digests)} changes, {len(fleet.commits())} commits")


def test_the_state_directory_is_deleted_while_it_is_used(fleet, registry, serve_file, declared, tmp_path, whole):
    (name,) = declared(1)
    with Service("--config", serve_file(interval="2s")) as service:
        service.await_ready()
        for number in range(20 if whole else 2):
            digest = registry.push(f"acme/{name}", "1", Image.build("app", str(number)))
            if number % 2:
                tell(service, registry, name, digest, number)
                time.sleep(number % 10 / 20)
            shutil.rmtree(tmp_path / "state-serve", ignore_errors=True)
            fleet.await_text(f"deploy/{name}.yaml", str(digest), 40)
        await_last(service, "succeeded")
        assert service.stop() == 0
    assert len(added(fleet)) == len(set(added(fleet)))


@pytest.fixture
def running(fleet, registry, serve_file, declared):
    """The service after its first publish, and what it follows."""
    firsts = declared(2)
    with Service("--config", serve_file(interval="3s")) as service:
        service.await_ready()
        for name, digest in firsts.items():
            fleet.await_text(f"deploy/{name}.yaml", digest)
        yield service, {name: Image.build("app", f"second {name}") for name in firsts}
        assert service.stop() == 0
    assert len(added(fleet)) == len(set(added(fleet))) == 4


def storm(service, registry, images):
    for number in range(100):
        for name, image in images.items():
            tell(service, registry, name, image.digest, number)


def push(registry, images):
    for name, image in images.items():
        registry.push(f"acme/{name}", "1", image)


def await_all(fleet, images):
    for name, image in images.items():
        fleet.await_text(f"deploy/{name}.yaml", str(image.digest), 60)


def test_events_of_a_registry_that_is_gone_are_not_lost(running, fleet, registry):
    service, images = running
    registry.close()
    storm(service, registry, images)
    deadline = time.monotonic() + 30
    while not (host := service.overview()["registries"][0])["failingSince"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert host["reason"]
    with Registry(port=int(registry.host.rpartition(":")[2])) as again:
        push(again, images)
        await_all(fleet, images)
        await_last(service, "succeeded")


def test_events_are_not_lost_while_the_remote_is_gone(running, fleet, registry):
    service, images = running
    push(registry, images)
    away = fleet.remote.rename(fleet.remote.with_name("away"))
    storm(service, registry, images)
    assert await_last(service, "failed")["error"]
    away.rename(fleet.remote)
    await_all(fleet, images)
    await_last(service, "succeeded")


def test_events_are_not_lost_while_the_remote_refuses(running, fleet, registry):
    service, images = running
    hook = fleet.remote / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'the disk is full' >&2\nexit 1\n")
    hook.chmod(0o755)
    push(registry, images)
    storm(service, registry, images)
    assert await_last(service, "failed")["error"]
    hook.unlink()
    await_all(fleet, images)
    await_last(service, "succeeded")
