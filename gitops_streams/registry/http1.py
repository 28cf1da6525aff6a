"""One HTTP/1.1 exchange on a connected socket, bounded in time and size (RFC 9112).

Written for speed and strictness: a general client costs several times the registry's own work per
``HEAD``, and one that times each ``recv`` apart can be held for hours by a server that drips bytes.
"""

from __future__ import annotations

from time import monotonic
from typing import Protocol

from gitops_streams.registry.messages import Broken, Request, Response, TransportError

_MAX_HEAD = 65536
_MAX_HEADERS = 128
_MAX_INTERIM = 10
_MAX_CHUNK_LINE = 1024
_CHUNK = 65536
_BODYLESS = frozenset({204, 304})
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")


class Stream(Protocol):
    """The part of a socket that an exchange needs."""

    def settimeout(self, value: float | None, /) -> None:
        """Bound the next operations, in seconds."""

    def sendall(self, data: bytes, /) -> None:
        """Send everything."""

    def recv(self, size: int, /) -> bytes:
        """Receive some bytes; none at the end."""


class NothingReceived(TransportError):
    """The connection ended before the first byte of an answer: a kept-alive one that the server had given up."""


def encode(request: Request, *, target: str | None = None, extra: tuple[tuple[str, str], ...] = ()) -> bytes:
    """Return the bytes of a request; ``target`` replaces the URL's (absolute form for a proxy)."""
    url = request.url
    head = f"{request.method} {target or url.target} HTTP/1.1\r\nHost: {url.authority}\r\n"
    for name, value in request.headers + extra:
        if "\r" in value or "\n" in value or "\0" in value:
            raise TransportError(Broken.PROTOCOL, f"the value of the {name} header cannot be sent")
        head += f"{name}: {value}\r\n"
    if request.body is None:
        return (head + "\r\n").encode("latin-1", "replace")
    return (head + f"Content-Length: {len(request.body)}\r\n\r\n").encode("latin-1", "replace") + request.body


class Reader:
    """Reads answers from one connection; keeps what arrived early."""

    __slots__ = ("_buffer", "_stream")

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._buffer = b""

    def response(self, request: Request, deadline: float) -> tuple[Response, bool]:
        """Return the answer to ``request`` and whether the connection can carry another.

        Raises:
            TransportError: time is up, the connection ended, the answer is not HTTP or too large.
        """
        for _ in range(_MAX_INTERIM):
            version, status, headers = self._head(deadline)
            if status >= 200 or status == 101:  # noqa: PLR2004 - final answers begin at 200 (RFC 9110 § 15)
                break
        else:
            raise TransportError(Broken.PROTOCOL, "the server sends interim answers without end")
        response = Response(status, headers)
        connection = headers.get("connection")
        keep = version == "HTTP/1.1" if connection is None else "close" not in ",".join(connection).lower()
        if request.method == "HEAD" or status in _BODYLESS:
            return response, keep and not self._buffer
        if "transfer-encoding" in headers:
            if [value.strip().lower() for value in headers["transfer-encoding"]] != ["chunked"]:
                raise TransportError(Broken.PROTOCOL, "the answer has an unknown transfer encoding")
            response.body, whole = self._chunked(request, deadline)
        elif "content-length" in headers:
            response.body, whole = self._sized(_content_length(headers["content-length"]), request, deadline)
        else:
            response.body, _ = self._until_end(request, deadline)
            whole = False
        return response, keep and whole and not self._buffer

    def _head(self, deadline: float) -> tuple[str, int, dict[str, list[str]]]:
        buffer, end, fresh = self._buffer, -1, not self._buffer
        while True:
            end = buffer.find(b"\r\n\r\n")
            if end >= 0:
                break
            if len(buffer) > _MAX_HEAD:
                raise TransportError(Broken.TOO_LARGE, "the answer's header is larger than 64 KiB")
            data = self._receive(deadline, fresh=fresh)
            if not data:
                if not buffer:
                    raise NothingReceived(Broken.RESET, "the connection was closed before an answer came")
                raise TransportError(Broken.RESET, "the connection was closed within the answer")
            buffer, fresh = buffer + data if buffer else data, False
        self._buffer = buffer[end + 4 :]
        first, *lines = buffer[:end].decode("latin-1").split("\r\n")
        if len(lines) > _MAX_HEADERS:
            raise TransportError(Broken.TOO_LARGE, "the answer has more than 128 headers")
        version, status = _status_line(first)
        headers: dict[str, list[str]] = {}
        for line in lines:
            name, colon, value = line.partition(":")
            name = name.lower()
            if not colon or not name or not _TOKEN.issuperset(name) or "\n" in value or "\r" in value or "\0" in value:
                raise TransportError(Broken.PROTOCOL, "the answer holds a malformed header")
            value = value.strip(" \t")
            if name in headers:
                headers[name].append(value)
            else:
                headers[name] = [value]
        return version, status, headers

    def _receive(self, deadline: float, *, fresh: bool = False) -> bytes:
        remaining = deadline - monotonic()
        if remaining <= 0:
            raise TransportError(Broken.TIMEOUT, "no complete answer in time")
        try:
            self._stream.settimeout(remaining)
            return self._stream.recv(_CHUNK)
        except TimeoutError:
            raise TransportError(Broken.TIMEOUT, "no complete answer in time") from None
        except OSError as error:
            kind = NothingReceived if fresh else TransportError
            raise kind(Broken.RESET, f"the connection broke: {error.strerror or 'end of stream'}") from None

    def _sized(self, length: int, request: Request, deadline: float) -> tuple[bytes, bool]:
        if length > request.max_body:
            if not request.truncate:
                raise _too_large(request)
            return self._take(request.max_body, deadline), False
        return self._take(length, deadline), True

    def _take(self, size: int, deadline: float) -> bytes:
        parts, have = [self._buffer], len(self._buffer)
        while have < size:
            data = self._receive(deadline)
            if not data:
                raise TransportError(Broken.RESET, "the connection was closed within the answer")
            parts.append(data)
            have += len(data)
        content = b"".join(parts)
        self._buffer = content[size:]
        return content[:size]

    def _until_end(self, request: Request, deadline: float) -> tuple[bytes, bool]:
        parts, have = [self._buffer], len(self._buffer)
        self._buffer = b""
        while have <= request.max_body:
            data = self._receive(deadline)
            if not data:
                return b"".join(parts), True
            parts.append(data)
            have += len(data)
        if not request.truncate:
            raise _too_large(request)
        return b"".join(parts)[: request.max_body], False

    def _chunked(self, request: Request, deadline: float) -> tuple[bytes, bool]:
        body = bytearray()
        while True:
            size = _chunk_size(self._line(deadline))
            if size == 0:
                break
            if len(body) + size > request.max_body:
                if not request.truncate:
                    raise _too_large(request)
                body += self._take(request.max_body - len(body), deadline)
                return bytes(body), False
            body += self._take(size, deadline)
            if self._line(deadline):
                raise TransportError(Broken.PROTOCOL, "the answer has a malformed chunk")
        for _ in range(_MAX_HEADERS):
            if not self._line(deadline):
                return bytes(body), True
        raise TransportError(Broken.TOO_LARGE, "the answer has trailers without end")

    def _line(self, deadline: float) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > _MAX_CHUNK_LINE:
                raise TransportError(Broken.PROTOCOL, "the answer has a malformed chunk")
            data = self._receive(deadline)
            if not data:
                raise TransportError(Broken.RESET, "the connection was closed within the answer")
            self._buffer += data
        line, self._buffer = self._buffer[:end], self._buffer[end + 2 :]
        return line


def exchange(
    stream: Stream, reader: Reader, request: Request, encoded: bytes, deadline: float
) -> tuple[Response, bool]:
    """Send ``encoded``, read the answer, and say whether the connection can carry another.

    Raises:
        TransportError: no answer came.
    """
    try:
        stream.settimeout(max(deadline - monotonic(), 0.001))
        stream.sendall(encoded)
    except TimeoutError:
        raise TransportError(Broken.TIMEOUT, "the request could not be sent in time") from None
    except OSError as error:
        raise NothingReceived(Broken.RESET, f"the connection broke: {error.strerror or 'end of stream'}") from None
    return reader.response(request, deadline)


def _status_line(line: str) -> tuple[str, int]:
    version, _, rest = line.partition(" ")
    code = rest[:3]
    if version not in {"HTTP/1.1", "HTTP/1.0"} or not (code.isascii() and code.isdigit()) or rest[3:4] not in {"", " "}:
        raise TransportError(Broken.PROTOCOL, "the answer is not HTTP")
    return version, int(code)


def _content_length(values: list[str]) -> int:
    distinct = {part.strip() for value in values for part in value.split(",")}
    text = distinct.pop()
    if distinct or not (text.isascii() and text.isdigit()) or len(text) > 15:  # noqa: PLR2004 - below 2**53
        raise TransportError(Broken.PROTOCOL, "the answer has a malformed Content-Length")
    return int(text)


def _chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].strip()
    if not digits or len(digits) > 8 or not set(digits) <= set(b"0123456789abcdefABCDEF"):  # noqa: PLR2004 - 4 GiB
        raise TransportError(Broken.PROTOCOL, "the answer has a malformed chunk")
    return int(digits, 16)


def _too_large(request: Request) -> TransportError:
    return TransportError(Broken.TOO_LARGE, f"the answer is larger than {request.max_body // 1024} KiB")
