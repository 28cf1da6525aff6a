"""Several processes on one remote, while people push to the same branch: Git's leases settle it."""

from __future__ import annotations

import contextlib
import random
import subprocess
import threading
import time

from serve_storm import HOOKS, Pushed, delivery
from serve_world import Fleet, Service, git

from gitops_streams.demo.images import Image


class Person(threading.Thread):
    """Somebody who commits to the branch again and again, and gives way when somebody else was faster."""

    def __init__(self, fleet: Fleet, folder, names) -> None:
        super().__init__()
        self._clone = folder / "person"
        self._names = names
        self._over = threading.Event()
        self.landed: list[str] = []
        git(folder, "clone", "--quiet", fleet.url, str(self._clone))

    def run(self) -> None:
        chance = random.Random(7)
        number = 0
        while not self._over.is_set():
            number += 1
            message = f"By a person {number}"
            self._write(number, message, chance.choice(self._names))
            git(self._clone, "add", "--all")
            git(self._clone, "commit", "--quiet", "-m", message)
            for _ in range(50):
                git(self._clone, "pull", "--quiet", "--rebase")
                push = ["git", "push", "--quiet", "origin", "HEAD:refs/heads/main"]
                if subprocess.run(push, cwd=self._clone, capture_output=True, check=False).returncode == 0:
                    self.landed.append(message)
                    break
            time.sleep(chance.uniform(0.1, 0.5))

    def _write(self, number, message, name) -> None:
        (self._clone / f"note-{number % 5}").write_text(f"{message}\n")
        if number % 3 == 0:  # next to what the service writes
            file = self._clone / f"streams/{name}.yaml"
            file.write_text(f"# {message}\n{file.read_text()}")

    def end(self) -> None:
        self._over.set()
        self.join(60)
        assert not self.is_alive()


def move(fleet, registry, services, names, number) -> list[str]:
    """Push to some tags, tell every process of it, and wait until the branch has it."""
    moved = {}
    for name in names:
        digest = moved[name] = str(registry.push(f"acme/{name}", "1", Image.build("app", f"{name} {number}")))
        body, headers = delivery("registry", Pushed(registry.host, f"acme/{name}", "1", digest), number)
        for service in services:
            assert service.send("POST", HOOKS["registry"], body, headers)[0] == 200
    for name, digest in moved.items():
        fleet.await_text(f"deploy/{name}.yaml", digest, 90)
    return list(moved.values())


def test_every_change_comes_once_and_nothing_of_people_is_lost(fleet, registry, serve_file, declared, tmp_path, whole):
    processes, shards, moves, tags = (2, 8, 20, 16) if whole else (1, 2, 3, 4)
    firsts = declared(tags)
    expected = list(firsts.values())
    with contextlib.ExitStack() as stack:
        shares = [(), *[("--shard", f"{number}/{shards}") for number in range(shards)]]
        services = [
            stack.enter_context(Service("--config", serve_file(f"serve-{number}", interval="2s"), *share))
            for number, share in enumerate([()] * (processes - 1) + shares)
        ]
        for name, digest in firsts.items():
            fleet.await_text(f"deploy/{name}.yaml", digest, 60)
        person = Person(fleet, tmp_path, list(firsts))
        person.start()
        try:
            for number in range(moves):
                moved = random.Random(number).sample(list(firsts), max(1, tags // 4))
                expected += move(fleet, registry, services, moved, number)
            time.sleep(3)  # whoever was late would publish by now
        finally:
            person.end()
        for service in services:
            assert service.get("/healthz")[0] == 200
            assert service.stop() == 0
        internal = [line for service in services for line in service.lines if "internal error" in line]
        assert not internal
    log = git(fleet.remote, "log", "--format=", "--patch", "--unified=0", "refs/heads/main", "--", "deploy")
    added = [line.rpartition("@")[2] for line in log.splitlines() if line.startswith("+ ") and "@sha256:" in line]
    assert sorted(added) == sorted(expected)
    subjects = fleet.commits()
    assert person.landed
    assert sorted(subject for subject in subjects if subject.startswith("By a person")) == sorted(person.landed)
    git(fleet.remote, "fsck", "--no-dangling")
    if whole:
        lost = sum("pass-failed" in line for service in services for line in service.lines)
        print(
            f"\n{len(added)} changes in {len(subjects)} commits, {len(person.landed)} by a person; {lost} passes failed"
        )
