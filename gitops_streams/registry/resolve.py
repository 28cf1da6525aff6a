"""From a tag to its digest: ``HEAD`` first, and ``GET`` only where the registry leaves no other way.

A ``GET`` costs a pull of a registry's quota, so it is sent for exactly these answers to the ``HEAD``: 400, 404,
405; a success without a valid ``Docker-Content-Digest`` or of an unknown media type. Never for 401, 403 and 429.
The digest is the index's where the tag points at one: it is the same on every machine. Source: OCI
distribution-spec § Pulling manifests.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from gitops_streams.errors import InvalidReference
from gitops_streams.oci import manifest
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.manifest import Descriptor, NoSuchPlatform, NotAnIndex
from gitops_streams.oci.resolution import Cause, Method, Resolution, Resolved, Unresolvable
from gitops_streams.registry.exchange import Answer, Call, Exchange
from gitops_streams.registry.redact import one_line
from gitops_streams.registry.settings import RegistrySettings, VerifyDigest

if TYPE_CHECKING:
    from gitops_streams.oci.platform import Platform
    from gitops_streams.oci.reference import Repository
    from gitops_streams.registry.hosts import RegistryHost
    from gitops_streams.registry.messages import Response

MAX_MANIFEST = 4 << 20
# A list type left out is dangerous: registries then rewrite an index into its linux/amd64 child, another digest.
# Schema 1 stands last, only to be told about it rather than get a 404.
_ACCEPTED = (
    manifest.OCI_INDEX,
    manifest.DOCKER_LIST,
    manifest.OCI_MANIFEST,
    manifest.DOCKER_MANIFEST,
    manifest.DOCKER_SCHEMA1_SIGNED,
    manifest.DOCKER_SCHEMA1,
)
ACCEPT = ", ".join(_ACCEPTED)
_OK = 200
_GET_AFTER = frozenset({400, 404, 405})
_GENERIC_TYPES = frozenset({"", "application/json", "application/octet-stream", "binary/octet-stream", "text/plain"})
_INDEXES_KEPT = 256


@dataclass(frozen=True, slots=True)
class _Content:
    """A manifest that was fetched; its digest is that of its bytes."""

    digest: Digest
    media_type: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Stated:
    """What a manifest's content says of its own type."""

    media_type: str
    explicit: bool = False
    """Whether its ``mediaType`` says so, not only its shape."""


@dataclass(frozen=True, slots=True)
class _BadType:
    """Content that cannot be taken for a manifest."""

    reason: str
    cause: Cause = Cause.BAD_ANSWER
    hint: str | None = None


class Resolver:
    """Answers questions about tags; keeps only content that its digest names, which never changes."""

    def __init__(self, exchange: Exchange, settings: RegistrySettings, user_agent: str) -> None:
        self._exchange = exchange
        self._settings = settings
        self._headers = (("User-Agent", user_agent), ("Accept", ACCEPT), ("Accept-Encoding", "identity"))
        self._indexes: OrderedDict[tuple[Repository, Digest], tuple[Descriptor, ...]] = OrderedDict()
        self._lock = Lock()

    def resolve(
        self, host: RegistryHost, repository: Repository, tag: str, platforms: tuple[Platform | None, ...]
    ) -> dict[Platform | None, Resolution]:
        """Resolve a tag once, for each of ``platforms`` (``None``: what the tag points at)."""
        top = self._tag(host, repository, tag)
        match top:
            case Unresolvable():
                return dict.fromkeys(platforms, top)
            case _Content():
                resolved = Resolved(top.digest, top.media_type, host.domain, Method.GET)
                body: bytes | None = top.body
            case _:
                resolved, body = top, None
        answers: dict[Platform | None, Resolution] = {}
        for platform in platforms:
            if platform is None or resolved.media_type not in manifest.INDEX_TYPES:
                # A single manifest is what there is; which platform it serves, only its configuration knows.
                answers[platform] = resolved
            else:
                answers[platform] = self._child(host, repository, resolved, body, platform)
        return answers

    def _tag(self, host: RegistryHost, repository: Repository, tag: str) -> Resolved | _Content | Unresolvable:
        target = f"/v2/{repository.path}/manifests/{tag}"
        subject = f"{repository.path}:{tag}"
        answer = self._exchange.send(Call(host, repository.path, "HEAD", target, self._headers, subject))
        if isinstance(answer, Unresolvable):
            return answer
        status = answer.response.status
        if status == _OK:
            found = _from_head(host, answer.response, subject)
            if found is not None:
                return found
        elif status not in _GET_AFTER:
            return answer.refused(self._call(host, repository, target, subject))
        return self._get(host, repository, tag, None)

    def _get(
        self, host: RegistryHost, repository: Repository, reference: str, expected: Digest | None
    ) -> _Content | Unresolvable:
        """Fetch a manifest by tag, or by the digest that it must then have."""
        subject = f"{repository.path}:{reference}" if expected is None else f"{repository.path}@{expected.short}"
        refusal = self._reserve_spent(host, subject)
        if refusal is not None:
            return refusal
        call = self._call(host, repository, f"/v2/{repository.path}/manifests/{reference}", subject)
        answer = self._exchange.send(call)
        if isinstance(answer, Unresolvable):
            return answer
        if answer.response.status != _OK:
            return answer.refused(call)
        return self._checked(host, answer, subject, expected)

    def _call(self, host: RegistryHost, repository: Repository, target: str, subject: str) -> Call:
        return Call(host, repository.path, "GET", target, self._headers, subject, MAX_MANIFEST)

    def _reserve_spent(self, host: RegistryHost, subject: str) -> Unresolvable | None:
        limit = host.gate.rate_limit
        reserve = self._settings.rate_limit_reserve
        if limit is None or limit.remaining is None or limit.remaining >= reserve:
            return None
        return Unresolvable(
            Cause.RATE_LIMITED,
            f"{host.domain}: {subject} needs a GET, which counts as a pull, and only {limit.remaining} are left",
            "wait until the quota is renewed, log in, or lower rateLimitReserve",
        )

    def _checked(
        self, host: RegistryHost, answer: Answer, subject: str, expected: Digest | None
    ) -> _Content | Unresolvable:
        response, body = answer.response, answer.response.body

        def bad(reason: str, hint: str | None = None, cause: Cause = Cause.BAD_ANSWER) -> Unresolvable:
            return Unresolvable(cause, f"{host.domain}: {subject}: {reason} ({answer.tried})", hint)

        encoding = response.header("content-encoding").lower()
        if encoding not in {"", "identity"}:
            return bad(f"its manifest is compressed ({one_line(encoding, 20)}), which was not asked for")
        claimed = expected or _digest_header(response)
        computed = Digest.of(body, claimed.algorithm if claimed is not None else "sha256")
        media_type = _checked_type(_media_type(response), body)
        if media_type in manifest.SCHEMA1_TYPES:
            return _schema1(host, subject)
        lenient = expected is None and self._settings.verify_digest is VerifyDigest.LENIENT
        if claimed is not None and claimed != computed and not lenient:
            return bad(
                f"says that its content is {claimed}, but the content is {computed}",
                "something between here and the registry alters its answers; nothing was pinned",
                Cause.DIGEST_MISMATCH,
            )
        if isinstance(media_type, _BadType):
            return bad(media_type.reason, media_type.hint, media_type.cause)
        return _Content(computed, media_type, body)

    def _child(
        self, host: RegistryHost, repository: Repository, top: Resolved, body: bytes | None, platform: Platform
    ) -> Resolution:
        entries = self._entries(host, repository, top, body)
        if isinstance(entries, Unresolvable):
            return entries
        chosen = manifest.choose(entries, platform)
        if isinstance(chosen, NoSuchPlatform):
            return Unresolvable(
                Cause.NOT_FOUND, f"{host.domain}: {repository.path}: {chosen.reason}", "ask for a platform it has"
            )
        if chosen.media_type not in manifest.MANIFEST_TYPES:
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
            content = self._get(host, repository, str(top.digest), top.digest)
            if isinstance(content, Unresolvable):
                return content
            body = content.body
        entries = manifest.read_index(body)
        if isinstance(entries, NotAnIndex):
            return Unresolvable(Cause.BAD_ANSWER, f"{host.domain}: {repository.path}: {entries.reason}")
        with self._lock:
            self._indexes[key] = entries
            if len(self._indexes) > _INDEXES_KEPT:
                self._indexes.popitem(last=False)
        return entries


def _from_head(host: RegistryHost, response: Response, subject: str) -> Resolved | Unresolvable | None:
    """Read the answer to a ``HEAD``; ``None`` where only a ``GET`` can tell."""
    media_type = _media_type(response)
    if media_type in manifest.SCHEMA1_TYPES:
        return _schema1(host, subject)
    if media_type not in manifest.SUPPORTED_TYPES:
        return None
    digest = _digest_header(response)
    return None if digest is None else Resolved(digest, media_type, host.domain, Method.HEAD)


def _schema1(host: RegistryHost, subject: str) -> Unresolvable:
    return Unresolvable(
        Cause.UNSUPPORTED,
        f"{host.domain}: {subject} is a Docker schema 1 image, which has no stable digest",
        "push the image again with a current tool",
    )


def _media_type(response: Response) -> str:
    return response.header("content-type").partition(";")[0].strip().lower()


def _checked_type(header: str, body: bytes) -> str | _BadType:
    """Return the media type that header and content agree on; it is a supported one, or schema 1."""
    if header in manifest.SCHEMA1_TYPES:
        return header
    stated = _stated_type(body)
    shown = one_line(header, 80) or "no media type"
    if stated is None:
        return _BadType(f"200 OK, but the answer is no manifest ({shown})", hint="check that a registry listens there")
    if header in _GENERIC_TYPES:
        header, shown = stated.media_type, one_line(stated.media_type, 80)
    if header in manifest.SCHEMA1_TYPES:
        return header
    if header not in manifest.SUPPORTED_TYPES:
        return _BadType(f"unsupported media type {shown}", Cause.UNSUPPORTED)
    if stated.explicit and stated.media_type != header:
        return _BadType(f"its manifest says that it is {one_line(stated.media_type, 80)}, its header {header}")
    return header


def _digest_header(response: Response) -> Digest | None:
    text = response.header("docker-content-digest")
    try:
        return Digest.parse(text) if text else None
    except InvalidReference:
        return None


def _stated_type(body: bytes) -> _Stated | None:
    """Return the media type that a manifest states or that its shape tells; ``None`` if it is no manifest."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    stated = document.get("mediaType")
    if isinstance(stated, str) and stated:
        return _Stated(stated, explicit=True)
    if document.get("schemaVersion") == 1:
        return _Stated(manifest.DOCKER_SCHEMA1)
    if isinstance(document.get("manifests"), list):
        return _Stated(manifest.OCI_INDEX)
    if isinstance(document.get("config"), dict) and isinstance(document.get("layers"), list):
        return _Stated(manifest.OCI_MANIFEST)
    return None
