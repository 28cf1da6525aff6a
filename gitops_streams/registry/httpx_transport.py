"""Lets any ``httpx`` transport carry our requests: proxies that are spoken to in TLS, and callers' own transports."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

import httpx

from gitops_streams.registry.messages import Broken, Request, Response, Route, TransportError

if TYPE_CHECKING:
    import ssl

    from gitops_streams.registry.proxies import Proxy


class HttpxTransport:
    """Adapts an ``httpx.BaseTransport``. Address rules are not checked here: the transport does the connecting."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def send(self, request: Request, route: Route) -> Response:
        """Return the answer, of whatever status.

        Raises:
            TransportError: no answer came.
        """
        deadline = monotonic() + route.timeout
        timeout = httpx.Timeout(route.timeout, connect=route.connect_timeout)
        outgoing = httpx.Request(
            request.method,
            str(request.url),
            headers=[("Host", request.url.authority), *request.headers],
            content=request.body,
            extensions={"timeout": timeout.as_dict()},
        )
        try:
            answer = self._inner.handle_request(outgoing)
            try:
                return _read(answer, request, deadline)
            finally:
                answer.close()
        except httpx.TimeoutException:
            raise TransportError(Broken.TIMEOUT, "no complete answer in time") from None
        except httpx.ProxyError:
            raise TransportError(Broken.PROXY, "the proxy would not connect") from None
        except httpx.ConnectError:
            raise TransportError(Broken.CONNECT, "no connection") from None
        except httpx.RemoteProtocolError:
            raise TransportError(Broken.PROTOCOL, "the answer is not HTTP") from None
        except httpx.TransportError:
            raise TransportError(Broken.RESET, "the connection broke") from None

    def close(self) -> None:
        """Close the transport within."""
        self._inner.close()


def proxied(proxy: Proxy, to_proxy: ssl.SSLContext, to_server: ssl.SSLContext) -> httpx.HTTPTransport:
    """Make a transport that goes through ``proxy``, with a context for it and one for the server behind it."""
    auth = (proxy.username, proxy.password) if proxy.username else None
    host = f"[{proxy.host}]" if ":" in proxy.host else proxy.host
    via = httpx.Proxy(f"{proxy.scheme}://{host}:{proxy.port}", auth=auth, ssl_context=to_proxy)
    return httpx.HTTPTransport(verify=to_server, proxy=via, trust_env=False)


def _read(answer: httpx.Response, request: Request, deadline: float) -> Response:
    headers: dict[str, list[str]] = {}
    for name, value in answer.headers.multi_items():
        headers.setdefault(name.lower(), []).append(value)
    response = Response(answer.status_code, headers)
    if request.method == "HEAD":
        return response
    body = bytearray()
    # A transport may hand out an answer that it has read already.
    for chunk in [answer.content] if answer.is_stream_consumed else answer.iter_raw():
        body += chunk
        if len(body) > request.max_body:
            if not request.truncate:
                raise TransportError(Broken.TOO_LARGE, f"the answer is larger than {request.max_body // 1024} KiB")
            break
        if monotonic() > deadline:
            raise TransportError(Broken.TIMEOUT, "no complete answer in time")
    response.body = bytes(body[: request.max_body])
    return response
