"""One look at something a registry has of an image: a manifest, a configuration, a list of referrers, a tag.

What comes back is parsed here, where many threads are; nothing raises because of one look.
Source: OCI distribution-spec § Pulling manifests, § Pulling blobs, § Listing Referrers.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, assert_never

from gitops_streams.oci.config import NotAConfig, ReadConfig, read_config
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.image import Presence
from gitops_streams.oci.manifest import (
    Descriptor,
    ImageManifest,
    Index,
    NotAManifest,
    NotAnIndex,
    read_manifest,
    read_whole_index,
)
from gitops_streams.oci.media_types import INDEX_TYPES
from gitops_streams.oci.reference import Repository
from gitops_streams.oci.resolution import Cause, Unresolvable
from gitops_streams.registry.tags import next_link

if TYPE_CHECKING:
    from gitops_streams.registry.budget import Budget
    from gitops_streams.registry.content import Contents
    from gitops_streams.registry.exchange import Exchange
    from gitops_streams.registry.hosts import RegistryHost

_OK = 200
_NO_API = frozenset({404, 405})
"""What a registry without the referrers API answers: the specification says 404."""
_ABSENT = frozenset({404, 410})


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A repository, and how to speak to its registry."""

    repository: Repository
    insecure: bool = False


class Part(Enum):
    """What is looked at."""

    MANIFEST = auto()
    """A manifest or an index, by its digest."""
    CONFIG = auto()
    """A configuration, by its digest."""
    REFERRERS = auto()
    """The list of what refers to a digest."""
    TAGGED = auto()
    """The manifest or index under a tag."""
    TAG = auto()
    """Whether a tag is there."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """One look. Equal ones are made once."""

    place: Place
    part: Part
    reference: Digest | str
    """A digest; for ``TAGGED`` and ``TAG`` a tag."""


@dataclass(frozen=True, slots=True)
class FoundManifest:
    """A manifest or an index."""

    media_type: str
    content: Index | ImageManifest


@dataclass(frozen=True, slots=True)
class Referrers:
    """What refers to a digest."""

    entries: tuple[Descriptor, ...]
    whole: bool
    """Whether these are all; further pages are not read."""


class NoReferrersApi:
    """The registry has no API for referrers."""

    __slots__ = ()


Finding = FoundManifest | ReadConfig | Referrers | NoReferrersApi | Presence | Unresolvable


class Looker:
    """Makes looks; safe to use from several threads. Remembers which hosts have the referrers API."""

    def __init__(self, exchange: Exchange, contents: Contents) -> None:
        self._exchange = exchange
        self._contents = contents
        self._referrers_api: dict[str, bool] = {}

    def has_referrers_api(self, host: RegistryHost) -> bool | None:
        """Whether a host has the API; ``None`` while nobody knows."""
        return self._referrers_api.get(host.domain)

    def look(self, host: RegistryHost, lookup: Lookup, budget: Budget) -> Finding:
        """Make one look, for which a request was taken from the budget; its retries are taken here."""
        repository, reference = lookup.place.repository, lookup.reference
        match lookup.part:
            case Part.CONFIG if isinstance(reference, Digest):
                return self._config(host, repository, reference, budget)
            case Part.REFERRERS if isinstance(reference, Digest):
                return self._referrers(host, repository, reference, budget)
            case Part.TAG if isinstance(reference, str):
                return self._tag(host, repository, reference, budget)
            case Part.MANIFEST | Part.TAGGED | Part.CONFIG | Part.REFERRERS | Part.TAG:
                return self._manifest(host, repository, reference, budget)
            case _:
                assert_never(lookup.part)

    def _manifest(
        self, host: RegistryHost, repository: Repository, reference: Digest | str, budget: Budget
    ) -> FoundManifest | Presence | Unresolvable:
        found = self._contents.manifest(host, repository, reference, budget.retry)
        if isinstance(found, Unresolvable):
            absent = found.cause is Cause.NOT_FOUND and isinstance(reference, str)
            return Presence.ABSENT if absent else found
        read = read_whole_index(found.body) if found.media_type in INDEX_TYPES else read_manifest(found.body)
        if isinstance(read, NotAnIndex | NotAManifest):
            return _unreadable(host, repository, read.reason)
        return FoundManifest(found.media_type, read)

    def _config(
        self, host: RegistryHost, repository: Repository, digest: Digest, budget: Budget
    ) -> ReadConfig | Unresolvable:
        content = self._contents.config(host, repository, digest, budget.retry)
        if isinstance(content, Unresolvable):
            return content
        read = read_config(content)
        return _unreadable(host, repository, read.reason) if isinstance(read, NotAConfig) else read

    def _referrers(
        self, host: RegistryHost, repository: Repository, digest: Digest, budget: Budget
    ) -> Referrers | NoReferrersApi | Unresolvable:
        if self._referrers_api.get(host.domain) is False:
            budget.give_back()
            return NoReferrersApi()
        call = self._contents.referrers(host, repository, digest, budget.retry)
        answer = self._exchange.send(call)
        if isinstance(answer, Unresolvable):
            return answer
        response = answer.response
        index = read_whole_index(response.body) if response.status == _OK else None
        if isinstance(index, Index):
            self._referrers_api[host.domain] = True
            return Referrers(index.entries, next_link(response.headers.get("link", [])) is None)
        if index is not None or response.status in _NO_API:  # some servers answer what they do not know with a page
            self._referrers_api.setdefault(host.domain, False)
            return NoReferrersApi()
        return answer.refused(call)

    def _tag(self, host: RegistryHost, repository: Repository, tag: str, budget: Budget) -> Presence | Unresolvable:
        call = self._contents.head(host, repository, tag, budget.retry)
        answer = self._exchange.send(call)
        if isinstance(answer, Unresolvable):
            return answer
        if answer.response.status == _OK:
            return Presence.PRESENT
        return Presence.ABSENT if answer.response.status in _ABSENT else answer.refused(call)


def _unreadable(host: RegistryHost, repository: Repository, reason: str) -> Unresolvable:
    return Unresolvable(Cause.BAD_ANSWER, f"{host.domain}: {repository.path}: {reason}")
