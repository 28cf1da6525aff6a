"""Writes where a Git repository is cloned from in one way, however the URL was written."""

from __future__ import annotations

from urllib.parse import unquote

from gitops_streams.forges.detection.remote_url import parse_remote

_AZURE = "dev.azure.com"
_AZURE_SSH = frozenset({"ssh.dev.azure.com", "vs-ssh.visualstudio.com"})
_VISUAL_STUDIO = ".visualstudio.com"
_ALIASES = {"ssh.github.com": "github.com", "altssh.gitlab.com": "gitlab.com", "altssh.bitbucket.org": "bitbucket.org"}
"""Hosts that take SSH on port 443 for another one."""


def clone_location(url: str) -> str | None:
    """Return ``host/path`` in lower case, the same for HTTPS and SSH; ``None`` for what is no remote on a network.

    Ports are left out, since those of SSH and HTTPS differ. It decides whether it is worth looking at a repository,
    nothing else: that two repositories could share a location costs one fetch.
    """
    remote = parse_remote(url)
    if remote is None:
        return None
    host, path = _ALIASES.get(remote.host, remote.host), remote.path.lower()
    segments = path.split("/")
    if host in _AZURE_SSH and segments[0] == "v3":
        segments = segments[1:]
        host = _AZURE
    elif host.endswith(_VISUAL_STUDIO):
        segments = [host.removesuffix(_VISUAL_STUDIO), *(s for s in segments if s != "defaultcollection")]
        host = _AZURE
    if host == _AZURE:
        segments = _azure(segments)
    elif segments[-3:-2] == ["scm"]:
        segments = segments[-2:]  # Bitbucket Data Center's HTTPS, which has a prefix that its SSH has not
    return f"{host}/{'/'.join(segments)}"


def _azure(segments: list[str]) -> list[str]:
    """Return organisation, project and repository; a repository named like its project may leave the project out."""
    # Project names may hold blanks, which are encoded in SSH's form as well.
    segments = [unquote(segment).lower() for segment in segments if segment != "_git"]
    return [*segments, segments[-1]] if len(segments) == 2 else segments  # noqa: PLR2004 - organisation, repository
