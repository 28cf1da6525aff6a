"""Clients that hold connections and never get to the point."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time

import pytest
from serve_world import Service
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from gitops_streams.serve import patience
from gitops_streams.serve.server import Server


async def much(request):
    return PlainTextResponse("x" * 20_000_000)


go_on = threading.Event()


def wait(request):
    go_on.wait(10)
    return PlainTextResponse("waited")


async def answer(request):
    await request.body()
    return PlainTextResponse("answered")


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(patience, "HEAD_SECONDS", 1.0)
    monkeypatch.setattr(patience, "WHOLE_SECONDS", 1.5)
    monkeypatch.setattr(patience, "MOST_SILENT", 20)
    go_on.clear()
    running = Server("127.0.0.1", 0, 5)
    routes = [Route("/", answer, methods=["GET", "POST"]), Route("/much", much), Route("/wait", wait)]
    running.start(Starlette(routes=routes))
    yield running
    running.stop()


def opened(server):
    return socket.create_connection(("127.0.0.1", server.port), timeout=10)


def ends(connection, seconds=5.0):
    """Whether the other side closes the connection."""
    connection.settimeout(seconds)
    try:
        while connection.recv(65536):
            pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


def get(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", "/")
        return connection.getresponse().read()


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GET / HT",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHo",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\nPOST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
    ],
    ids=["nothing", "part of a head", "part of a body", "part of a second head", "part of a second body"],
)
def test_whoever_does_not_get_to_the_point_is_hung_up_on(server, said):
    with opened(server) as connection:
        connection.sendall(said)
        assert ends(connection, 4.0)
    assert get(server) == b"answered"


def test_a_byte_now_and_then_is_not_enough(server):
    with opened(server) as connection:
        began = time.monotonic()
        with contextlib.suppress(OSError):
            for byte in b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100:
                connection.sendall(bytes([byte]))
                time.sleep(0.05)
        assert time.monotonic() - began < 4
        assert ends(connection)


def test_an_answer_that_nobody_takes_is_let_go(server):
    with opened(server) as connection:
        connection.sendall(b"GET /much HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(2.5)
        size = 0
        connection.settimeout(5)
        with contextlib.suppress(OSError):
            while part := connection.recv(1 << 20):
                size += len(part)
        assert size < 20_000_000


def test_a_connection_is_kept_for_the_next_request(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    with contextlib.closing(connection):
        for _ in range(4):
            connection.request("POST", "/", b"x" * 100_000)
            assert connection.getresponse().read() == b"answered"
            kept = connection.sock
            time.sleep(0.4)
        assert connection.sock is kept  # 1.2 s after it was opened


def test_a_head_without_an_end_is_refused_before_it_fills_the_memory(server):
    with opened(server) as connection, contextlib.suppress(OSError):
        connection.sendall(b"GET / HTTP/1.1\r\nX: " + b"y" * 5_000_000)
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")
    assert get(server) == b"answered"


def test_many_silent_connections_make_room(server):
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(opened(server)) for _ in range(100)]
        assert get(server) == b"answered"
        assert ends(silent[0], 0.2)


def test_requests_beyond_the_bound_are_refused_and_silent_connections_do_not_count(server, monkeypatch):
    monkeypatch.setattr(patience, "HEAD_SECONDS", 10.0)
    monkeypatch.setattr(patience, "WHOLE_SECONDS", 10.0)
    with contextlib.ExitStack() as stack:
        for _ in range(15):
            stack.enter_context(opened(server))
        asking = []
        for _ in range(5):
            assert get(server) == b"answered"
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
            asking.append(stack.enter_context(contextlib.closing(connection)))
            connection.request("GET", "/wait")
            time.sleep(0.05)
        refused = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        with contextlib.closing(refused):
            refused.request("GET", "/")
            assert refused.getresponse().status == 503
        go_on.set()
        assert [connection.getresponse().read() for connection in asking] == [b"waited"] * 5
        assert get(server) == b"answered"


def test_a_flood_of_connections_keeps_nobody_from_the_page_and_does_not_block_the_stop(serve_file, declared, fleet):
    declared(1)
    with Service("--config", serve_file()) as service, contextlib.ExitStack() as stack:
        service.await_ready()
        port = int(service.page.rpartition(":")[2])
        for number in range(600):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            with contextlib.suppress(OSError):
                connection.sendall(b"GET / HTTP/1.1\r\nX: " if number % 2 else b"")
            if number % 100 == 99:
                assert service.get("/healthz")[0] == 200
        assert service.get("/")[0] == 200
        began = time.monotonic()
        assert service.stop() == 0
        assert time.monotonic() - began < 20
