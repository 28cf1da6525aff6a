"""What distribution's own registry sends, as it comes over the wire."""

from __future__ import annotations

import json
import queue
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import httpx
import pytest
from server_process import distribution_registry, notifications
from webhook_samples import NOW, SECRET

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Repository
from gitops_streams.serve.event import Accepted, Ignored, ImagePushed, Outcome, Refused
from gitops_streams.serve.senders.receive import receive
from gitops_streams.serve.senders.receiver import Receiver, paths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

RECEIVER = Receiver("real", "distribution", (SECRET,))
_OCI = "application/vnd.oci.image."
_WAIT = 30.0


class Heard:
    """Takes deliveries in and has them read."""

    def __init__(self) -> None:
        self.outcomes: queue.Queue[Outcome] = queue.Queue()
        self.ignored: list[Ignored] = []
        heard = self.outcomes

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                heard.put(receive(RECEIVER, self.headers, body, self.path, now=NOW))  # type: ignore[arg-type]
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()

    def accepted(self) -> Accepted:
        """Wait for the next delivery that says something."""
        while True:
            match self.outcomes.get(timeout=_WAIT):
                case Accepted() as outcome:
                    return outcome
                case Ignored() as outcome:
                    self.ignored.append(outcome)
                case Refused() as outcome:
                    pytest.fail(outcome.reason)


@pytest.fixture
def heard() -> Iterator[Heard]:
    with closing(Heard()) as server:
        yield server


@pytest.fixture
def host(heard: Heard, real_server: Callable[[str], str], tmp_path: Path) -> Iterator[str]:
    """Run a registry that tells ``heard`` of everything, pulls included."""
    section = notifications(f"http://127.0.0.1:{heard.server.server_port}{paths(RECEIVER)[0]}", SECRET)
    with distribution_registry(real_server("docker-registry"), tmp_path, notifications=section) as host:
        yield host


def test_pushes_are_heard_and_pulls_are_not(heard: Heard, host: str) -> None:
    config = b"{}"
    described = {"mediaType": f"{_OCI}config.v1+json", "digest": str(Digest.of(config)), "size": len(config)}
    manifest = json.dumps(
        {"schemaVersion": 2, "mediaType": f"{_OCI}manifest.v1+json", "config": described, "layers": []}
    ).encode()
    types = {"Content-Type": f"{_OCI}manifest.v1+json", "Accept": f"{_OCI}manifest.v1+json"}
    with httpx.Client(base_url=f"http://{host}", trust_env=False) as client:
        upload = client.post("/v2/team/app/blobs/uploads/").headers["Location"]
        put = client.put(
            upload, params={"digest": str(Digest.of(config))} | dict(httpx.URL(upload).params), content=config
        )
        put.raise_for_status()
        for tag in ("v1", "v2"):
            manifests = f"/v2/team/app/manifests/{tag}"
            client.put(manifests, headers=types, content=manifest).raise_for_status()
            client.head(manifests, headers=types).raise_for_status()
            client.get(manifests, headers=types).raise_for_status()
    expected = Repository(host, "team/app")
    deliveries = [heard.accepted(), heard.accepted()]
    assert sorted((event for each in deliveries for event in each.events), key=str) == [
        ImagePushed(expected, "v1", Digest.of(manifest)),
        ImagePushed(expected, "v2", Digest.of(manifest)),
    ]
    assert len({each.delivery for each in deliveries}) == 2
    assert None not in {each.delivery for each in deliveries}
    while not any("“pull”" in each.reason for each in heard.ignored):
        each = heard.outcomes.get(timeout=_WAIT)
        assert isinstance(each, Ignored)
        heard.ignored.append(each)
