"""Connections to registries: opened under an address rule, through a proxy or directly, kept alive and reused."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING

from gitops_streams.registry.addresses import AddressRule, Reach, literal_reach, reach_of
from gitops_streams.registry.http1 import NothingReceived, Reader, encode, exchange
from gitops_streams.registry.messages import Broken, Request, Response, Route, TransportError
from gitops_streams.registry.proxies import Proxy, ProxyRules, UnusableProxy, rules_from
from gitops_streams.registry.redact import one_line
from gitops_streams.registry.tls import SYSTEM_TRUST, TlsChoice, make_context

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    from gitops_streams.registry.messages import Url

    Resolver = Callable[[str, int], list[str]]
    """Names to IP addresses, in the order in which to try them."""
    Key = tuple[str, str, int, TlsChoice]

_IDLE = 16
_PROXY_PATIENCE = 65536


class _Connection:
    """One open connection; used by one thread at a time."""

    __slots__ = ("peer", "reader", "stream")

    def __init__(self, stream: socket.socket, peer: str) -> None:
        self.stream = stream
        self.peer = peer
        self.reader = Reader(stream)


class SocketTransport:
    """Sends requests over pooled HTTP/1.1 connections."""

    def __init__(self, environment: Mapping[str, str], *, resolver: Resolver | None = None) -> None:
        self._environment = environment
        self._resolver = resolver or _addresses
        self._proxies: ProxyRules = rules_from(environment)
        self._idle: dict[Key, list[_Connection]] = {}
        self._open: set[_Connection] = set()
        self._contexts: dict[TlsChoice, ssl.SSLContext] = {}
        self._lock = threading.Lock()
        self._closed = False

    def send(self, request: Request, route: Route) -> Response:
        """Return the answer, of whatever status.

        A kept-alive connection that the server gave up meanwhile is replaced once, unnoticed.

        Raises:
            TransportError: no answer came.
        """
        if self._closed:
            raise TransportError(Broken.CLOSED, "the client was closed")
        deadline = monotonic() + route.timeout
        proxy = self._proxies.proxy_for(request.url) if self._proxies.by_scheme else None
        if isinstance(proxy, UnusableProxy):
            raise TransportError(Broken.PROXY, proxy.reason)
        if proxy is not None and proxy.scheme == "https":
            return self._through_tls_proxy(request, route, proxy)
        encoded = _encode(request, proxy)
        url = request.url
        key = (url.scheme, url.host, url.port, route.tls)
        idle = self._idle.get(key)
        while idle:
            try:
                connection = idle.pop()
            except IndexError:  # another thread was quicker
                break
            if proxy is None and route.rule < Reach.SPECIAL:
                _admit(connection.peer, route.rule, url)
            try:
                return self._exchange(connection, key, request, encoded, deadline)
            except NothingReceived:
                continue
        connection = self._connect(url, route, proxy, deadline)
        return self._exchange(connection, key, request, encoded, deadline)

    def close(self) -> None:
        """Close all connections; requests under way in other threads end with an error."""
        with self._lock:
            self._closed = True
            connections = list(self._open)
            self._open.clear()
            self._idle.clear()
        for connection in connections:
            with suppress(OSError):  # the other side may have closed it
                # Wakes a thread that waits in recv; close() alone would not.
                connection.stream.shutdown(socket.SHUT_RDWR)
            connection.stream.close()

    def _exchange(
        self, connection: _Connection, key: Key, request: Request, encoded: bytes, deadline: float
    ) -> Response:
        keep = False
        try:
            response, keep = exchange(connection.stream, connection.reader, request, encoded, deadline)
        finally:
            if not keep:
                self._drop(connection)
        response.peer = connection.peer
        idle = self._idle.get(key)
        if idle is None:
            idle = self._idle.setdefault(key, [])
        if self._closed or len(idle) >= _IDLE:
            self._drop(connection)
        else:
            idle.append(connection)
        return response

    def _register(self, connection: _Connection) -> None:
        with self._lock:
            if self._closed:
                raise TransportError(Broken.CLOSED, "the client was closed")
            self._open.add(connection)

    def _drop(self, connection: _Connection) -> None:
        with self._lock:
            self._open.discard(connection)
        connection.stream.close()

    def _connect(self, url: Url, route: Route, proxy: Proxy | None, deadline: float) -> _Connection:
        limit = min(deadline, monotonic() + route.connect_timeout)
        if proxy is None:
            stream, peer = self._dial(url.host, url.port, limit, lambda address: _admit(address, route.rule, url))
        else:
            _admit_proxied(url, route.rule)
            stream, _ = self._dial(proxy.host, proxy.port, limit, lambda _: None)
            peer = ""
        try:
            if url.scheme == "https":
                if proxy is not None:
                    _tunnel(stream, url, proxy, limit)
                stream = self._encrypt(stream, url.host, route.tls, limit)
            connection = _Connection(stream, peer)
            self._register(connection)
        except BaseException:
            stream.close()
            raise
        return connection

    def _dial(self, host: str, port: int, limit: float, admit: Callable[[str], None]) -> tuple[socket.socket, str]:
        try:
            addresses = self._resolver(host, port)
        except OSError as error:
            missing = isinstance(error, socket.gaierror) and error.errno in {socket.EAI_NONAME, _EAI_NODATA}
            kind = Broken.NAME if missing else Broken.CONNECT
            raise TransportError(kind, f"the name {one_line(host)} does not resolve: {error.strerror}") from None
        failure = TransportError(Broken.NAME, f"the name {one_line(host)} has no address")
        for position, address in enumerate(addresses):
            admit(address)
            remaining = limit - monotonic()
            if remaining <= 0:
                raise TransportError(Broken.TIMEOUT, "no connection in time")
            # One address that swallows packets must leave time for the next.
            share = remaining if position == len(addresses) - 1 else max(remaining / 2, 0.001)
            try:
                stream = socket.create_connection((address, port), timeout=share)
            except TimeoutError:
                failure = TransportError(Broken.TIMEOUT, "no connection in time")
            except OSError as error:
                failure = TransportError(Broken.CONNECT, f"no connection: {error.strerror or 'unreachable'}")
            else:
                try:
                    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    # What counts is the peer that we have, not what its name resolved to.
                    peer: str = stream.getpeername()[0]
                    admit(peer)
                except OSError:
                    stream.close()
                    failure = TransportError(Broken.CONNECT, "no connection: closed at once")
                    continue
                except BaseException:
                    stream.close()
                    raise
                return stream, peer
        raise failure

    def _encrypt(self, stream: socket.socket, host: str, choice: TlsChoice, limit: float) -> socket.socket:
        import ssl  # noqa: PLC0415 - 15 ms that registries on plain HTTP do not pay

        context = self._context(choice)
        stream.settimeout(max(limit - monotonic(), 0.001))
        try:
            return context.wrap_socket(stream, server_hostname=host)
        except TimeoutError:
            raise TransportError(Broken.TIMEOUT, "no TLS handshake in time") from None
        except ssl.SSLCertVerificationError as error:
            raise TransportError(
                Broken.TLS, f"the certificate is not trusted: {one_line(error.verify_message)}"
            ) from None
        except ssl.SSLError as error:
            raise TransportError(Broken.TLS, f"no TLS handshake: {_tls_reason(error)}") from None
        except OSError as error:
            raise TransportError(Broken.RESET, f"the connection broke: {error.strerror or 'end of stream'}") from None
        except ValueError:
            raise TransportError(Broken.TLS, "the host's name cannot be checked against a certificate") from None

    def _context(self, choice: TlsChoice) -> ssl.SSLContext:
        with self._lock:
            context = self._contexts.get(choice)
            if context is None:
                context = self._contexts[choice] = make_context(choice, self._environment)
            return context

    def _through_tls_proxy(self, request: Request, route: Route, proxy: Proxy) -> Response:
        # TLS within TLS is what httpx is here for.
        from gitops_streams.registry.httpx_transport import HttpxTransport, proxied  # noqa: PLC0415 - rare, 100 ms

        _admit_proxied(request.url, route.rule)
        transport = HttpxTransport(proxied(proxy, self._context(SYSTEM_TRUST), self._context(route.tls)))
        try:
            return transport.send(request, route)
        finally:
            transport.close()


_EAI_NODATA = getattr(socket, "EAI_NODATA", socket.EAI_NONAME)


def _addresses(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _admit(address: str, rule: AddressRule, url: Url) -> None:
    if rule < Reach.SPECIAL and (reach := reach_of(address)) > rule:
        raise TransportError(
            Broken.UNSAFE, f"{one_line(url.host)} is at {address}, a {reach} address, and was not asked"
        )


def _admit_proxied(url: Url, rule: AddressRule) -> None:
    """Check what can be checked when the proxy does the connecting: addresses written as such."""
    reach = literal_reach(url.host)
    if reach is not None and reach > rule:
        raise TransportError(Broken.UNSAFE, f"{one_line(url.host)} is a {reach} address, and was not asked")


def _encode(request: Request, proxy: Proxy | None) -> bytes:
    if proxy is None or request.url.scheme == "https":
        return encode(request)
    return encode(request, target=str(request.url), extra=_proxy_authorization(proxy))


def _proxy_authorization(proxy: Proxy) -> tuple[tuple[str, str], ...]:
    if not proxy.username:
        return ()
    from base64 import b64encode  # noqa: PLC0415 - rare

    pair = f"{proxy.username}:{proxy.password}".encode()
    return (("Proxy-Authorization", "Basic " + b64encode(pair).decode()),)


def _tunnel(stream: socket.socket, url: Url, proxy: Proxy, limit: float) -> None:
    host = f"[{url.host}]" if ":" in url.host else url.host
    head = f"CONNECT {host}:{url.port} HTTP/1.1\r\nHost: {host}:{url.port}\r\n"
    for name, value in _proxy_authorization(proxy):
        head += f"{name}: {value}\r\n"
    # To the reader a CONNECT is a HEAD: what follows the header of the answer is the tunnel.
    probe = Request("HEAD", url, max_body=_PROXY_PATIENCE)
    response, _ = exchange(stream, Reader(stream), probe, (head + "\r\n").encode("latin-1", "replace"), limit)
    if not 200 <= response.status < 300:  # noqa: PLR2004 - success (RFC 9110 § 9.3.6)
        raise TransportError(Broken.PROXY, f"the proxy {proxy.host}:{proxy.port} answered {response.status}")


def _tls_reason(error: ssl.SSLError) -> str:
    return one_line((error.reason or "protocol error").replace("_", " ").lower())
