"""Fetches content by its digest, or a manifest by its tag, and takes nothing that is not what its digest says.

A ``GET`` of a manifest counts as a pull of a registry's quota, so none is sent when the registry says that
few are left. Source: OCI distribution-spec § Pulling manifests, § Pulling blobs.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gitops_streams.errors import InvalidReference
from gitops_streams.oci import media_types
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.foreign import parse_object
from gitops_streams.oci.resolution import Cause, Unresolvable
from gitops_streams.registry.exchange import Answer, Call, Exchange
from gitops_streams.registry.redact import one_line
from gitops_streams.registry.settings import RegistrySettings, VerifyDigest

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitops_streams.oci.reference import Repository
    from gitops_streams.registry.hosts import RegistryHost
    from gitops_streams.registry.messages import Response

    MayRetry = Callable[[], bool] | None
    """Asked before each retry, where somebody counts them."""

MAX_MANIFEST = 4 << 20
MAX_CONFIG = 4 << 20
# A list type left out is dangerous: registries then rewrite an index into its linux/amd64 child, another digest.
# Schema 1 stands last, only to be told about it rather than get a 404.
_ACCEPTED = (
    media_types.OCI_INDEX,
    media_types.DOCKER_LIST,
    media_types.OCI_MANIFEST,
    media_types.DOCKER_MANIFEST,
    media_types.DOCKER_SCHEMA1_SIGNED,
    media_types.DOCKER_SCHEMA1,
)
ACCEPT = ", ".join(_ACCEPTED)
_OK = 200
_GENERIC_TYPES = frozenset({"", "application/json", "application/octet-stream", "binary/octet-stream", "text/plain"})


@dataclass(frozen=True, slots=True)
class Content:
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


class Contents:
    """Fetches manifests and configurations, and words the other questions; safe to use from several threads."""

    def __init__(self, exchange: Exchange, settings: RegistrySettings, user_agent: str) -> None:
        self._exchange = exchange
        self._settings = settings
        self._agent = (("User-Agent", user_agent), ("Accept-Encoding", "identity"))
        self._headers = (self._agent[0], ("Accept", ACCEPT), self._agent[1])

    def head(self, host: RegistryHost, repository: Repository, tag: str, may_retry: MayRetry = None) -> Call:
        """Return the question whether a tag is there, and which digest it has."""
        target = f"/v2/{repository.path}/manifests/{tag}"
        subject = f"{repository.path}:{tag}"
        return Call(host, repository.path, "HEAD", target, self._headers, subject, may_retry=may_retry)

    def manifest(
        self, host: RegistryHost, repository: Repository, reference: str | Digest, may_retry: MayRetry = None
    ) -> Content | Unresolvable:
        """Fetch a manifest by tag, or by the digest that it must then have."""
        expected = reference if isinstance(reference, Digest) else None
        subject = f"{repository.path}:{reference}" if expected is None else f"{repository.path}@{expected.short}"
        refusal = self._reserve_spent(host, subject)
        if refusal is not None:
            return refusal
        target = f"/v2/{repository.path}/manifests/{reference}"
        call = Call(host, repository.path, "GET", target, self._headers, subject, MAX_MANIFEST, may_retry=may_retry)
        answer = self._fetched(call)
        return answer if isinstance(answer, Unresolvable) else self._checked(host, answer, subject, expected)

    def config(
        self, host: RegistryHost, repository: Repository, digest: Digest, may_retry: MayRetry = None
    ) -> bytes | Unresolvable:
        """Fetch a configuration; it is a blob, which registries like to keep on another host."""
        subject = f"{repository.path}@{digest.short}, a configuration"
        target = f"/v2/{repository.path}/blobs/{digest}"
        call = Call(host, repository.path, "GET", target, self._agent, subject, MAX_CONFIG, may_retry=may_retry)
        answer = self._fetched(call)
        if isinstance(answer, Unresolvable):
            return answer
        body = answer.response.body
        computed = Digest.of(body, digest.algorithm)
        return body if computed == digest else _altered(host, answer, subject, digest, computed)

    def referrers(self, host: RegistryHost, repository: Repository, digest: Digest, may_retry: MayRetry = None) -> Call:
        """Return the question what refers to a digest."""
        subject = f"the referrers of {repository.path}@{digest.short}"
        target = f"/v2/{repository.path}/referrers/{digest}"
        headers = (*self._agent, ("Accept", media_types.OCI_INDEX))
        return Call(host, repository.path, "GET", target, headers, subject, MAX_MANIFEST, may_retry=may_retry)

    def _fetched(self, call: Call) -> Answer | Unresolvable:
        answer = self._exchange.send(call)
        if isinstance(answer, Unresolvable):
            return answer
        if answer.response.status != _OK:
            return answer.refused(call)
        encoding = answer.response.header("content-encoding").lower()
        if encoding not in {"", "identity"}:
            shown = one_line(encoding, 20)
            return _bad(
                call.host, answer, call.subject, f"its content is compressed ({shown}), which was not asked for"
            )
        return answer

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
    ) -> Content | Unresolvable:
        response, body = answer.response, answer.response.body
        claimed = expected or digest_header(response)
        computed = Digest.of(body, claimed.algorithm if claimed is not None else "sha256")
        media_type = _checked_type(stated_type(response), body)
        if media_type in media_types.SCHEMA1_TYPES:
            return schema1(host, subject)
        lenient = expected is None and self._settings.verify_digest is VerifyDigest.LENIENT
        if claimed is not None and claimed != computed and not lenient:
            return _altered(host, answer, subject, claimed, computed)
        if isinstance(media_type, _BadType):
            failure = _bad(host, answer, subject, media_type.reason)
            return replace(failure, cause=media_type.cause, hint=media_type.hint)
        return Content(computed, media_type, body)


def stated_type(response: Response) -> str:
    """Return the media type that an answer's header states, without parameters."""
    return response.header("content-type").partition(";")[0].strip().lower()


def digest_header(response: Response) -> Digest | None:
    """Return ``Docker-Content-Digest``; ``None`` where it is missing or no digest."""
    text = response.header("docker-content-digest")
    try:
        return Digest.parse(text) if text else None
    except InvalidReference:
        return None


def schema1(host: RegistryHost, subject: str) -> Unresolvable:
    """Say that a manifest is of Docker's first schema."""
    return Unresolvable(
        Cause.UNSUPPORTED,
        f"{host.domain}: {subject} is a Docker schema 1 image, which has no stable digest",
        "push the image again with a current tool",
    )


def _bad(host: RegistryHost, answer: Answer, subject: str, reason: str) -> Unresolvable:
    return Unresolvable(Cause.BAD_ANSWER, f"{host.domain}: {subject}: {reason} ({answer.tried})")


def _altered(host: RegistryHost, answer: Answer, subject: str, claimed: Digest, computed: Digest) -> Unresolvable:
    failure = _bad(host, answer, subject, f"says that its content is {claimed}, but the content is {computed}")
    hint = "something between here and the registry alters its answers; nothing was pinned"
    return replace(failure, cause=Cause.DIGEST_MISMATCH, hint=hint)


def _checked_type(header: str, body: bytes) -> str | _BadType:
    """Return the media type that header and content agree on; it is a supported one, or schema 1."""
    if header in media_types.SCHEMA1_TYPES:
        return header
    stated = _type_of(body)
    shown = one_line(header, 80) or "no media type"
    if stated is None:
        return _BadType(f"200 OK, but the answer is no manifest ({shown})", hint="check that a registry listens there")
    if header in _GENERIC_TYPES:
        header, shown = stated.media_type, one_line(stated.media_type, 80)
    if header in media_types.SCHEMA1_TYPES:
        return header
    if header not in media_types.SUPPORTED_TYPES:
        return _BadType(f"unsupported media type {shown}", Cause.UNSUPPORTED)
    if stated.explicit and stated.media_type != header:
        return _BadType(f"its manifest says that it is {one_line(stated.media_type, 80)}, its header {header}")
    return header


def _type_of(body: bytes) -> _Stated | None:
    """Return the media type that a manifest states or that its shape tells; ``None`` if it is no manifest."""
    document = parse_object(body)
    if document is None:
        return None
    stated = document.get("mediaType")
    if isinstance(stated, str) and stated:
        return _Stated(stated, explicit=True)
    if document.get("schemaVersion") == 1:
        return _Stated(media_types.DOCKER_SCHEMA1)
    if isinstance(document.get("manifests"), list):
        return _Stated(media_types.OCI_INDEX)
    if isinstance(document.get("config"), dict) and isinstance(document.get("layers"), list):
        return _Stated(media_types.OCI_MANIFEST)
    return None
