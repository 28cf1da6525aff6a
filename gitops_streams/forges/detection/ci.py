"""What a CI system says about the forge that it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from gitops_streams.forges.settings import ForgeKind


@dataclass(frozen=True, slots=True)
class CiForge:
    """A forge, as the environment of one of its jobs describes it."""

    kind: ForgeKind
    url: str
    api_url: str | None
    graphql_url: str | None
    repository: str | None
    ssh_host: str | None = None
    """Where its SSH server is called otherwise than its web server."""

    def is_at(self, origin: str, *, ssh: bool) -> bool:
        """Say whether an address is this forge's: the same origin, or the same host where it came from SSH."""
        ours, other = urlsplit(self.url), urlsplit(origin)
        if ssh:
            return other.hostname is not None and other.hostname in {ours.hostname, self.ssh_host}
        return (ours.scheme, ours.hostname, _port(self.url)) == (other.scheme, other.hostname, _port(origin))


def ci_forge(environment: Mapping[str, str]) -> CiForge | None:
    """Read the variables that a job has; ``None`` outside of jobs.

    Sources: GitHub "Variables reference", which Gitea's and Forgejo's runners imitate; GitLab "Predefined CI/CD
    variables"; Bitbucket "Variables and secrets"; Azure "Use predefined variables".
    """
    read = environment.get
    server = read("GITHUB_SERVER_URL")
    if server and _is_web(server):
        imitated = any(read(name) == "true" for name in ("GITEA_ACTIONS", "FORGEJO_ACTIONS"))
        return CiForge(
            ForgeKind.GITEA if imitated else ForgeKind.GITHUB,
            server.rstrip("/"),
            _web(read("GITHUB_API_URL")),
            None if imitated else _web(read("GITHUB_GRAPHQL_URL")),
            read("GITHUB_REPOSITORY") or None,
        )
    server = read("CI_SERVER_URL")
    if server and read("GITLAB_CI") == "true" and _is_web(server):
        return CiForge(
            ForgeKind.GITLAB,
            server.rstrip("/"),
            _web(read("CI_API_V4_URL")),
            None,
            read("CI_PROJECT_PATH") or None,
            read("CI_SERVER_SHELL_SSH_HOST") or None,
        )
    if read("BITBUCKET_BUILD_NUMBER"):
        name = read("BITBUCKET_REPO_FULL_NAME") or None
        return CiForge(ForgeKind.BITBUCKET_CLOUD, "https://bitbucket.org", None, None, name)
    return _azure(environment)


def _azure(environment: Mapping[str, str]) -> CiForge | None:
    collection = environment.get("SYSTEM_COLLECTIONURI", "").rstrip("/")
    if environment.get("TF_BUILD", "").lower() != "true" or not _is_web(collection):
        return None
    if environment.get("BUILD_REPOSITORY_PROVIDER", "TfsGit") != "TfsGit":
        return None  # a pipeline of Azure's for a repository that is elsewhere
    url, _, organization = collection.rpartition("/")
    project, name = environment.get("SYSTEM_TEAMPROJECT"), environment.get("BUILD_REPOSITORY_NAME")
    host = urlsplit(collection).hostname or ""
    if host.endswith(".visualstudio.com"):
        url, organization = "https://dev.azure.com", host.partition(".")[0]
    repository = f"{organization}/{project}/{name}" if project and name else None
    return CiForge(ForgeKind.AZURE_DEVOPS, url, None, None, repository, "ssh.dev.azure.com")


def _web(url: str | None) -> str | None:
    return url.rstrip("/") if url and _is_web(url) else None


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


def _port(url: str) -> int | None:
    parts = urlsplit(url)
    try:
        return parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return None
