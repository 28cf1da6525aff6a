"""A server that misbehaves as told, a clock that needs no waiting, and clients that are closed afterwards."""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import server_process
import trustme

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Reference
from gitops_streams.oci.resolution import Question
from gitops_streams.registry import HostSettings, RegistryClient, RegistrySettings, Timeouts

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass
class Seen:
    """A request that the server got."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass
class Reply:
    """What to do with a request."""

    status: int = 200
    headers: dict[str, str] | list[tuple[str, str]] = field(default_factory=dict)
    body: bytes = b""
    raw: bytes | None = None
    """These bytes instead of a proper answer; the connection is closed afterwards."""
    reset: bool = False
    """End the connection with RST (after ``raw``, if there is any)."""
    stall: bool = False
    """Say nothing more until the client gives up."""
    drip: float = 0.0
    """Seconds between single bytes."""


class FaultServer:
    """Answers every request as ``answer`` says; keeps what it saw."""

    Reply = Reply

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.answer: Callable[[Seen], Reply] = lambda _: Reply(404)
        self.seen: list[Seen] = []
        self.connections = 0
        self.failures: list[BaseException] = []
        self._tls = tls
        self._stop = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._port = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._port}"

    @property
    def port(self) -> int:
        return self._port

    def count(self, method: str | None = None, prefix: str = "/v2/") -> int:
        return sum(seen.path.startswith(prefix) and method in {None, seen.method} for seen in self.seen)

    def question(self, repository: str = "acme/web", tag: str = "1.4", **more: Any) -> Question:
        return Question(Reference.parse(f"{self.host}/{repository}:{tag}").repository, tag, **more)

    @staticmethod
    def manifest(content: bytes | None = None, *, kind: str = MANIFEST, **headers: str) -> Reply:
        """Make a sound answer; a header given as an empty text is left out."""
        body = content if content is not None else IMAGE
        base = {"Content-Type": kind, "Docker-Content-Digest": digest_of(body)}
        base.update({name.replace("_", "-"): value for name, value in headers.items()})
        return Reply(200, {name: value for name, value in base.items() if value}, body)

    def hang_up(self) -> None:
        """End all connections, as a server does with idle ones."""
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._stop.set()
        # Wakes accept().
        socket.create_connection(("127.0.0.1", self._port)).close()
        self.hang_up()
        for thread in self._threads:
            thread.join(60)
        self._listener.close()
        assert not self.failures, self.failures

    def _accept(self) -> None:
        while not self._stop.is_set():
            connection, _ = self._listener.accept()
            if self._stop.is_set():
                connection.close()
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            self._open.add(connection)
            stream = connection.makefile("rb")
            with stream:
                while not self._stop.is_set() and (seen := _read(stream)) is not None:
                    self.seen.append(seen)
                    reply = self.answer(seen)
                    if not self._reply(connection, seen, reply):
                        return
        except OSError:
            pass
        except BaseException as error:  # noqa: BLE001 - shown when the server is closed
            self.failures.append(error)
        finally:
            self._open.discard(connection)
            connection.close()

    def _reply(self, connection: socket.socket, seen: Seen, reply: Reply) -> bool:
        pairs = list(reply.headers.items()) if isinstance(reply.headers, dict) else list(reply.headers)
        names = {name.lower() for name, _ in pairs}
        if not names & {"content-length", "transfer-encoding"}:
            pairs.append(("Content-Length", str(len(reply.body))))
        head = f"HTTP/1.1 {reply.status} X\r\n" + "".join(f"{name}: {value}\r\n" for name, value in pairs) + "\r\n"
        data = reply.raw if reply.raw is not None else head.encode("latin-1")
        if reply.raw is None and seen.method != "HEAD":
            data += reply.body
        if reply.drip:
            for byte in data:
                connection.sendall(bytes([byte]))
                if self._stop.wait(reply.drip):
                    return False
        elif not (reply.stall and reply.raw is None) and not (reply.reset and reply.raw is None):
            connection.sendall(data)
        if reply.stall:
            self._stop.wait(10)
            return False
        if reply.reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        return reply.raw is None


def _read(stream: Any) -> Seen | None:
    if stream.peek(1)[:1] == b"\x16":  # a TLS handshake: as servers do, end what is not HTTP
        return None
    first = stream.readline().decode("latin-1").split()
    if len(first) != 3:
        return None
    headers = {}
    while (line := stream.readline().decode("latin-1").strip()) != "":
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Seen(first[0], first[1], headers, stream.read(int(headers.get("content-length", "0"))))


IMAGE = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": {}, "layers": []}).encode()


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class FakeClock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now + 1_800_000_000

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.now += seconds


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def fault() -> Iterator[FaultServer]:
    server = FaultServer()
    yield server
    server.close()


@pytest.fixture
def second() -> Iterator[FaultServer]:
    """Another host, as its port differs."""
    server = FaultServer()
    yield server
    server.close()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_fault(authority: trustme.CA) -> Iterator[FaultServer]:
    """A server whose certificate, for 127.0.0.1 and registry.test, ``authority`` has signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "registry.test").configure_cert(context)
    server = FaultServer(context)
    yield server
    server.close()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def make_client(clock: FakeClock, hermetic: Path) -> Iterator[Callable[..., RegistryClient]]:
    """Make clients with short time limits; ``hosts`` and other settings by keyword."""
    clients: list[RegistryClient] = []

    def make(
        *,
        hosts: dict[str, HostSettings] | None = None,
        environment: dict[str, str] | None = None,
        resolver: Any = None,
        transport: Any = None,
        timeouts: Timeouts | None = None,
        **settings: Any,
    ) -> RegistryClient:
        limits = timeouts or Timeouts(connect=5, request=5, helper=5)
        base = RegistrySettings(hosts=hosts or {}, timeouts=limits, certificate_folders=())
        client = RegistryClient(
            replace(base, **settings), environment or {}, hermetic, clock=clock, resolver=resolver, transport=transport
        )
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def image_digest() -> Digest:
    """The digest of what ``FaultServer.manifest`` answers."""
    return Digest.of(IMAGE)


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Return ports that nothing listens on at the moment."""

    return server_process.free_port
