"""Which forge a repository is on: from the configuration, then the CI environment, then the remote's well-known host.

Nothing is guessed from a host's name: an unknown host is asked about, never sent a token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from gitops_streams.forges.detection.ci import ci_forge
from gitops_streams.forges.detection.remote_url import Remote, parse_remote
from gitops_streams.forges.detection.tokens import Destination, TokenPlace, missing_hint, token_place
from gitops_streams.forges.http.refusal import printable
from gitops_streams.forges.settings import ForgeKind, ForgeSettings

_KNOWN = {
    "github.com": ForgeKind.GITHUB,
    "gitlab.com": ForgeKind.GITLAB,
    "codeberg.org": ForgeKind.GITEA,
    "gitea.com": ForgeKind.GITEA,
    "bitbucket.org": ForgeKind.BITBUCKET_CLOUD,
    "dev.azure.com": ForgeKind.AZURE_DEVOPS,
}
_ALIASES = {
    "ssh.github.com": "github.com",
    "www.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
    "ssh.dev.azure.com": "dev.azure.com",
    "vs-ssh.visualstudio.com": "dev.azure.com",
}
"""Other names of well-known hosts, mostly for SSH over port 443."""
_API_PATHS = {
    ForgeKind.GITHUB: "/api/v3",
    ForgeKind.GITLAB: "/api/v4",
    ForgeKind.GITEA: "/api/v1",
    ForgeKind.BITBUCKET_DATA_CENTER: "/rest/api/latest",
    ForgeKind.AZURE_DEVOPS: "",
}
_TWO = frozenset({ForgeKind.GITHUB, ForgeKind.GITEA, ForgeKind.BITBUCKET_CLOUD, ForgeKind.BITBUCKET_DATA_CENTER})
_AZURE_PARTS = 3
_ASK = "set forge.kind and forge.url in the configuration"


@dataclass(frozen=True, slots=True)
class Detected:
    """Where pull requests are opened."""

    kind: ForgeKind
    url: str
    """The address for people, without a slash at its end."""
    api_url: str
    graphql_url: str | None
    """GitHub's only."""
    repository: str
    """As ``ForgeSettings.repository``; each part may hold blanks (Azure), none is ``.`` or ``..``."""
    token: TokenPlace | None
    """Where the token stands; ``None``: nowhere."""
    token_hint: str
    """Where to put one."""


@dataclass(frozen=True, slots=True)
class Undetected:
    """Which forge it is cannot be told."""

    reason: str
    hint: str


def detect(settings: ForgeSettings, remote_url: str | None, environment: Mapping[str, str]) -> Detected | Undetected:
    """Find out which forge a repository is on, without asking anybody.

    Args:
        settings: what is configured wins, field by field.
        remote_url: of the remote that is pushed to, after Git's ``insteadOf``; ``None`` where there is none.
        environment: of the process.
    """
    remote = None if remote_url is None else parse_remote(remote_url)
    origin = _origin(settings, remote)
    ci = ci_forge(environment)
    ssh = settings.url is None and remote is not None and remote.scheme == "ssh"
    here = ci if ci is not None and (origin is None or ci.is_at(origin, ssh=ssh)) else None
    kind = settings.kind or (here.kind if here is not None else None) or _known_kind(origin)
    if kind is None:
        if origin is None:
            return Undetected("the repository has no remote that leads to a forge", f"{_ASK}, and forge.repository")
        return Undetected(f"which forge is at {printable(urlsplit(origin).netloc)} is not known", _ASK)
    url = settings.url or (here.url if here is not None and here.kind is kind else origin)
    if url is None:
        return Undetected("the repository has no remote that leads to a forge", f"{_ASK}, and forge.repository")
    url = url.rstrip("/")
    api_url = settings.api_url or (here.api_url if here is not None and here.kind is kind else None)
    api_url = (api_url or _api_url(kind, url)).rstrip("/")
    graphql_url = settings.graphql_url or (here.graphql_url if here is not None and settings.api_url is None else None)
    if kind is ForgeKind.GITHUB:
        graphql_url = (graphql_url or _graphql_url(api_url)).rstrip("/")
    found = settings.repository or (_repository(kind, remote, url) if remote is not None else None)
    if found is None and remote is None and here is not None:
        found = here.repository
    if found is None or not _is_repository(kind, found):
        return Undetected(
            "the name of the repository cannot be told from the remote's URL",
            "set forge.repository in the configuration",
        )
    to = Destination(kind, url, (api_url,) if graphql_url is None else (api_url, graphql_url), ci)
    place = token_place(settings, to, environment)
    return Detected(kind, url, api_url, graphql_url, found, place, missing_hint(to, environment))


def _origin(settings: ForgeSettings, remote: Remote | None) -> str | None:
    """Return the address for people that is configured, or the remote's; well-known hosts under their own name."""
    if settings.url is not None:
        return settings.url
    if remote is None:
        return None
    if remote.host in _ALIASES:
        return f"https://{_ALIASES[remote.host]}"
    if remote.host.endswith(".visualstudio.com"):
        return "https://dev.azure.com"
    return remote.origin


def _known_kind(origin: str | None) -> ForgeKind | None:
    host = urlsplit(origin).hostname if origin is not None else None
    if host is None:
        return None
    # GitHub Enterprise Cloud with data residency.
    return ForgeKind.GITHUB if host.endswith(".ghe.com") else _KNOWN.get(host)


def _api_url(kind: ForgeKind, url: str) -> str:
    host = urlsplit(url).hostname or ""
    if kind is ForgeKind.BITBUCKET_CLOUD:
        return "https://api.bitbucket.org/2.0"
    if kind is ForgeKind.GITHUB and (host == "github.com" or host.endswith(".ghe.com")):
        return f"https://api.{host}"
    return url + _API_PATHS[kind]


def _graphql_url(api_url: str) -> str:
    """Enterprise Server has REST at ``/api/v3`` and GraphQL at ``/api/graphql``; github.com both below one root."""
    return api_url.removesuffix("/v3") + "/graphql"


def _repository(kind: ForgeKind, remote: Remote, url: str) -> str | None:
    path = remote.path
    prefix = urlsplit(url).path.strip("/")
    if prefix and remote.scheme != "ssh":
        if not path.startswith(f"{prefix}/"):
            return None
        path = path.removeprefix(f"{prefix}/")
    if kind is ForgeKind.BITBUCKET_DATA_CENTER:
        return path.removeprefix("scm/")
    if kind is ForgeKind.AZURE_DEVOPS:
        return _azure_repository(remote, path)
    return path


def _azure_repository(remote: Remote, path: str) -> str | None:
    parts = [part for part in path.split("/") if part]
    if remote.scheme == "ssh" and parts[:1] == ["v3"]:
        return "/".join(parts[1:])
    if remote.host.endswith(".visualstudio.com"):
        parts = [remote.host.partition(".")[0], *(part for part in parts if part != "DefaultCollection")]
    if "_git" not in parts:
        return None
    at = parts.index("_git")
    # A project's first repository has the project's name, and its URL leaves the project out.
    before = parts[:at] if at == _AZURE_PARTS - 1 else [*parts[:at], *parts[at + 1 : at + 2]]
    return "/".join([*before, *parts[at + 1 :]])


def _is_repository(kind: ForgeKind, name: str) -> bool:
    parts = name.split("/")
    if any(part in {"", ".", ".."} or not part.isprintable() for part in parts):
        return False
    if kind is ForgeKind.AZURE_DEVOPS:
        return len(parts) == _AZURE_PARTS
    return len(parts) == 2 if kind in _TWO else len(parts) >= 2  # noqa: PLR2004 - owner and name
