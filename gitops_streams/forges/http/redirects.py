"""Where a redirect leads, which must be the same place: it gets the credential and the body."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from gitops_streams.forges.http.answers import Answer
from gitops_streams.forges.http.connection import Outgoing
from gitops_streams.forges.http.refusal import ForgeUnreachable, printable

MOVED = frozenset({301, 302, 303, 307, 308})
"""The statuses of redirects."""
_SAME_METHOD = frozenset({307, 308})


def redirected(forge: str, asked: Outgoing, url: str, answer: Answer) -> str:
    """Return where a redirect leads.

    Args:
        forge: its name, for people.
        asked: the request.
        url: where it was sent last.
        answer: the redirect.

    Raises:
        ForgeUnreachable: it leads to another origin, or wants another method than was asked with.
    """
    try:
        target = urljoin(url, answer.headers.get("location", ""))
        same = _origin(target) == _origin(url)
    except ValueError:
        target, same = "", False
    if not same:
        raise ForgeUnreachable(
            f"{forge}: {asked.doing} is redirected to {_place(target)}, which was not asked",
            hint="if that is the forge, set forge.apiUrl to it",
        )
    if asked.method != "GET" and answer.status not in _SAME_METHOD:
        raise ForgeUnreachable(
            f"{forge}: {asked.doing} is redirected (HTTP {answer.status})",
            hint="if the repository was renamed, set forge.repository to its new name",
        )
    return target


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _place(url: str) -> str:
    parts = urlsplit(url)
    return printable(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}") if parts.netloc else "nowhere"
