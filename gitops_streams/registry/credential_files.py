"""Reads the files that hold registry credentials: ``config.json``, ``auth.json``, ``.dockercfg``, pull secrets.

Sources: Docker CLI ``config.json``; containers-auth.json(5); Kubernetes "Pull an Image from a
Private Registry" (globs and path prefixes, the longest first).
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitops_streams.registry.settings import HUB_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_MAX_FILE = 1 << 20
_HUB = "docker.io"


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A credential that stands in a file."""

    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    registry_token: str = field(default="", repr=False)

    @property
    def empty(self) -> bool:
        """Whether it proves nothing (``{}`` marks that a helper has the credential)."""
        return not (self.password or self.identity_token or self.registry_token)


@dataclass(frozen=True, slots=True)
class HelperEntry:
    """A file's word that ``docker-credential-<suffix>`` has the credential."""

    suffix: str


@dataclass(frozen=True, slots=True)
class UnreadableFile:
    """A file that gives no credentials."""

    reason: str
    absent: bool = False


@dataclass(frozen=True, slots=True)
class AuthFile:
    """The content of one credential file."""

    path: Path
    auths: Mapping[str, FileEntry] = field(default_factory=dict, repr=False)
    """By ``host[/prefix]``, without scheme and API version; Docker Hub is ``docker.io``."""
    helpers: Mapping[str, str] = field(default_factory=dict)
    """Suffixes of credential helpers by host."""
    store: str = ""
    """The suffix of the helper for all other hosts."""

    def entries(self, domain: str, path: str) -> Iterator[FileEntry | HelperEntry]:
        """Yield what the file offers for a repository, best first; a helper may not have it, so go on then."""
        host = _HUB if domain in HUB_NAMES else domain
        if host in self.helpers:
            yield HelperEntry(self.helpers[host])
        if self.store:
            yield HelperEntry(self.store)
        key = f"{host}/{path}"
        while key:
            entry = self.auths.get(key)
            if entry is not None and not entry.empty:
                yield entry
            key = key.rpartition("/")[0]
        for glob in sorted((key for key in self.auths if "*" in key), key=lambda key: (-len(key), key)):
            if _matches(glob, host, path) and not self.auths[glob].empty:
                yield self.auths[glob]


def read_auth_file(path: Path) -> AuthFile | UnreadableFile:
    """Read a credential file in any of its forms; what it holds is never part of a message."""
    try:
        with path.open("rb") as stream:
            content = stream.read(_MAX_FILE + 1)
    except FileNotFoundError:
        return UnreadableFile("there is no such file", absent=True)
    except NotADirectoryError:
        return UnreadableFile("there is no such file", absent=True)
    except OSError as error:
        return UnreadableFile(error.strerror or "it cannot be read")
    if len(content) > _MAX_FILE:
        return UnreadableFile("it is larger than 1 MiB")
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return UnreadableFile("it is not JSON")
    if not isinstance(document, dict):
        return UnreadableFile("it is not a JSON object")
    auths = document.get("auths")
    if not isinstance(auths, dict):
        # The legacy .dockercfg is the map itself.
        modern = {"auths", "credHelpers", "credsStore"} & document.keys()
        auths = {} if modern else {key: value for key, value in document.items() if isinstance(value, dict)}
    helpers, store = document.get("credHelpers"), document.get("credsStore")
    return AuthFile(
        path,
        {normalised(key): _entry(value) for key, value in auths.items() if isinstance(value, dict)},
        {normalised(key): value for key, value in helpers.items() if isinstance(value, str) and value}
        if isinstance(helpers, dict)
        else {},
        store if isinstance(store, str) else "",
    )


def normalised(key: str) -> str:
    """Return a key as ``host[/prefix]``: no scheme, no ``/v1/`` or ``/v2/``, Docker Hub's aliases as one."""
    key = key.removeprefix("https://").removeprefix("http://").rstrip("/")
    for version in ("/v1", "/v2"):
        key = key.removesuffix(version)
    host, slash, prefix = key.partition("/")
    return f"{_HUB if host in HUB_NAMES else host}{slash}{prefix}"


def _entry(value: dict[str, object]) -> FileEntry:
    def text(name: str) -> str:
        found = value.get(name)
        return found if isinstance(found, str) else ""

    username, password = text("username"), text("password")
    if text("auth"):
        username, password = _decoded(text("auth")) or (username, password)
    identity_token = text("identitytoken")
    if username == "<token>" and not identity_token:
        username, password, identity_token = "", "", password
    return FileEntry(username, password, identity_token, text("registrytoken"))


def _decoded(auth: str) -> tuple[str, str] | None:
    try:
        pair = base64.b64decode(auth.strip() + "=" * (-len(auth.strip()) % 4)).decode()
    except (binascii.Error, ValueError):
        return None
    username, colon, password = pair.partition(":")
    return (username, password.strip("\0")) if colon else None


def _matches(glob: str, host: str, path: str) -> bool:
    """Match as the kubelet does: label by label, ports equal, the path a prefix."""
    wanted_host, _, prefix = glob.partition("/")
    wanted_name, _, wanted_port = wanted_host.partition(":")
    name, _, port = host.partition(":")
    wanted, labels = wanted_name.split("."), name.split(".")
    if wanted_port != port or len(wanted) != len(labels):
        return False
    if not all(_label_matches(pattern, label) for pattern, label in zip(wanted, labels, strict=True)):
        return False
    return not prefix or path == prefix or path.startswith(f"{prefix}/")


def _label_matches(pattern: str, label: str) -> bool:
    first, *rest = pattern.split("*")
    if not rest:
        return pattern == label
    if len(label) < len(pattern) - len(rest) or not label.startswith(first) or not label.endswith(rest[-1]):
        return False
    at, end = len(first), len(label) - len(rest[-1])
    for part in rest[:-1]:
        at = label.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True
