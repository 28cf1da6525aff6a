"""Finds the credential for a repository, in a documented order; the first hit counts.

1. our configuration, per host or prefix (names of environment variables and files)
2. ``REGISTRY_AUTH_FILE``; if it is set, nothing further is searched
3. mounted Kubernetes pull secrets (``.dockerconfigjson``, ``.dockercfg``)
4. ``$XDG_RUNTIME_DIR/containers/auth.json``
5. ``$XDG_CONFIG_HOME/containers/auth.json``, ``~/.config/containers/auth.json``
6. ``$DOCKER_CONFIG/config.json``, ``~/.docker/config.json``
7. ``~/.dockercfg``
8. ``GITHUB_TOKEN`` (with ``GITHUB_ACTOR``), for exactly ``ghcr.io``
9. anonymous

Podman's places come before Docker's, as in containers/image (crane reads Docker's first).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_streams.registry.credential_files import AuthFile, FileEntry, HelperEntry, UnreadableFile, read_auth_file
from gitops_streams.registry.credential_helpers import HelperFailed, HelperNotFound, HelperSecret, run_helper
from gitops_streams.registry.settings import HUB_NAMES, CredentialReference, RegistrySettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

GITHUB_REGISTRY = "ghcr.io"
_HUB_KEY = "https://index.docker.io/v1/"
_MAX_SECRET_FILE = 65536


@dataclass(frozen=True, slots=True)
class Credential:
    """What proves who we are to one registry. Its secrets are not shown by ``repr``."""

    source: str
    """Where it comes from, for messages: ``credentials from ~/.docker/config.json``, ``GITHUB_TOKEN``."""
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    """An OAuth2 refresh token, to be exchanged at the token server."""
    registry_token: str = field(default="", repr=False)
    """A bearer token for the registry itself."""
    renewable: bool = False
    """Whether asking again (a helper) may give a fresh one."""


@dataclass(frozen=True, slots=True)
class Anonymous:
    """No credential was found."""

    source: str = "anonymous"


@dataclass(frozen=True, slots=True)
class UnusableCredential:
    """The configuration names a credential that is not there; going on without it would hide the mistake."""

    reason: str


Found = Credential | Anonymous | UnusableCredential


class CredentialStore:
    """Answers which credential a repository has; files are read once, helpers run once per host until forgotten."""

    def __init__(self, settings: RegistrySettings, environment: Mapping[str, str], home: Path) -> None:
        self._settings = settings
        self._environment = environment
        self._home = home
        self._lock = threading.Lock()
        self._searches: dict[str, threading.Lock] = {}
        self._files: list[AuthFile] | None = None
        self._helpers: dict[tuple[str, str], HelperSecret | HelperNotFound | HelperFailed] = {}
        self._found: dict[tuple[str, str], Found] = {}
        self.warnings: list[str] = []

    def find(self, domain: str, path: str) -> Found:
        """Return the credential for a repository; ``domain`` as in its reference (``docker.io`` for Docker Hub)."""
        key = (domain, path)
        found = self._found.get(key)
        if found is None:
            # One search per host at a time: a helper runs once, and a slow one delays no other host.
            with self._searches.setdefault(domain, threading.Lock()):
                found = self._found.get(key)
                if found is None:
                    found = self._found[key] = self._search(domain, path)
        return found

    def forget(self, domain: str) -> None:
        """Drop what helpers said about a host, because it no longer works (ECR's last 12 hours, Google's one)."""
        with self._searches.setdefault(domain, threading.Lock()):
            for helper in [key for key in list(self._helpers) if key[1] == domain]:
                del self._helpers[helper]
            for repository in [key for key in list(self._found) if key[0] == domain]:
                del self._found[repository]

    def _search(self, domain: str, path: str) -> Found:
        _, settings = self._settings.entry(domain, path)
        if settings.credential is not None:
            return self._configured(settings.credential, domain, path)
        failures: list[str] = []
        for file in self._all_files():
            found = self._in_file(file, domain, path, failures)
            if found is not None:
                return found
        token = self._environment.get("GITHUB_TOKEN")
        if token and domain == GITHUB_REGISTRY and not self._environment.get("REGISTRY_AUTH_FILE"):
            return Credential(
                "GITHUB_TOKEN", username=self._environment.get("GITHUB_ACTOR") or "github", password=token
            )
        return Anonymous("; ".join(["anonymous", *failures]))

    def _in_file(self, file: AuthFile, domain: str, path: str, failures: list[str]) -> Credential | None:
        shown = self._shown(file.path)
        for entry in file.entries(domain, path):
            match entry:
                case FileEntry():
                    return Credential(
                        f"credentials from {shown}",
                        entry.username,
                        entry.password,
                        entry.identity_token,
                        entry.registry_token,
                    )
                case HelperEntry():
                    answer = self._ask_helper(entry.suffix, domain)
                    program = f"docker-credential-{entry.suffix}"
                    if isinstance(answer, HelperSecret):
                        source = f"credentials from {program} ({shown})"
                        if answer.username == "<token>":
                            return Credential(source, identity_token=answer.secret, renewable=True)
                        return Credential(source, answer.username, answer.secret, renewable=True)
                    if isinstance(answer, HelperFailed):
                        failures.append(answer.reason)
        return None

    def _ask_helper(self, suffix: str, domain: str) -> HelperSecret | HelperNotFound | HelperFailed:
        key = (suffix, domain)
        answer = self._helpers.get(key)
        if answer is None:
            server = _HUB_KEY if domain in HUB_NAMES else domain
            answer = run_helper(suffix, server, self._environment, self._settings.timeouts.helper)
            if isinstance(answer, HelperFailed):
                self.warnings.append(f"{domain}: {answer.reason}")
            self._helpers[key] = answer
        return answer

    def _all_files(self) -> list[AuthFile]:
        with self._lock:
            if self._files is None:
                self._files = []
                for path, required in self._places():
                    file = read_auth_file(path)
                    match file:
                        case AuthFile():
                            self._files.append(file)
                        case UnreadableFile() if required or not file.absent:
                            self.warnings.append(f"{self._shown(path)}: {file.reason}")
            return self._files

    def _places(self) -> Iterator[tuple[Path, bool]]:
        """List the files to read, each with whether its absence is worth a warning."""
        environment, home = self._environment, self._home
        if only := environment.get("REGISTRY_AUTH_FILE"):
            yield Path(only), True
            return
        for mounted in self._settings.mounted_auth_files:
            if mounted.is_dir():
                yield mounted / ".dockerconfigjson", False
                yield mounted / ".dockercfg", False
            else:
                yield mounted, True
        if runtime := environment.get("XDG_RUNTIME_DIR"):
            yield Path(runtime) / "containers" / "auth.json", False
        yield Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "containers" / "auth.json", False
        yield Path(environment.get("DOCKER_CONFIG") or home / ".docker") / "config.json", False
        yield home / ".dockercfg", False

    def _configured(self, reference: CredentialReference, domain: str, path: str) -> Found:
        if reference.auth_file is not None:
            file = read_auth_file(reference.auth_file)
            if isinstance(file, UnreadableFile):
                return UnusableCredential(f"{self._shown(reference.auth_file)}: {file.reason}")
            failures: list[str] = []
            found = self._in_file(file, domain, path, failures)
            missing = failures[0] if failures else f"it has no credential for {domain}"
            return found or UnusableCredential(f"{self._shown(reference.auth_file)}: {missing}")
        sources: list[str] = []
        values: list[str] = []
        for variable, place in (
            (reference.username_env, None),
            (reference.password_env, reference.password_file),
            (reference.identity_token_env, reference.identity_token_file),
        ):
            value = self._value(variable, place, sources)
            if isinstance(value, UnusableCredential):
                return value
            values.append(value)
        username, password, identity_token = values
        if not password and not identity_token:
            return UnusableCredential("the configuration names neither a password nor a token")
        # The user's own name is not part of the label: the place of the secret is what helps.
        return Credential(
            f"credentials from the configuration ({', '.join(sources)})",
            reference.username or username,
            password,
            identity_token,
        )

    def _value(self, variable: str | None, place: Path | None, sources: list[str]) -> str | UnusableCredential:
        if variable is not None:
            value = self._environment.get(variable, "")
            if not value:
                return UnusableCredential(
                    f"the configuration names the environment variable {variable}, which is not set"
                )
            sources.append(variable)
            return value
        if place is None:
            return ""
        sources.append(self._shown(place))
        try:
            with place.open("rb") as stream:
                content = stream.read(_MAX_SECRET_FILE)
            return content.decode().strip()
        except OSError as error:
            return UnusableCredential(f"{self._shown(place)}: {error.strerror or 'it cannot be read'}")
        except UnicodeDecodeError:
            return UnusableCredential(f"{self._shown(place)}: it is not text")

    def _shown(self, path: Path) -> str:
        try:
            return f"~/{path.relative_to(self._home)}"
        except ValueError:
            return str(path)
