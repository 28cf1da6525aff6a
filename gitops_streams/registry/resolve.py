"""From a tag to its digest: ``HEAD`` first, and ``GET`` only where the registry leaves no other way.

A ``GET`` costs a pull of a registry's quota, so it is sent for exactly these answers to the ``HEAD``: 400, 404,
405; a success without a valid ``Docker-Content-Digest`` or of an unknown media type. Never for 401, 403 and 429.
The digest is the index's where the tag points at one: it is the same on every machine. Source: OCI
distribution-spec § Pulling manifests.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

from gitops_streams.oci import media_types
from gitops_streams.oci.resolution import Cause, Method, Resolution, Resolved, Unresolvable
from gitops_streams.registry.content import Content, Contents, digest_header, schema1, stated_type
from gitops_streams.registry.redact import one_line

if TYPE_CHECKING:
    from gitops_streams.oci.digest import Digest
    from gitops_streams.oci.manifest import Descriptor
    from gitops_streams.oci.platform import LegacyChoice, Platform
    from gitops_streams.oci.reference import Repository
    from gitops_streams.registry.exchange import Exchange
    from gitops_streams.registry.hosts import RegistryHost
    from gitops_streams.registry.messages import Response

    Wanted = Platform | LegacyChoice | None

_OK = 200
_GET_AFTER = frozenset({400, 404, 405})
_INDEXES_KEPT = 256


class Resolver:
    """Answers questions about tags; keeps only content that its digest names, which never changes."""

    def __init__(self, exchange: Exchange, contents: Contents) -> None:
        self._exchange = exchange
        self._contents = contents
        self._indexes: OrderedDict[tuple[Repository, Digest], tuple[Descriptor, ...]] = OrderedDict()
        self._lock = Lock()

    def resolve(
        self, host: RegistryHost, repository: Repository, tag: str, platforms: tuple[Wanted, ...]
    ) -> dict[Wanted, Resolution]:
        """Resolve a tag once, for each of ``platforms`` (``None``: what the tag points at)."""
        top = self._tag(host, repository, tag)
        match top:
            case Unresolvable():
                return dict.fromkeys(platforms, top)
            case Content():
                resolved = Resolved(top.digest, top.media_type, host.domain, Method.GET)
                body: bytes | None = top.body
            case _:
                resolved, body = top, None
        answers: dict[Wanted, Resolution] = {}
        for platform in platforms:
            if platform is None or resolved.media_type not in media_types.INDEX_TYPES:
                # A single manifest is what there is; which platform it serves, only its configuration knows.
                answers[platform] = resolved
            else:
                answers[platform] = self._child(host, repository, resolved, body, platform)
        return answers

    def _tag(self, host: RegistryHost, repository: Repository, tag: str) -> Resolved | Content | Unresolvable:
        call = self._contents.head(host, repository, tag)
        answer = self._exchange.send(call)
        if isinstance(answer, Unresolvable):
            return answer
        status = answer.response.status
        if status == _OK:
            found = _from_head(host, answer.response, call.subject)
            if found is not None:
                return found
        elif status not in _GET_AFTER:
            return answer.refused(call)
        return self._contents.manifest(host, repository, tag)

    def _child(
        self,
        host: RegistryHost,
        repository: Repository,
        top: Resolved,
        body: bytes | None,
        platform: Platform | LegacyChoice,
    ) -> Resolution:
        from gitops_streams.oci.manifest import NoSuchPlatform, choose  # noqa: PLC0415  few tags ask for a platform

        entries = self._entries(host, repository, top, body)
        if isinstance(entries, Unresolvable):
            return entries
        chosen = choose(entries, platform)
        if isinstance(chosen, NoSuchPlatform):
            return Unresolvable(
                Cause.NOT_FOUND, f"{host.domain}: {repository.path}: {chosen.reason}", "ask for a platform it has"
            )
        if chosen.media_type not in media_types.MANIFEST_TYPES:
            kind = one_line(chosen.media_type, 80)
            return Unresolvable(
                Cause.UNSUPPORTED, f"{host.domain}: {repository.path}: its entry for {platform} is {kind}, no image"
            )
        return Resolved(chosen.digest, chosen.media_type, host.domain, Method.GET)

    def _entries(
        self, host: RegistryHost, repository: Repository, top: Resolved, body: bytes | None
    ) -> tuple[Descriptor, ...] | Unresolvable:
        key = (repository, top.digest)
        with self._lock:
            if key in self._indexes:
                self._indexes.move_to_end(key)
                return self._indexes[key]
        if body is None:
            content = self._contents.manifest(host, repository, top.digest)
            if isinstance(content, Unresolvable):
                return content
            body = content.body
        from gitops_streams.oci.manifest import NotAnIndex, read_index  # noqa: PLC0415  as above

        entries = read_index(body)
        if isinstance(entries, NotAnIndex):
            return Unresolvable(Cause.BAD_ANSWER, f"{host.domain}: {repository.path}: {entries.reason}")
        with self._lock:
            self._indexes[key] = entries
            if len(self._indexes) > _INDEXES_KEPT:
                self._indexes.popitem(last=False)
        return entries


def _from_head(host: RegistryHost, response: Response, subject: str) -> Resolved | Unresolvable | None:
    """Read the answer to a ``HEAD``; ``None`` where only a ``GET`` can tell."""
    media_type = stated_type(response)
    if media_type in media_types.SCHEMA1_TYPES:
        return schema1(host, subject)
    if media_type not in media_types.SUPPORTED_TYPES:
        return None
    digest = digest_header(response)
    return None if digest is None else Resolved(digest, media_type, host.domain, Method.HEAD)
