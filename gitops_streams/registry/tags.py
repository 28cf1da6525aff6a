"""Lists a repository's tags: all pages, each where the last one's ``Link`` says, and sorted by ourselves.

Registries order tags in several ways and page in several more, so a page's address is followed as it is
and never made up. A list that is not whole is a failure: a policy would choose the wrong tag from it.
Source: OCI distribution-spec § Listing tags.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_streams.oci.reference import TAG
from gitops_streams.oci.resolution import Cause, Unresolvable
from gitops_streams.registry.exchange import Answer, Call, Exchange
from gitops_streams.registry.messages import InvalidUrl, parse_url
from gitops_streams.registry.redact import one_line, redacted_url

if TYPE_CHECKING:
    from gitops_streams.oci.reference import Repository
    from gitops_streams.registry.hosts import RegistryHost
    from gitops_streams.registry.messages import Response

_PAGE = 1000
_MAX_PAGES = 1000
_MAX_TAGS = 200_000
_MAX_BODY = 4 << 20
_OK = 200
_LINK = re.compile(r'\s*<([^<>]*)>((?:\s*;\s*[^\s=;,"]+\s*(?:=\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"]*))?)*)\s*(?:,|$)')
_NEXT = re.compile(r';\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next(?=[\s;]|$))', re.IGNORECASE)
_KEEP_N = frozenset({401, 403, 404, 408, 410, 429, 499})
"""Refusals that have nothing to do with the size of the page."""


@dataclass(frozen=True, slots=True)
class TagList:
    """All tags of a repository, in the order of their code points."""

    tags: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    """What was left out of the list, one line each."""


@dataclass(frozen=True, slots=True)
class _Page:
    tags: tuple[str, ...]
    dropped: int
    following: str | None
    """The target of the next page."""


def list_tags(
    exchange: Exchange, host: RegistryHost, repository: Repository, user_agent: str
) -> TagList | Unresolvable:
    """Return all tags of a repository."""
    # Artifactory answers 406 when the manifests' Accept is sent here.
    headers = (("User-Agent", user_agent), ("Accept", "application/json"), ("Accept-Encoding", "identity"))
    subject = f"the tags of {repository.path}"
    first = f"/v2/{repository.path}/tags/list"
    target: str | None = f"{first}?n={_PAGE}"
    seen, tags, dropped = set[str](), set[str](), 0
    while target is not None:
        if target in seen:
            return _bad(host, subject, "its pages lead in a circle")
        seen.add(target)
        if len(seen) > _MAX_PAGES or len(tags) > _MAX_TAGS:
            return _bad(host, subject, f"the list does not end within {_MAX_PAGES} pages or {_MAX_TAGS} tags")
        call = Call(host, repository.path, "GET", target, headers, subject, _MAX_BODY)
        answer = exchange.send(call)
        if isinstance(answer, Unresolvable):
            return answer
        if len(seen) == 1 and _size_refused(answer.response.status):
            # Some registries refuse a page that large (ECR) or any wish at all.
            target = first
            continue
        page = _read_page(answer, call)
        if isinstance(page, Unresolvable):
            return page
        tags.update(page.tags)
        dropped += page.dropped
        target = page.following
    warnings = (f"{host.domain}: {subject}: {dropped} entries that are no tags were left out",) if dropped else ()
    return TagList(tuple(sorted(tags)), warnings)


def _size_refused(status: int) -> bool:
    return 400 <= status < 500 and status not in _KEEP_N  # noqa: PLR2004 - client errors


def next_link(headers: list[str]) -> str | None:
    """Return the target of ``rel=next`` in ``Link`` headers (RFC 8288), unresolved."""
    for header in headers:
        at = 0
        while at < len(header) and (link := _LINK.match(header, at)) is not None:
            if _NEXT.search(link[2]):
                return link[1]
            at = link.end()
    return None


def _read_page(answer: Answer, call: Call) -> _Page | Unresolvable:
    response = answer.response
    if response.status != _OK:
        return answer.refused(call)
    following = _next_target(response, call)
    if isinstance(following, Unresolvable):
        return following
    kind = response.header("content-type").partition(";")[0].strip().lower()
    try:
        document = json.loads(response.body)
    except (ValueError, RecursionError):
        document = None
    listed = document.get("tags", document) if isinstance(document, dict) else document
    if listed is None and document is not None:  # GHCR: a repository with untagged images only
        return _Page((), 0, following)
    if not isinstance(listed, list) or listed is document:
        what = one_line(kind, 60) or "no media type"
        return _bad(call.host, call.subject, f"200 OK, but the answer is no tag list ({what})")
    tags = tuple(tag for tag in listed if isinstance(tag, str) and TAG.fullmatch(tag))
    return _Page(tags, len(listed) - len(tags), following)


def _next_target(response: Response, call: Call) -> str | Unresolvable | None:
    link = next_link([header[:8192] for header in response.headers.get("link", [])])
    if link is None:
        return None
    url = call.host.url(call.target)
    target = parse_url(link, url)
    if isinstance(target, InvalidUrl):
        return _bad(call.host, call.subject, f"the next page is not asked for: {target.reason}", Cause.UNSAFE_TARGET)
    if target.origin != url.origin:
        shown = redacted_url(str(target))
        reason = f"the next page is not asked for: {shown} is another host"
        return _bad(call.host, call.subject, reason, Cause.UNSAFE_TARGET)
    return target.target


def _bad(host: RegistryHost, subject: str, reason: str, cause: Cause = Cause.BAD_ANSWER) -> Unresolvable:
    return Unresolvable(cause, f"{host.domain}: {subject}: {reason}")
