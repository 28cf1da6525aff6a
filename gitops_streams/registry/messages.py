"""What goes to a server and what comes back: requests, responses, and the ways in which no response comes."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, urljoin, urlsplit

if TYPE_CHECKING:
    from gitops_streams.registry.addresses import AddressRule
    from gitops_streams.registry.tls import TlsChoice

DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_URL = 8192
_MAX_PORT = 65535


@dataclass(frozen=True, slots=True)
class Url:
    """An absolute HTTP(S) URL in the parts that a request needs."""

    scheme: str
    host: str
    """Lower case; an IPv6 address without brackets."""
    port: int
    target: str = field(repr=False)
    """Path and query, percent-encoded, as the request line carries them. Not shown: a redirect's may be signed."""

    @property
    def authority(self) -> str:
        """``host[:port]``, the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: what must be equal for a secret to stay with a request."""
        return self.scheme, self.host, self.port

    def __str__(self) -> str:
        """The URL as text; it may hold secrets in its query, so print it through ``redact`` only."""
        return f"{self.scheme}://{self.authority}{self.target}"


@dataclass(frozen=True, slots=True)
class InvalidUrl:
    """A URL that is not followed."""

    reason: str


def parse_url(text: str, base: Url | None = None) -> Url | InvalidUrl:
    """Read a server's URL, relative to ``base`` if one is given: http or https, without user information."""
    if len(text) > _MAX_URL:
        return InvalidUrl("the URL is too long")
    if any(char.isspace() or not char.isprintable() for char in text):
        return InvalidUrl("the URL holds blanks or control characters")
    try:
        parts = urlsplit(urljoin(str(base), text) if base is not None else text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return InvalidUrl("the URL cannot be read")
    if parts.scheme not in DEFAULT_PORTS:
        return InvalidUrl("the URL is neither http nor https")
    if "@" in parts.netloc:
        return InvalidUrl("the URL holds user information")
    if not host or not host.isascii() or any(char in host for char in '%\\<>"^`{|}'):
        return InvalidUrl("the URL names no valid host")
    if port is not None and not 0 < port <= _MAX_PORT:
        return InvalidUrl("the URL names no valid port")
    target = quote(parts.path, safe="/%:@!$&'()*+,;=~-._") or "/"
    if parts.query:
        target += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    return Url(parts.scheme, host, port or DEFAULT_PORTS[parts.scheme], target)


@dataclass(frozen=True, slots=True)
class Request:
    """One request and how its answer is to be taken."""

    method: str
    url: Url
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Beside ``Host`` and those that frame the body. Not shown: they may carry a secret."""
    body: bytes | None = field(default=None, repr=False)
    max_body: int = 65536
    """Bytes of the answer's body that are read at most."""
    truncate: bool = False
    """Whether a longer body is cut at ``max_body`` rather than refused."""


@dataclass(frozen=True, slots=True)
class Route:
    """How a request may travel."""

    tls: TlsChoice
    rule: AddressRule
    connect_timeout: float
    timeout: float


@dataclass(slots=True)
class Response:
    """An answer, its body read whole."""

    status: int
    headers: dict[str, list[str]] = field(repr=False)
    """By lower-case name, the values in order."""
    body: bytes = field(default=b"", repr=False)
    peer: str = ""
    """The IP address that answered; empty where a proxy stands in between."""

    def header(self, name: str) -> str:
        """Return the first value of a header (lower-case name), or an empty text."""
        values = self.headers.get(name)
        return values[0] if values else ""


class Broken(Enum):
    """Ways in which no response comes."""

    NAME = auto()
    """The host's name does not exist."""
    CONNECT = auto()
    """No connection: refused, unreachable, name server in trouble."""
    TIMEOUT = auto()
    RESET = auto()
    """The connection ended within the answer."""
    TLS = auto()
    """The handshake or the certificate failed."""
    PROTOCOL = auto()
    """The answer is not HTTP."""
    TOO_LARGE = auto()
    UNSAFE = auto()
    """The address is one that this request must not reach."""
    PROXY = auto()
    """The proxy would not connect."""
    CLOSED = auto()
    """The client was closed meanwhile."""


class TransportError(Exception):
    """No response; ``str()`` is one printable line without secrets."""

    def __init__(self, kind: Broken, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind


class Transport(Protocol):
    """Carries single requests; safe to use from several threads."""

    def send(self, request: Request, route: Route) -> Response:
        """Return the answer, of whatever status.

        Raises:
            TransportError: no answer came.
        """

    def close(self) -> None:
        """Close all connections."""
