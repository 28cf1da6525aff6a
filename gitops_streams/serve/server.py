"""The HTTP server in a thread of its own: uvicorn on a socket that is bound before anything else begins."""

from __future__ import annotations

import socket
import threading

import uvicorn
from starlette.types import ASGIApp

from gitops_streams.errors import UsageError
from gitops_streams.serve.patience import PatientProtocol

_BACKLOG = 128
"""Connections that are taken in at one go. The system has those beyond them wait, and their data is read before they
count as silent."""
_LONGEST_HEAD = 32 * 1024
_START = 15.0


class Server:
    """Serves an application.

    Args:
        host: a name or an address of this machine.
        port: 0 takes any that is free.
        concurrency: requests that are answered at one time; those beyond them get 503, so that memory stays bounded and
            senders try again. With 500, the connections that ask for nothing, and the usual bound of 1,024 files, there
            are enough left for Git.

    Raises:
        UsageError: the address cannot be had.
    """

    def __init__(self, host: str, port: int, concurrency: int = 500) -> None:
        self._concurrency = concurrency
        self._socket = _bound(host, port)
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port that was taken."""
        port: int = self._socket.getsockname()[1]
        return port

    def start(self, application: ASGIApp) -> None:
        """Begin to answer."""
        config = uvicorn.Config(
            application,
            http=PatientProtocol,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="off",
            ws="none",
            backlog=_BACKLOG,
            limit_concurrency=self._concurrency,
            h11_max_incomplete_event_size=_LONGEST_HEAD,
            timeout_graceful_shutdown=5,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name="http", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Answer what has been asked, and end."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(_START)
        self._socket.close()


def _bound(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, place = found[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise UsageError(f"{host}:{port}: {error.strerror}", hint="see --listen") from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(place)
        bound.listen(_BACKLOG)  # who comes before the server has started waits for it
    except OSError as error:
        bound.close()
        raise UsageError(f"{host}:{port} cannot be listened on: {error.strerror}", hint="see --listen") from error
    return bound
