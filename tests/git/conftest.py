"""A Git server over HTTP: ``git http-backend`` behind the standard library's server."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

USER, PASSWORD = "bot", "s3cret-t0ken"


class _Backend(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, *_: object) -> None:
        pass

    def _serve(self) -> None:
        server = self.server
        assert isinstance(server, GitServer)
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        authenticated = self.headers.get("Authorization") == expected
        server.requests.append(f"{self.command} {self.path}")
        if len(self.headers.get_all("Authorization", [])) > 1:
            self._answer(400, [], b'Duplicate header: "Authorization"')
            return
        if server.secured and not authenticated:
            self._answer(401, [("WWW-Authenticate", 'Basic realm="git"')], b"")
            return
        if server.moved_to is not None:
            self._answer(301, [("Location", server.moved_to + self.path)], b"")
            return
        if server.broken is not None:
            self._answer(server.broken, [], b"broken\n")
            return
        path, _, query = self.path.partition("?")
        body = self._body()
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_PROJECT_ROOT": str(server.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "REMOTE_USER": USER,
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        done = subprocess.run(["git", "http-backend"], env=environment, input=body, capture_output=True, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = [tuple(line.split(": ", 1)) for line in head.decode().split("\r\n") if ": " in line]
        status = next((int(value.split()[0]) for name, value in headers if name == "Status"), 200)
        self._answer(status, [(name, value) for name, value in headers if name != "Status"], content)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


class GitServer(ThreadingHTTPServer):
    """Serves all repositories below a folder, for reading and writing."""

    daemon_threads = False

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Backend)
        self.root = root
        self.secured = False
        self.broken: int | None = None
        self.moved_to: str | None = None
        self.requests: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def git_server(clone: Path, git: Callable[..., str]) -> Iterator[GitServer]:
    """Serve ``origin.git`` over HTTP and make it the remote of ``clone``."""
    git(clone.parent / "origin.git", "config", "http.receivepack", "true")
    with GitServer(clone.parent) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        git(clone, "remote", "set-url", "origin", f"{server.url}/origin.git")
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
