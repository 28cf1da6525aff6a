"""What is asked of a registry about a tag, and what came back: values, never exceptions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.platform import LegacyChoice, Platform
from gitops_streams.oci.reference import Repository


@dataclass(frozen=True, slots=True)
class Question:
    """Which digest does this tag have? Equal questions are asked once a run."""

    repository: Repository
    tag: str
    platform: Platform | LegacyChoice | None = None
    """``None`` asks for what the tag points at, an index where it is one; else for the platform's own manifest."""
    insecure: bool = False
    """The declaration's ``importPolicy.insecure``: plain HTTP, or a certificate that is not verified, is accepted."""

    def __str__(self) -> str:
        """``repository:tag``, and the platform if one is asked for."""
        return f"{self.repository}:{self.tag}" + (f" ({self.platform})" if self.platform else "")


@dataclass(frozen=True, slots=True)
class TagsQuestion:
    """Which tags does this repository have? Equal questions are asked once a run."""

    repository: Repository
    insecure: bool = False
    """As a ``Question``'s."""


class Method(StrEnum):
    """How a digest was learnt."""

    HEAD = "HEAD"
    GET = "GET"
    DECLARED = "declared"
    """The declaration names the digest itself; nothing was asked."""
    RECORDED = "recorded"
    """Git has it recorded, and nothing says that it may have changed; nothing was asked."""
    HELD = "held"
    """The declaration holds the stream tag at it; nothing was asked."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """The registry's answer, which is the origin of the pin."""

    digest: Digest
    media_type: str
    host: str
    """The registry host that answered, with its port."""
    method: Method


class Cause(StrEnum):
    """Why a tag could not be resolved; one word for machines."""

    NOT_FOUND = "not-found"
    DENIED = "denied"
    AUTHENTICATION = "authentication"
    RATE_LIMITED = "rate-limited"
    UNAVAILABLE = "unavailable"
    DIGEST_MISMATCH = "digest-mismatch"
    UNSUPPORTED = "unsupported"
    UNSAFE_TARGET = "unsafe-target"
    BAD_ANSWER = "bad-answer"


@dataclass(frozen=True, slots=True)
class Unresolvable:
    """No digest. The pin that stands in the manifests stays."""

    cause: Cause
    reason: str
    """One line for people: registry, status, cause, which credential source was tried. Holds no secret."""
    hint: str | None = None
    """What to do next, where there is something to do."""


Resolution = Resolved | Unresolvable
