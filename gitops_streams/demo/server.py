"""The sockets and threads of the embedded registry: HTTP/1.1 with keep-alive over a function that answers.

Every connection has a thread; ``close`` ends them all.
"""

from __future__ import annotations

import logging
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import assert_never
from urllib.parse import urlsplit

from gitops_streams.demo.exchange import Answer, Hangup, Request, Response, Stall

_BODY_LIMIT = 256 * 1024 * 1024
_IDLE_SECONDS = 60
_POLL_SECONDS = 0.02
_NO_LINGER = struct.pack("ii", 1, 0)
_log = logging.getLogger(__name__)


class Server(ThreadingHTTPServer):
    """Threads that are joined at the end, and connections that can all be closed."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], handle: Callable[[Request], Answer], tls: ssl.SSLContext | None = None
    ) -> None:
        """Listen and serve.

        Args:
            address: Where to listen; port 0 chooses a free one.
            handle: Answers requests, from many threads at once; must not raise.
            tls: A server context; plain HTTP without one.
        """
        self.answer = handle
        self.scheme = "http" if tls is None else "https"
        self.closing = threading.Event()
        self.accepted = 0
        """How many connections were accepted."""
        self.active = 0
        """How many requests are being answered."""
        self.peak = 0
        """The most that ``active`` has been."""
        self._tls = tls
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._to_reset: set[socket.socket] = set()
        super().__init__(address, _Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(_POLL_SECONDS,), name="embedded registry")
        self._thread.start()

    def server_bind(self) -> None:
        """Bind without HTTPServer's look-up of the host's name, which may ask a name server."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        address, port = self.server_address[:2]
        self.server_name, self.server_port = str(address), port

    @property
    def host(self) -> str:
        """Address and port: ``127.0.0.1:40123``."""
        return f"{self.server_name}:{self.server_port}"

    def get_request(self) -> tuple[socket.socket, object]:
        """Accept; a TLS handshake is left to the connection's own thread."""
        connection, address = self.socket.accept()
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self._lock:
            self.accepted += 1
            self._open.add(connection)
        return connection, address

    def reset(self, connection: socket.socket) -> None:
        """Have a connection end with a reset once its thread is through with it."""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        with self._lock:
            self._to_reset.add(connection)

    def shutdown_request(self, request: socket.socket) -> None:  # type: ignore[override]
        """Close a connection, in an orderly way unless it is to be reset."""
        with self._lock:
            self._open.discard(request)
            abrupt = request in self._to_reset
            self._to_reset.discard(request)
        if abrupt:
            request.close()
        else:
            super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Note what ended a connection: clients that give up are the ordinary case here."""
        _log.debug("connection of %s (%r) ended", client_address, request, exc_info=True)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count a request as being answered for as long as the context lasts."""
        with self._lock:
            self.active += 1
            self.peak = max(self.peak, self.active)
        try:
            yield
        finally:
            with self._lock:
                self.active -= 1

    def close(self) -> None:
        """Stop accepting, close every connection, and wait for every thread. Closing twice is harmless."""
        if self._thread.is_alive():
            self.shutdown()
            self._thread.join()
        self.closing.set()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):  # its client may have closed it
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    """One connection: reads requests, writes answers."""

    server: Server
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = -1

    def answer(self) -> None:
        """Read the rest of the request and write the answer."""
        body = self._read_body()
        if body is None:
            return
        headers = tuple((name, value) for name, value in self.headers.items())
        try:
            urlsplit(self.path)
        except ValueError:
            self._write(Response.error(HTTPStatus.BAD_REQUEST, "UNSUPPORTED", "malformed request target"))
            return
        with self.server.working():
            answer = self.server.answer(Request(self.command, self.path, headers, body, self.server.scheme))
            match answer:
                case Response():
                    self._write(answer)
                case Hangup(sent):
                    self._reset(sent)
                case Stall(seconds, sent):
                    self.wfile.write(sent)
                    self.wfile.flush()
                    self.server.closing.wait(seconds)
                    self._reset(b"")
                case _:
                    assert_never(answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - http.server's naming

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Leave logging to the registry's own log."""

    def _write(self, response: Response) -> None:
        self.send_response_only(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        named = {name.lower() for name in response.headers}
        if (
            "content-length" not in named
            and "transfer-encoding" not in named
            and response.status != HTTPStatus.NO_CONTENT
        ):
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def _reset(self, sent: bytes) -> None:
        self.wfile.write(sent)
        self.wfile.flush()
        self.close_connection = True
        self.server.reset(self.connection)

    def _read_body(self) -> bytes | None:
        """Return the body; ``None`` after refusing one that is malformed or too large."""
        if "chunked" in (self.headers.get("Transfer-Encoding") or "").lower():
            body = self._read_chunks()
        else:
            length = self.headers.get("Content-Length") or "0"
            size = int(length) if length.isdecimal() else _BODY_LIMIT + 1
            body = self.rfile.read(size) if size <= _BODY_LIMIT else None
        if body is None:
            self.close_connection = True
            self._write(Response.error(HTTPStatus.BAD_REQUEST, "SIZE_INVALID", "malformed or oversized body"))
        return body

    def _read_chunks(self) -> bytes | None:
        """Read a chunked body (RFC 9112 § 7.1), which is how container tools upload layers."""
        body = bytearray()
        while True:
            try:
                size = int(self.rfile.readline(1024).partition(b";")[0], 16)
            except ValueError:
                return None
            if size < 0 or len(body) + size > _BODY_LIMIT:
                return None
            if size == 0:
                break
            body += self.rfile.read(size)
            self.rfile.readline(1024)
        while self.rfile.readline(65536).strip():
            pass
        return bytes(body)
