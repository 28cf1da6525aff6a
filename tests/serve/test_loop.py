"""The loop in one process, with time that passes when it is told to, a registry in memory and real remotes."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from fake_forge import FakeForge
from serve_world import FakeClock, Fleet, git

from gitops_streams.demo.exchange import Response
from gitops_streams.demo.images import Image
from gitops_streams.demo.registry import Registry
from gitops_streams.forges.github import forge as github
from gitops_streams.oci.reference import Reference
from gitops_streams.registry import RegistryClient
from gitops_streams.serve.agenda import Trigger
from gitops_streams.serve.event import Accepted, Ignored, ImagePushed, Ping, Refused, RepositoryPushed
from gitops_streams.serve.loop import Loop
from gitops_streams.serve.overview import CheckOutcome, PassOutcome, State
from gitops_streams.serve.pace import Pace
from gitops_streams.serve.place import Place, folder_of
from gitops_streams.serve.pool import Pool
from gitops_streams.serve.senders.receiver import Receiver
from gitops_streams.serve.settings import GitCredential, SecretPlace, ServedRepository

INTERVAL = 900.0


class World:
    """The loop, stepped by hand."""

    def __init__(self, folder: Path, fleets, *, workers=4, **changes):
        self.clock = FakeClock()
        pace = Pace(INTERVAL, 0.0)

        def client(settings):
            return RegistryClient(settings, os.environ, folder, clock=self.clock)

        self.pool = Pool(client, self.clock, pace)
        served = [ServedRepository(fleet.remote.stem, url=fleet.url, **changes) for fleet in fleets]
        self.places = [Place(each, folder_of(folder / "state", each), os.environ) for each in served]
        receivers = [Receiver("registry", "distribution", ("x" * 32,))]
        self.loop = Loop(self.places, self.pool, self.clock, pace, receivers=receivers, workers=workers)

    def step(self):
        """Let everything that is due be done, and whatever follows from that at once."""
        for _ in range(10):
            at = self.loop.step(self.clock.now)
            deadline = time.monotonic() + 60
            while not self.loop.idle:
                assert time.monotonic() < deadline
                time.sleep(0.005)
            if at > self.clock.now and not self.loop.overview().queued:
                again = self.loop.step(self.clock.now)
                if self.loop.idle and again > self.clock.now:
                    return

    def pass_by(self, seconds, stride=10.0):
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.clock.now = min(end, self.clock.now + stride)
            self.step()

    def event(self, reference: Reference, digest=None, delivery=None):
        told = self.loop.deliver(
            "registry", Accepted((ImagePushed(reference.repository, reference.tag, digest),), delivery)
        )
        self.clock.now += 0.25
        self.step()
        return told

    def repository(self, name="fleet"):
        return next(each for each in self.loop.overview().repositories if each.name == name)

    def tag(self, name="fleet"):
        (tag,) = self.repository(name).tags
        return tag


@pytest.fixture
def world(tmp_path):
    made = []

    def make(*fleets, **changes):
        made.append(World(tmp_path, fleets, **changes))
        return made[-1]

    yield make
    for each in made:
        assert each.loop.stop(20)


@pytest.fixture
def web(registry, fleet):
    registry.push("acme/web", "1", Image.build("web", "1"))
    fleet.stream("web", f"{registry.host}/acme/web:1")
    fleet.publish()
    return registry.reference("acme/web", "1")


def move(registry, version, name="acme/web"):
    return registry.push(name, "1", Image.build("web", version))


def test_an_event_moves_the_tag_and_asks_for_nothing_else(world, registry, fleet, web):
    other = registry.push("acme/api", "1", Image.build("api", "1"))
    fleet.stream("api", f"{registry.host}/acme/api:1")
    fleet.publish()
    here = world(fleet)
    here.step()
    assert str(other) in fleet.show("deploy/api.yaml")
    registry.forget()
    new = move(registry, "2")
    assert here.event(web, new, "delivery-1")
    assert str(new) in fleet.show("deploy/web.yaml")
    assert registry.count() == 1


def test_duplicates_and_replays_cost_nothing(world, registry, fleet, web):
    here = world(fleet)
    here.step()
    new = move(registry, "2")
    here.event(web, new, "delivery-1")
    commits = fleet.commits()
    registry.forget()
    assert not here.event(web, new, "delivery-1")
    assert not here.event(web, new, "delivery-2")
    assert not here.event(registry.reference("acme/nobody-follows-it", "1"), new, "delivery-3")
    assert not here.event(registry.reference("acme/web", "another-tag"), new, "delivery-4")
    assert registry.count() == 0
    # An old delivery that comes again under another name makes us look, and nothing more.
    assert here.event(web, Image.build("web", "1").digest, "delivery-5")
    assert registry.count() == 1
    assert fleet.commits() == commits


def test_a_digest_that_an_event_claims_is_never_believed(world, registry, fleet, web):
    here = world(fleet)
    here.step()
    before = fleet.head()
    here.event(web, Image.build("evil", "1").digest)
    here.pass_by(30)
    assert fleet.head() == before


def test_a_tag_that_is_pushed_back_and_forth_is_followed(world, registry, fleet, web):
    here = world(fleet)
    here.step()
    for version in ("2", "3", "2"):
        digest = move(registry, version)
        here.event(web, digest)
        assert str(digest) in fleet.show("deploy/web.yaml")
        here.pass_by(6)


def test_a_burst_is_one_commit(world, registry, fleet):
    for number in range(5):
        registry.push(f"acme/app-{number}", "1", Image.build("web", "1"))
        fleet.stream(f"app-{number}", f"{registry.host}/acme/app-{number}:1")
    fleet.publish()
    here = world(fleet)
    here.step()
    here.pass_by(10)
    commits = len(fleet.commits())
    for number in range(5):
        digest = move(registry, "2", f"acme/app-{number}")
        for _ in range(20):
            reference = registry.reference(f"acme/app-{number}", "1")
            here.loop.deliver("registry", Accepted((ImagePushed(reference.repository, "1", digest),)))
        here.clock.now += 0.05
        here.step()
    here.clock.now += 0.2
    here.step()
    assert len(fleet.commits()) == commits + 1


@pytest.fixture
def git_calls(tmp_path, monkeypatch):
    """Write down every call of Git."""
    real, log = shutil.which("git"), tmp_path / "git-calls"
    log.touch()
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "git"
    program.write_text(f'#!/bin/sh\necho "$*" >> {log}\nexec {real} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return log


def test_idle_time_costs_one_request_for_each_distinct_reference(world, registry, tmp_path, git_calls):
    fleets = [Fleet(tmp_path / "git", f"fleet-{number}") for number in range(3)]
    for number in range(4):
        registry.push(f"acme/app-{number}", "1", Image.build("web", "1"))
    for fleet in fleets:
        for number in range(4):
            fleet.stream(f"app-{number}", f"{registry.host}/acme/app-{number}:1")
        fleet.publish()
    here = world(*fleets)
    here.step()
    assert registry.count() == 4  # the first pass of all of them
    here.pass_by(60)
    heads = [fleet.head() for fleet in fleets]
    registry.forget()
    git_calls.write_text("")
    here.pass_by(3 * INTERVAL, stride=100)
    assert registry.count("HEAD") == registry.count() == 3 * 4
    calls = git_calls.read_text().splitlines()
    assert sum("ls-remote" in call for call in calls) == 3 * len(fleets), calls
    assert not any(word in call for call in calls for word in ("fetch", "push", "cat-file")), calls
    assert [fleet.head() for fleet in fleets] == heads


def test_a_wall_clock_that_jumps_breaks_nothing(world, registry, fleet, web, monkeypatch):
    here = world(fleet)
    here.step()
    here.pass_by(20)
    for number, jump in enumerate([-400 * 86400.0, 30 * 86400.0, 0.0]):
        monkeypatch.setattr(here.clock, "time", lambda jump=jump: 1_700_000_000.0 + here.clock.now + jump)
        registry.forget()
        here.pass_by(60)
        assert registry.count() == 0
        new = move(registry, f"after jump {number}")
        here.event(web, new)
        assert str(new) in fleet.show("deploy/web.yaml")
        here.pass_by(20)
        assert here.tag().state is State.CURRENT
        assert here.repository().last.outcome is PassOutcome.SUCCEEDED


def test_a_push_without_an_event_is_found_by_the_next_poll(world, registry, fleet, web):
    here = world(fleet)
    here.step()
    new = move(registry, "2")
    here.pass_by(INTERVAL - 100, stride=100)
    assert str(new) not in fleet.show("deploy/web.yaml")
    here.pass_by(120)
    assert str(new) in fleet.show("deploy/web.yaml")


@pytest.mark.parametrize("minutes", [65, 3], ids=["after several intervals", "within one"])
def test_what_waits_for_a_freeze_to_end_is_published_when_it_ends(world, registry, fleet, web, minutes):
    here = world(fleet)
    # The clock begins at 22:30 UTC.
    frozen = f"gates: {{freeze: [{{cron: '0 22 * * *', duration: {30 + minutes}m}}]}}\n"
    fleet.write(".gitops-streams/config.yaml", frozen)
    fleet.publish()
    here.step()
    assert here.tag().state is State.HELD
    first = here.repository()
    passes = {first.last.ended}
    for _ in range(minutes - 1):
        here.pass_by(60, stride=60)
        passes.add(here.repository().last.ended)
    here.pass_by(50, stride=25)
    assert here.tag().state is State.HELD
    assert len(passes) == 1 + minutes // 15
    here.pass_by(15, stride=1)
    assert str(Image.build("web", "1").digest) in fleet.show("deploy/web.yaml")
    assert here.repository().last.trigger == Trigger.GATE.value


def test_a_tag_that_is_not_scheduled_is_moved_by_an_event_alone(world, registry, fleet):
    registry.push("acme/web", "1", Image.build("web", "1"))
    fleet.stream("web", f"{registry.host}/acme/web:1", scheduled=False)
    fleet.publish()
    here = world(fleet)
    here.step()
    here.pass_by(20)
    new = move(registry, "2")
    registry.forget()
    here.pass_by(3 * INTERVAL, stride=300)
    assert registry.count() == 0
    assert str(new) not in fleet.show("deploy/web.yaml")
    assert here.event(registry.reference("acme/web", "1"), new)
    assert str(new) in fleet.show("deploy/web.yaml")


@pytest.mark.parametrize("event", [True, False])
def test_declarations_that_change_are_seen_by_a_git_event_or_by_the_poll(
    world, registry, fleet, web, event, hermetic, monkeypatch
):
    (hermetic / "gitconfig").write_text(
        f'[url "{fleet.remote.parent.as_uri()}/"]\n  insteadOf = https://git.acme.example/team/\n'
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(hermetic / "gitconfig"))
    monkeypatch.setattr(type(fleet), "url", "https://git.acme.example/team/fleet.git")
    here = world(fleet)
    here.step()
    here.pass_by(20)
    first = registry.push("acme/api", "1", Image.build("api", "1"))
    fleet.stream("api", f"{registry.host}/acme/api:1")
    fleet.publish()
    if event:
        for location, branch in (("git.acme.example/team/other", "main"), ("git.acme.example/team/fleet", "other")):
            assert not here.loop.deliver("registry", Accepted((RepositoryPushed((location,), branch),)))
        assert here.loop.deliver("registry", Accepted((RepositoryPushed(("git.acme.example/team/fleet",), "main"),)))
    here.clock.now += 0.25
    here.step()
    assert (str(first) in git(fleet.remote, "log", "-p", "main")) == event
    here.pass_by(INTERVAL + 10, stride=100)
    assert str(first) in fleet.show("deploy/api.yaml")


def test_a_registry_that_is_down_for_an_hour_keeps_the_pins_and_loses_nothing(world, registry, fleet, web):
    here = world(fleet)
    here.step()
    here.pass_by(20)
    before = fleet.head()
    new = move(registry, "2")
    registry.intercept = lambda _: Response(503)
    here.event(web, new)
    for _ in range(12):
        here.pass_by(300, stride=100)
        assert fleet.head() == before
    tag = here.tag()
    assert tag.state is State.FAILING
    assert tag.failing_since is not None
    assert here.repository().last.outcome is PassOutcome.INCOMPLETE
    (told,) = here.loop.overview().registries
    assert told.failing_since is not None
    registry.intercept = None
    here.pass_by(INTERVAL + 120, stride=30)
    assert str(new) in fleet.show("deploy/web.yaml")
    here.pass_by(20)
    assert here.tag().state is State.CURRENT


def test_the_event_of_a_registry_that_was_down_is_acted_on_at_once(world, registry, fleet, web):
    """A registry is started after the service, and its first push is to be seen in seconds, not after a rest."""
    for name in "abcdefgh":
        registry.push(f"acme/{name}", "1", Image.build(name, "1"))
        fleet.stream(name, f"{registry.host}/acme/{name}:1")
    fleet.publish()
    registry.intercept = lambda _: Response(503)
    here = world(fleet)
    here.step()
    assert all(tag.state is State.FAILING for tag in here.repository().tags)
    assert any("not asked again" in tag.reason for tag in here.repository().tags)
    registry.intercept = None
    new = move(registry, "2")
    here.event(web, new)
    assert str(new) in fleet.show("deploy/web.yaml")


def test_a_remote_that_is_down_is_shown_and_tried_again(world, registry, fleet, web, tmp_path):
    here = world(fleet)
    here.step()
    new = move(registry, "2")
    fleet.remote.rename(tmp_path / "away.git")
    here.event(web, new)
    last = here.repository().last
    assert last.outcome is PassOutcome.FAILED
    assert last.error
    here.pass_by(600, stride=100)
    (tmp_path / "away.git").rename(fleet.remote)
    here.pass_by(INTERVAL + 60, stride=60)
    assert str(new) in fleet.show("deploy/web.yaml")
    assert here.repository().last.outcome is PassOutcome.SUCCEEDED


@pytest.mark.parametrize("spoil", ["HEAD", "objects", "config", "all"])
def test_a_clone_that_is_spoilt_is_made_anew(world, registry, fleet, web, spoil):
    here = world(fleet)
    here.step()
    clone = here.places[0].folder
    match spoil:
        case "HEAD":
            (clone / "HEAD").write_text("nonsense")
        case "objects":
            shutil.rmtree(clone / "objects")
        case "config":
            (clone / "config").write_text("[nonsense")
        case _:
            shutil.rmtree(clone)
    new = move(registry, "2")
    here.event(web, new)
    here.pass_by(60)
    assert str(new) in fleet.show("deploy/web.yaml")


def test_one_bad_repository_stops_no_other(world, registry, fleet, web, tmp_path):
    bad, empty = Fleet(tmp_path / "git", "bad"), Fleet(tmp_path / "git", "empty")
    bad.stream("web", f"{registry.host}/acme/web:1")
    bad.write(".gitops-streams/config.yaml", "pin: nonsense\n")
    bad.publish()
    here = world(bad, empty, fleet, workers=1)
    here.step()
    new = move(registry, "2")
    here.event(web, new)
    assert str(new) in fleet.show("deploy/web.yaml")
    assert here.repository("bad").last.outcome is PassOutcome.FAILED
    assert "config.yaml" in here.repository("bad").last.error
    assert here.repository("empty").last.outcome is PassOutcome.FAILED
    # Its configuration is read from Git at each pass: repaired there, it works.
    bad.write(".gitops-streams/config.yaml", "pin: digest\n")
    bad.publish()
    here.pass_by(INTERVAL + 10, stride=100)
    assert f"web@{new}" in bad.show("deploy/web.yaml")


def test_two_processes_settle_it_by_git(world, registry, fleet, web):
    one = world(fleet)
    other = World(one.places[0].folder.parent.parent.parent / "other", [fleet])
    try:
        for here in (one, other):
            here.step()
        new = move(registry, "2")
        for here in (one, other):
            reference = registry.reference("acme/web", "1")
            here.loop.deliver("registry", Accepted((ImagePushed(reference.repository, "1", new),)))
            here.clock.now += 0.25
            here.loop.step(here.clock.now)
        for here in (one, other):
            here.step()
            here.pass_by(20)
        assert str(new) in fleet.show("deploy/web.yaml")
        assert len(fleet.commits()) == 3
    finally:
        assert other.loop.stop(20)


def test_an_answer_from_before_a_commit_does_not_undo_it(world, registry, fleet, web):
    """Somebody else has heard of a push and brought it in; this process only sees that the branch has moved."""
    here = world(fleet)
    other = World(here.places[0].folder.parent.parent.parent / "other", [fleet])
    try:
        for each in (here, other):
            each.step()
            each.pass_by(20)
        new = move(registry, "2")
        other.event(web, new)
        assert str(new) in fleet.show("deploy/web.yaml")
        commits = fleet.commits()
        registry.forget()
        here.loop._repositories.agenda.wanted("fleet", here.clock.now, Trigger.GIT_PUSH)  # noqa: SLF001  as a Git server's event
        here.step()
        assert fleet.commits() == commits
        assert str(new) in fleet.show("deploy/web.yaml")
        assert registry.count() == 1
    finally:
        assert other.loop.stop(20)


def test_a_check_on_demand(world, registry, fleet, web):
    here = world(fleet)
    here.step()
    new = move(registry, "2")
    key = here.tag().key
    assert here.loop.check("fleet", key) is CheckOutcome.QUEUED
    assert here.loop.check("fleet", key) is CheckOutcome.ALREADY_QUEUED
    assert here.loop.check("nowhere", key) is CheckOutcome.UNKNOWN
    here.clock.now += 0.3
    here.step()
    assert str(new) in fleet.show("deploy/web.yaml")


def test_what_is_shown(world, registry, fleet, web):
    here = world(fleet)
    assert here.repository().last is None
    here.step()
    here.pass_by(10)
    shown = here.loop.overview()
    (repository,) = shown.repositories
    assert (repository.name, repository.branch, repository.publish) == ("fleet", "main", "push")
    assert repository.commit == fleet.head()
    (tag,) = repository.tags
    assert tag.state is State.CURRENT
    assert tag.current == tag.latest == Image.build("web", "1").digest
    assert [entry.digest for entry in tag.history] == [tag.current]
    assert tag.history[0].commit == fleet.head()
    assert tag.checked_at < shown.now < tag.next_check
    assert shown.registries[0].host == registry.host
    assert shown.registries[0].requests == registry.count()


def test_what_has_not_changed_is_not_shown_anew(world, registry, fleet, web, tmp_path):
    other = Fleet(tmp_path / "git", "other")
    registry.push("acme/api", "1", Image.build("api", "1"))
    other.stream("api", f"{registry.host}/acme/api:1")
    other.publish()
    here = world(fleet, other)
    here.step()
    here.pass_by(20)
    before = {name: here.repository(name).tags for name in ("fleet", "other")}
    assert all(here.repository(name).tags is tags for name, tags in before.items())
    new = move(registry, "2")
    here.event(web, new)
    assert here.tag().current == new
    assert here.repository("other").tags is before["other"]
    here.pass_by(INTERVAL + 10, stride=100)
    assert here.repository("other").tags[0].checked_at > before["other"][0].checked_at


def test_deliveries_are_counted(world, registry, fleet, web):
    here = world(fleet)
    here.loop.deliver("registry", Accepted((Ping(),)))
    here.loop.deliver("registry", Ignored("a pull"))
    here.loop.deliver("registry", Refused("forged", 401))
    (receiver,) = here.loop.overview().receivers
    assert (receiver.accepted, receiver.ignored, receiver.refused) == (1, 1, 1)
    assert receiver.last_refusal == "forged"


def test_nothing_begins_after_the_stop(world, registry, fleet, web):
    here = world(fleet)
    here.step()
    assert not here.loop.stopping
    assert here.loop.stop(20)
    assert here.loop.stopping
    assert not here.loop.deliver("registry", Accepted((ImagePushed(web.repository, "1", None),)))
    assert here.loop.check("fleet", here.tag().key) is CheckOutcome.STOPPING


def test_pull_requests_with_a_credential_of_the_service(world, registry, fleet, web, tmp_path, monkeypatch):
    with FakeForge(tmp_path) as forge:
        repository = forge.create_repository("acme/fleet", private=True)
        token = forge.token("machine", kind="pat")
        fleet.write(
            ".gitops-streams/config.yaml",
            f"forge: {{kind: github, url: {forge.url}, apiUrl: {forge.api_url()}, graphqlUrl: {forge.graphql_url}}}\n",
        )
        fleet.publish()
        git(fleet.clone, "push", "--quiet", "--force", str(repository.git.path), "HEAD:main")
        with forge.store.lock:
            repository.sync()
        monkeypatch.setenv("FLEET_TOKEN", token.value)
        monkeypatch.setenv("GITOPS_STREAMS_TOKEN", token.value)
        monkeypatch.setattr(type(fleet), "url", repository.clone_url)
        monkeypatch.setattr(github, "DIALECT", dataclasses.replace(github.DIALECT, change_pause=0.0))
        here = world(fleet, publish="pull-request", credential=GitCredential(SecretPlace(env="FLEET_TOKEN")))
        here.step()
        assert here.repository().last.outcome is PassOutcome.SUCCEEDED, here.repository()
        (pull,) = repository.pulls
        (shown,) = here.repository().pulls
        assert shown.number == pull.number
        assert here.tag().state is State.BEHIND
        new = move(registry, "2")
        here.event(web, new)
        assert str(new) in git(repository.git.path, "show", "gitops-streams/main/all:deploy/web.yaml")
        assert len(repository.pulls) == 1
        # What people do with it is seen by the poll, though no registry says anything.
        git(repository.git.path, "update-ref", "refs/heads/main", "refs/heads/gitops-streams/main/all")
        with forge.store.lock:
            repository.sync()
        here.pass_by(2 * INTERVAL + 10, stride=100)
        assert here.tag().state is State.CURRENT, here.tag()
        assert here.repository().pulls == ()
        clone = here.places[0].folder
        assert not any(token.value in file.read_text(errors="replace") for file in clone.rglob("*") if file.is_file())


def test_what_was_memorised_is_not_needed(world, registry, fleet, web):
    here = world(fleet)
    here.step()
    assert here.loop.stop(20)
    new = move(registry, "2")
    shutil.rmtree(here.places[0].folder)
    again = world(fleet)
    again.step()
    assert str(new) in fleet.show("deploy/web.yaml")


def test_settings_of_registries_that_nobody_has_any_more_are_let_go(world, registry, fleet, web):
    here = world(fleet)
    here.step()
    (before,) = here.pool.all()
    fleet.write(".gitops-streams/config.yaml", "registry: {tries: 1}\n")
    fleet.publish()
    here.pass_by(2 * INTERVAL, stride=100)
    (after,) = here.pool.all()
    assert after is not before
    new = move(registry, "2")
    here.event(web, new)
    assert str(new) in fleet.show("deploy/web.yaml")


def test_a_registry_that_hangs_delays_no_other(world, registry, fleet, web, tmp_path):
    with Registry() as slow:
        slow.push("acme/api", "1", Image.build("api", "1"))
        fleet.stream("api", f"{slow.host}/acme/api:1")
        fleet.publish()
        here = world(fleet)
        here.step()
        here.pass_by(10)
        go_on = threading.Event()
        slow.intercept = lambda _: go_on.wait(30) and None
        try:
            for number in range(20):  # more than there are askers
                reference = slow.reference("acme/api", "1")
                here.loop.deliver("registry", Accepted((ImagePushed(reference.repository, "1", None),), str(number)))
                here.clock.now += 1
                here.loop.step(here.clock.now)
            new = move(registry, "2")
            here.loop.deliver("registry", Accepted((ImagePushed(web.repository, "1", new),)))
            here.clock.now += 1
            deadline = time.monotonic() + 10
            while str(new) not in fleet.show("deploy/web.yaml"):
                here.loop.step(here.clock.now)
                assert time.monotonic() < deadline
                time.sleep(0.02)
        finally:
            go_on.set()
        here.step()


def test_once_does_without_the_extra(fleet, tmp_path):
    program = (
        "import sys; sys.modules |= dict.fromkeys(('starlette', 'uvicorn', 'prometheus_client'));"
        "from gitops_streams.cli import main; main()"
    )
    arguments = ["serve", "--clone", fleet.url, "--state-directory", str(tmp_path / "state")]
    run = [sys.executable, "-c", program, *arguments]
    once = subprocess.run([*run, "--once"], capture_output=True, text=True, check=False, timeout=60)
    assert (once.returncode, "Traceback" in once.stderr) == (1, False), once.stderr  # the remote is empty
    assert "internal" not in once.stderr
    whole = subprocess.run(run, capture_output=True, text=True, check=False, timeout=60)
    assert whole.returncode == 2
    assert "gitops-streams[serve]" in whole.stderr
