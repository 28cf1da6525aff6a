"""What a user can set about registries: values only, checked where they are read (the configuration)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

HUB_NAMES = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io"})
"""Names under which Docker Hub's settings and credentials are filed; references only ever say ``docker.io``."""


class VerifyDigest(StrEnum):
    """What happens when a registry's ``Docker-Content-Digest`` is not the digest of the content it sent."""

    STRICT = "strict"
    """The answer is refused."""
    LENIENT = "lenient"
    """The header is ignored and the computed digest used, as crane does."""


@dataclass(frozen=True, slots=True)
class CredentialReference:
    """Where a registry's credential stands. Names of places only: it never holds the secret itself."""

    username: str | None = None
    """The user name, written out; it is no secret."""
    username_env: str | None = None
    """The environment variable that holds the user name."""
    password_env: str | None = None
    password_file: Path | None = None
    identity_token_env: str | None = None
    """The environment variable that holds an OAuth2 refresh token (``identitytoken`` of a Docker config file)."""
    identity_token_file: Path | None = None
    auth_file: Path | None = None
    """A ``config.json``, ``auth.json`` or mounted pull secret, read for this registry only."""


@dataclass(frozen=True, slots=True)
class HostSettings:
    """What differs for one registry host, or for the repositories below one ``host/prefix``."""

    plain_http: bool | None = None
    """Speak HTTP without TLS. ``None``: only to ``localhost``, ``127.0.0.0/8`` and ``::1``."""
    skip_tls_verify: bool = False
    """Accept any certificate."""
    ca_file: Path | None = None
    """PEM certificates to trust, in place of the system's."""
    client_cert: Path | None = None
    """PEM client certificate; ``client_key`` may stand in the same file."""
    client_key: Path | None = None
    credential: CredentialReference | None = None
    auth_hosts: tuple[str, ...] = ()
    """Hosts that may receive this registry's credential when its challenge names them (``host`` or ``host:port``)."""
    concurrency: int = 4
    """Requests under way to this host at one time."""
    requests_per_second: float | None = None
    allow_private: bool = False
    """Let this registry's realm and redirects lead to loopback and private addresses; link-local ones never."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Bounds in seconds of real time."""

    connect: float = 10.0
    """Until a connection stands, TLS included."""
    request: float = 20.0
    """From the start of one request to the last byte of its answer, however slowly that drips."""
    helper: float = 30.0
    """For one run of a credential helper."""


@dataclass(frozen=True, slots=True)
class RegistrySettings:
    """Everything that the registry client can be told; the defaults need no configuration."""

    hosts: Mapping[str, HostSettings] = field(default_factory=dict)
    """By ``host[:port]`` or ``host[:port]/prefix``; the longest prefix wins, as a whole."""
    default: HostSettings = HostSettings()
    """For hosts without an entry."""
    timeouts: Timeouts = Timeouts()
    tries: int = 3
    """How often one request is sent at most when it fails in a way that may pass."""
    retry_budget: float = 60.0
    """Seconds that one host may spend on waiting for retries; what needs more is left for the next run."""
    verify_digest: VerifyDigest = VerifyDigest.STRICT
    rate_limit_reserve: int = 5
    """A GET that counts as a pull is not sent when the registry says that fewer than these are left."""
    mounted_auth_files: tuple[Path, ...] = ()
    """Mounted Kubernetes pull secrets: ``.dockerconfigjson`` or ``.dockercfg`` files, or folders that hold one."""
    certificate_folders: tuple[Path, ...] = (Path("/etc/containers/certs.d"), Path("/etc/docker/certs.d"))
    """Folders with ``host:port/*.crt`` (trusted) and ``*.cert`` with ``*.key`` (client certificates)."""

    def entry(self, domain: str, path: str = "") -> tuple[str, HostSettings]:
        """Return the key and the settings that apply to a repository (``domain`` as in its reference)."""
        if not self.hosts:
            return domain, self.default
        for name in _aliases(domain):
            key = f"{name}/{path}" if path else name
            while True:
                if key in self.hosts:
                    return key, self.hosts[key]
                if key == name:
                    break
                key = key.rpartition("/")[0]
        return domain, self.default


def _aliases(domain: str) -> tuple[str, ...]:
    return (domain,) if domain not in HUB_NAMES else (domain, *sorted(HUB_NAMES - {domain}))
