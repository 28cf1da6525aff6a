"""What a service might know, for tests of its page: every state, hostile text, and as much of it as is asked for."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import uvicorn
from starlette.applications import Starlette

from gitops_streams.oci.digest import Digest
from gitops_streams.serve.access import Access
from gitops_streams.serve.metrics import Metrics
from gitops_streams.serve.overview import (
    CheckOutcome,
    HistoryEntry,
    Overview,
    PassOutcome,
    PassView,
    PullView,
    ReceiverView,
    RegistryView,
    RepositoryView,
    SiteState,
    SiteView,
    State,
    TagView,
)
from gitops_streams.serve.pages.routes import routes
from gitops_streams.streams.model import StreamKey, TagKey

NOW = datetime(2026, 11, 23, 3, 12, 22, tzinfo=UTC)
TOKEN = "a token that nobody guesses"
HOSTILE = "\u202e</script><script>alert(1)</script><img src=//evil.example/x onerror=alert(1)>\"'&\x1b[31m\ud800"
"""Text that tries to turn into an element, to leave an attribute, to write backwards and to colour a terminal."""


def digest(text: str) -> Digest:
    return Digest.of(text.encode())


def key(name: str) -> TagKey:
    """Read ``namespace/stream:tag``."""
    stream, _, tag = name.rpartition(":")
    namespace, _, short = stream.rpartition("/")
    return TagKey(StreamKey(namespace or None, short), tag)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def history(name: str, number: int = 4) -> tuple[HistoryEntry, ...]:
    people = ("Ada Lovelace", "gitops-streams", "Grace Hopper")
    return tuple(
        HistoryEntry(
            digest(f"{name} {each}"),
            name.rpartition(":")[2],
            ago(days=11 * each, hours=5),
            people[each % 3],
            digest(f"commit {each}").encoded[:40],
        )
        for each in range(number)
    )


def view(name: str, state: State = State.CURRENT, **fields: object) -> TagView:
    """Return the view of a stream tag that is used in three places."""
    past = history(name)
    files = ("base/deployment.yaml", "overlays/staging/kustomization.yaml", "overlays/production/kustomization.yaml")
    sites = tuple(
        SiteView(f"apps/{name.rpartition(':')[0]}/{file}", 21, past[0].digest, SiteState.CURRENT) for file in files
    )
    stream, _, tag = name.rpartition(":")
    known = TagView(
        key(name),
        f"registry.acme.example/{stream}:{tag}",
        f"registry.acme.example/{stream}:{tag}",
        state,
        current=past[0].digest,
        latest=past[0].digest,
        since=past[0].when,
        checked_at=ago(minutes=3),
        next_check=NOW + timedelta(minutes=12),
        sites=sites,
        history=past,
        file=f"streams/{stream}.yaml",
        line=12,
    )
    return replace(known, **fields)


def sample() -> Overview:
    """Return something of everything."""
    behind = view("payments/api:1.4", State.BEHIND, reason="the change is not merged yet (1 of 3 sites)")
    behind = replace(
        behind,
        latest=digest("next"),
        sites=(replace(behind.sites[0], digest=digest("old"), state=SiteState.BEHIND), *behind.sites[1:]),
        pull=PullView("payments", "https://forge.acme.example/platform/deploy/pulls/218", 218),
    )
    failing = view(
        "payments/worker:2",
        State.FAILING,
        reason="registry.acme.example answered 401 Unauthorized to HEAD /v2/payments/worker/manifests/2: the "
        "credential of auth.json was refused",
        hint="sign in again with podman login registry.acme.example, or name another credential in the configuration",
        failing_since=ago(hours=2, minutes=20),
        latest=None,
    )
    held = view(
        "web/shop:stable",
        State.HELD,
        reason="held by Grace Hopper until 2026-11-30: the shop is frozen for the sale",
        held_until=NOW + timedelta(days=7),
        latest=digest("newer"),
    )
    pending = view("tools/debug:latest", State.PENDING, reason="no manifest uses it, so its registry is not asked")
    pending = replace(
        pending, current=None, latest=None, since=None, checked_at=None, next_check=None, sites=(), history=()
    )
    deploy = RepositoryView(
        "deploy",
        "https://forge.acme.example/platform/deploy.git",
        "main",
        "pull-request",
        digest("commit").encoded[:40],
        PassView(ago(minutes=3), 1.42, PassOutcome.INCOMPLETE, trigger="poll"),
        ago(minutes=3),
        None,
        NOW + timedelta(minutes=12),
        (
            failing,
            behind,
            held,
            pending,
            *(view(f"web/{name}:1") for name in ("cart", "catalog", "checkout", "search", "shop-admin")),
            view("base/python:3.14", source="quay.io/sclorg/python-314-minimal-with-a-rather-long-name:latest"),
        ),
        (
            PullView("payments", "https://forge.acme.example/platform/deploy/pulls/218", 218),
            PullView(
                "web",
                "https://forge.acme.example/platform/deploy/pulls/209",
                209,
                blocked=True,
                reason="it holds commits of others",
            ),
        ),
        ("apps/legacy/values.yaml: not scanned: it is larger than 16 MiB",),
    )
    edge = RepositoryView(
        "edge-clusters",
        "git@forge.acme.example:platform/edge.git",
        "release/2026.4",
        "push",
        None,
        PassView(
            ago(minutes=1),
            30.2,
            PassOutcome.FAILED,
            "git fetch: could not read from the remote: Connection timed out after 30 s",
            "check that the forge is up, and that its host key is known",
            "webhook",
        ),
        ago(hours=5),
        ago(seconds=4),
        NOW + timedelta(minutes=4),
        (view("edge/gateway:7"), view("edge/dns:7")),
    )
    return Overview(
        (deploy, edge),
        (
            RegistryView(
                "registry.acme.example", 1840, failing_since=ago(hours=2, minutes=20), reason="401 Unauthorized"
            ),
            RegistryView("docker.io", 412, 200, 173, NOW + timedelta(hours=3)),
            RegistryView("quay.io", 96),
        ),
        (
            ReceiverView("harbor-main", "harbor", 214, 12, 0, ago(minutes=7)),
            ReceiverView("github", "github", 90, 3, 2, ago(hours=1), "the signature does not fit"),
            ReceiverView("hub", "docker-hub"),
        ),
        ago(days=6),
        NOW,
        "0.1.0",
        2,
        ago(seconds=1),
    )


def many(number: int) -> Overview:
    """Return so many stream tags in ten repositories, one of ten behind."""
    some = sample()
    repositories = tuple(
        replace(
            some.repositories[0],
            name=f"deploy-{which}",
            tags=tuple(
                view(f"team-{which}/service-{each:05}:1", State.CURRENT if each % 10 else State.BEHIND)
                for each in range(number // 10)
            ),
        )
        for which in range(10)
    )
    return replace(some, repositories=repositories)


def hostile() -> Overview:
    """Return text of somebody who means harm wherever text of others can stand."""
    past = tuple(HistoryEntry(digest(str(each)), HOSTILE, None, HOSTILE, HOSTILE) for each in range(2))
    name = HOSTILE.removesuffix("\ud800")  # which no address can hold, and no name that is read from a file has
    pull = PullView(HOSTILE, f"javascript:alert(1){HOSTILE}", None, blocked=True, reason=HOSTILE)
    tag = TagView(
        TagKey(StreamKey(name, name), name),
        HOSTILE,
        HOSTILE,
        State.FAILING,
        HOSTILE,
        HOSTILE,
        digest("a"),
        digest("b"),
        sites=(SiteView(HOSTILE, 1, None, SiteState.SKIPPED, HOSTILE),),
        history=past,
        pull=pull,
        file=HOSTILE,
    )
    last = PassView(NOW, 1, PassOutcome.FAILED, HOSTILE, HOSTILE, HOSTILE)
    kept = RepositoryView(name, HOSTILE, HOSTILE, HOSTILE, HOSTILE, last, None, None, None, (tag,), (pull,), (HOSTILE,))
    return Overview(
        (kept, replace(kept, name=f"second {name}", last=None)),
        (RegistryView(HOSTILE, 1, failing_since=NOW, reason=HOSTILE),),
        (ReceiverView(HOSTILE, HOSTILE, 1, 1, 1, NOW, HOSTILE),),
        NOW,
        NOW,
        HOSTILE,
        0,
        NOW,
    )


@dataclass
class FakeService:
    """Says what it is given, and remembers what it was asked to check."""

    known: Overview = field(default_factory=sample)
    checked: list[tuple[str, TagKey]] = field(default_factory=list)
    becomes: CheckOutcome = CheckOutcome.QUEUED

    def overview(self) -> Overview:
        return self.known

    def check(self, repository: str, tag: TagKey) -> CheckOutcome:
        self.checked.append((repository, tag))
        return self.becomes


@contextlib.contextmanager
def served(service: FakeService, access: Access | None = None, metrics: Metrics | None = None) -> Iterator[str]:
    """Serve the pages by uvicorn on the loopback, and give their address."""
    application = Starlette(routes=routes(service, metrics or Metrics(process=False), access))
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application, log_config=None, lifespan="off", ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        deadline = time.monotonic() + 30
        while not server.started:
            assert time.monotonic() < deadline, "uvicorn does not start"
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(30)
        listening.close()
