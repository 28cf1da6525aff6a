"""Sends one request to a forge, once, over httpx: what comes back is an answer or the reason why there is none."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path

import httpx

from gitops_streams.errors import ForgeError
from gitops_streams.forges.http.answers import Answer, parse
from gitops_streams.forges.http.patience import Clock

CHECK_URL = "check forge.apiUrl: it must be the address of the API, not that of the web pages"

_LARGEST = 16 * 1024 * 1024
_TRY_AGAIN = "check that the forge can be reached from here (HTTPS_PROXY, NO_PROXY), and try again"
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
"""Failures before a byte of the request was sent."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request, without the credential."""

    method: str
    url: str
    doing: str
    """For people."""
    content: bytes | None = field(repr=False)
    repeatable: bool
    """Whether it may be sent again where nobody knows if it was carried out."""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Why there is no answer."""

    why: str
    unsent: bool
    """Whether the request certainly did not reach the forge."""
    passing: bool = True
    """Whether another try may end otherwise."""
    hint: str = _TRY_AGAIN


_UNWRITABLE = NoAnswer(
    "the request cannot be written", unsent=True, passing=False, hint="check the token and forge.apiUrl"
)


class Connection:
    """Connections to one forge, through the environment's proxies."""

    def __init__(
        self,
        forge: str,
        *,
        tls: bool,
        ca_file: Path | None,
        timeout: float,
        clock: Clock,
        transport: httpx.BaseTransport | None,
    ) -> None:
        """Prepare to connect; nothing is sent yet.

        Args:
            forge: its name for people.
            tls: whether certificates are needed at all.
            ca_file: PEM certificates to trust in place of the system's.
            timeout: seconds for one request.
            clock: the time.
            transport: carries the requests in place of sockets and proxies.

        Raises:
            ForgeError: the CA file or the environment's proxy cannot be used.
        """
        self._forge = forge
        self._timeout = timeout
        self._clock = clock
        verify = _trust(forge, ca_file) if tls and transport is None else False
        http = None
        with suppress(httpx.InvalidURL, ValueError, ImportError):  # their text quotes the proxy, maybe with a password
            http = httpx.Client(
                verify=verify,
                timeout=timeout,
                transport=transport,
                follow_redirects=False,
                # A session that a forge starts for us would be a second credential.
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            )
        if http is None:
            raise ForgeError(
                f"{forge}: the proxy that the environment names cannot be used",
                hint="check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY",
            )
        self._http = http

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, request: Outgoing, url: str, headers: Mapping[str, str]) -> Answer | NoAnswer:
        """Send a request once, to ``url``; redirects are answers."""
        try:
            outgoing = self._http.build_request(request.method, url, headers=dict(headers), content=request.content)
        except (httpx.InvalidURL, ValueError, TypeError):
            return _UNWRITABLE
        try:
            answer = self._http.send(outgoing, stream=True)
            try:
                return self._read(answer)
            finally:
                answer.close()
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError, TypeError) as error:
            # Its text is not used anywhere: it may quote a header with the credential in it.
            return _no_answer(error)

    def _read(self, answer: httpx.Response) -> Answer | NoAnswer:
        end = self._clock.monotonic() + self._timeout
        body = bytearray()
        for chunk in answer.iter_bytes():
            body += chunk
            if len(body) > _LARGEST:
                return NoAnswer("the answer is too large", unsent=False, passing=False)
            if self._clock.monotonic() > end:
                return NoAnswer("no complete answer in time", unsent=False)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        try:
            value = parse(bytes(body))
        except ValueError:
            if answer.is_success:
                return NoAnswer("the answer is not JSON", unsent=False, passing=False, hint=CHECK_URL)
            value = None  # an error page of something in between
        return Answer(answer.status_code, headers, value, self._forge, size=len(body))


def _no_answer(error: Exception) -> NoAnswer:
    unsent = isinstance(error, _UNSENT)
    match error:
        case httpx.TimeoutException():
            return NoAnswer("no answer in time", unsent)
        case httpx.ProxyError():
            return NoAnswer("the proxy would not connect", unsent, hint="check HTTPS_PROXY, HTTP_PROXY and NO_PROXY")
        case httpx.ConnectError() if _caused_by_tls(error):
            return NoAnswer(
                "the certificate is not trusted, or it does not speak TLS",
                unsent,
                passing=False,
                hint="set forge.caFile (or SSL_CERT_FILE) to your certificates",
            )
        case httpx.ConnectError():
            return NoAnswer("no connection", unsent)
        case httpx.LocalProtocolError():
            return _UNWRITABLE
        case httpx.InvalidURL() | httpx.UnsupportedProtocol():
            # httpx reads where a redirect leads even where it is not to follow.
            return NoAnswer("it is redirected to what cannot be read", unsent, passing=False, hint=CHECK_URL)
        case httpx.RemoteProtocolError() | httpx.DecodingError():
            return NoAnswer("the answer is not HTTP, or it broke off", unsent)
        case _:
            return NoAnswer("the connection broke", unsent)


def _caused_by_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _trust(forge: str, ca_file: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        why = error.strerror or "it is no usable PEM file"
        raise ForgeError(f"{forge}: the CA file {ca_file} cannot be used: {why}", hint="check forge.caFile") from None
    if ca_file is None and not os.environ.get("SSL_CERT_DIR") and not context.cert_store_stats()["x509_ca"]:
        # Pythons from python.org bring an OpenSSL that knows no system store.
        import certifi  # noqa: PLC0415 - needed where the system has no store only

        context.load_verify_locations(cafile=certifi.where())
    return context
