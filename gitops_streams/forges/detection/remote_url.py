"""Where a Git remote's URL leads, in all the forms that Git takes (git-clone(1), "GIT URLS"), without its user."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

_SCP = re.compile(r"(?:[^@/:\s]+@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^:/\s@\[\]]+):(?P<path>(?!//|:)\S.*)")
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]")
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")
_SSH = frozenset({"ssh", "git+ssh", "ssh+git"})
_WEB = frozenset({"http", "https"})


@dataclass(frozen=True, slots=True)
class Remote:
    """A remote on another machine, without user and password."""

    scheme: str
    """``https``, ``http`` or ``ssh``."""
    host: str
    """In lower case, without brackets."""
    port: int | None
    """As written; that of SSH says nothing about the web."""
    path: str
    """Without slashes around it and without ``.git``, percent-decoded."""

    @property
    def origin(self) -> str:
        """The address for people: over HTTPS, unless the remote itself is plain HTTP."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        if self.scheme == "ssh":
            return f"https://{host}"
        return f"{self.scheme}://{host}" + (f":{self.port}" if self.port is not None else "")


def parse_remote(url: str) -> Remote | None:
    """Read a remote's URL; ``None`` where it is a local path, or nothing that leads to a forge."""
    url = url.strip()
    if not url.isprintable():
        return None
    if "://" in url:
        return _parse_url(url)
    if _WINDOWS.match(url) or url.startswith(("/", ".", "~")):
        return None
    matched = _SCP.fullmatch(url)
    if matched is None:
        return None
    return _remote("ssh", matched["host"].strip("[]"), None, matched["path"])


def _parse_url(url: str) -> Remote | None:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    scheme = "ssh" if parts.scheme in _SSH else parts.scheme
    if host is None or (scheme != "ssh" and scheme not in _WEB):
        return None
    if port == {"https": 443, "http": 80, "ssh": 22}[scheme]:
        port = None
    return _remote(scheme, host, port, unquote(parts.path))


def _remote(scheme: str, host: str, port: int | None, path: str) -> Remote | None:
    path = path.strip("/").removesuffix(".git").rstrip("/")
    if not path or not _HOST.fullmatch(host) or not path.isprintable():
        return None
    return Remote(scheme, host.lower(), port, path)
