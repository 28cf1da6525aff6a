"""An OCI registry on a loopback port, in memory: what ``gitops-streams demo`` pins from, and what the tests talk to.

It speaks HTTP/1.1 with keep-alive, or HTTPS where it is given a TLS context. Nothing outlives ``close``.
"""

from __future__ import annotations

import ssl
import threading
from collections import Counter
from http import HTTPStatus
from types import TracebackType
from typing import Self

from gitops_streams.demo.access import Access, Open
from gitops_streams.demo.distribution import Distribution
from gitops_streams.demo.exchange import Answer, Intercept, Logged, Request, Response
from gitops_streams.demo.images import Image
from gitops_streams.demo.server import Server
from gitops_streams.demo.store import Store
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Reference


class Registry:
    """The registry, running from construction until ``close``; a context manager.

    ``intercept`` is asked before the registry answers and may answer in its place: with any response, with a
    reset, with silence. It may be replaced at any time, and may call ``answer`` to alter the true response.
    """

    def __init__(
        self,
        *,
        access: Access | None = None,
        intercept: Intercept | None = None,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        """Start on a port of the loopback interface.

        Args:
            access: Who may use it; anybody by default.
            intercept: See the class.
            tls: A server context; plain HTTP without one.
            host: A loopback address.
            port: 0 chooses a free one.
        """
        self.store = Store()
        self.intercept = intercept
        self._distribution = Distribution(self.store, access or Open())
        self._lock = threading.Lock()
        self._log: list[Logged] = []
        self._failures: list[Exception] = []
        self._server = Server((host, port), self._handle, tls)

    @property
    def host(self) -> str:
        """Address and port as references write them: ``127.0.0.1:40123``."""
        return self._server.host

    @property
    def url(self) -> str:
        """The root URL without a trailing slash: ``http://127.0.0.1:40123``."""
        return f"{self._server.scheme}://{self.host}"

    def reference(self, repository: str, tag: str) -> Reference:
        """Return the reference by which clients know a tag here."""
        return Reference.parse(f"{self.host}/{repository}:{tag}")

    def push(self, repository: str, tag: str | None, image: Image) -> Digest:
        """Store an image and point a tag at it, if one is given, without a request."""
        return self.store.put_image(repository, tag, image)

    def answer(self, request: Request) -> Response:
        """Answer as the registry does without ``intercept``."""
        return self._distribution.answer(request)

    @property
    def log(self) -> tuple[Logged, ...]:
        """The requests answered so far, in the order of their answers."""
        with self._lock:
            return tuple(self._log)

    @property
    def statuses(self) -> Counter[tuple[str, int]]:
        """How often each pair of method and status was answered."""
        return Counter((logged.method, logged.status) for logged in self.log)

    @property
    def connections(self) -> int:
        """How many connections were accepted so far."""
        return self._server.accepted

    @property
    def peak(self) -> int:
        """The most requests that were being answered at one moment."""
        return self._server.peak

    def count(self, method: str | None = None, path: str = "") -> int:
        """Return how many requests were answered, of a method if given, with ``path`` somewhere in theirs."""
        return sum(1 for logged in self.log if method in {None, logged.method} and path in logged.path)

    def forget(self) -> None:
        """Empty the log and the peak; the content stays."""
        with self._lock:
            self._log.clear()
        self._server.peak = self._server.active

    def close(self) -> None:
        """Stop: every connection is closed and every thread has ended on return. Closing twice is harmless."""
        self._server.close()

    def __enter__(self) -> Self:
        """Return the running registry."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close, and raise what ``intercept`` raised, if the block itself went well."""
        self.close()
        if error is None and self._failures:
            raise self._failures[0]

    def _handle(self, request: Request) -> Answer:
        """Decide the answer to a request and log it; what fails is kept for ``__exit__`` and answered with 500."""
        try:
            intercept = self.intercept
            answer = (intercept(request) if intercept else None) or self.answer(request)
        except Exception as error:  # noqa: BLE001 - a connection's thread has nobody to raise to
            with self._lock:
                self._failures.append(error)
            answer = Response.error(HTTPStatus.INTERNAL_SERVER_ERROR, "UNKNOWN", "the embedded registry failed")
        status = answer.status if isinstance(answer, Response) else 0
        logged = Logged(Request(request.method, request.target, request.headers, scheme=request.scheme), status)
        with self._lock:
            self._log.append(logged)
        return answer
