"""An image reference, ``[domain/]path[:tag][@digest]``, parsed once and kept as its user wrote it.

Source: github.com/distribution/reference (grammar of ``reference.go``, normalisation of
``normalize.go``). ``nginx`` means ``docker.io/library/nginx``; both spellings have the same
``repository``, but each ``Reference`` writes itself back in its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from gitops_streams.errors import InvalidDigest, InvalidReference
from gitops_streams.oci.digest import Digest

DOCKER_HUB = "docker.io"
_MAX_PATH = 255
_MAX_TEXT = 1024
"""Longer than any reference whose domain DNS could hold; longer scalars are not worth a place in a cache."""

_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH = rf"{_COMPONENT}(?:/{_COMPONENT})*"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"

DOMAIN = re.compile(_DOMAIN)
TAG = re.compile(_TAG)
NAME = re.compile(rf"(?:(?P<domain>{_DOMAIN})/)?(?P<path>{_PATH})")
_REFERENCE = re.compile(
    rf"(?P<name>(?:(?P<domain>{_DOMAIN})/)?(?P<path>{_PATH}))(?::(?P<tag>{_TAG}))?(?:@(?P<digest>{_DIGEST}))?"
)
IDENTIFIER = re.compile(r"[a-f0-9]{64}")


@dataclass(frozen=True, slots=True, order=True)
class Repository:
    """A repository in its full form: two spellings of one repository are equal."""

    domain: str
    """The registry's name with its port: ``quay.io``, ``docker.io``, ``localhost:5000``."""
    path: str
    """The path in that registry, with Docker Hub's ``library/`` written out."""

    @property
    def familiar(self) -> str:
        """The shortest spelling, as Docker prints it: ``nginx``, ``acme/web``, ``quay.io/acme/web``.

        Unlike Docker's it always means this repository: ``docker.io/localhost/web`` stays as long as it is.
        """
        if self.domain != DOCKER_HUB:
            return str(self)
        short = self.path.removeprefix("library/") if self.path.count("/") == 1 else self.path
        parsed = _parse(short)
        return short if isinstance(parsed, Reference) and parsed.repository == self else str(self)

    def __str__(self) -> str:
        """``domain/path``."""
        return f"{self.domain}/{self.path}"


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference as its user wrote it, beside what it means."""

    name: str
    """The repository as written, without tag and digest: ``nginx``, ``quay.io/acme/web``."""
    repository: Repository
    """The repository that ``name`` means."""
    tag: str | None = None
    digest: Digest | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a reference as Docker does: no domain means docker.io, no path prefix means ``library/``.

        Raises:
            InvalidReference: the text is not a reference; the message says what is wrong with it.
        """
        parsed = _parse(text)
        if isinstance(parsed, str):
            raise InvalidReference(
                f"{text!r} is not an image reference: {parsed}",
                hint="write it as [registry/]repository[:tag][@sha256:digest]",
            )
        return cls(parsed.name, parsed.repository, parsed.tag, parsed.digest)

    @classmethod
    def parse_strict(cls, text: str) -> Self:
        """Read a reference without Docker's defaults: the domain is what the grammar takes for one.

        ``repository.domain`` is empty where the text has none (``reference.Parse``).

        Raises:
            InvalidReference: the text is not a reference.
        """
        match = _match(text)
        if isinstance(match, str):
            raise InvalidReference(f"{text!r} is not an image reference: {match}")
        digest = None if match["digest"] is None else Digest.parse(match["digest"])
        return cls(match["name"], Repository(match["domain"] or "", match["path"]), match["tag"], digest)

    def pinned(self, digest: Digest, *, keep_tag: bool = True) -> Reference:
        """Return the same spelling with ``digest``; the tag stays unless ``keep_tag`` is false."""
        return Reference(self.name, self.repository, self.tag if keep_tag else None, digest)

    @property
    def canonical(self) -> str:
        """The full form: ``docker.io/library/nginx:1.25``."""
        return f"{self.repository}{self._suffix}"

    @property
    def _suffix(self) -> str:
        tag = "" if self.tag is None else f":{self.tag}"
        return tag if self.digest is None else f"{tag}@{self.digest}"

    def __str__(self) -> str:
        """The reference in its user's spelling."""
        return f"{self.name}{self._suffix}"


def looks_like_reference(text: str) -> Reference | None:
    """Return the reference that ``text`` spells, or ``None``: the cheap question a scanner asks of every scalar."""
    if len(text) > _MAX_TEXT:
        return None
    parsed = _parse(text)
    return None if isinstance(parsed, str) else parsed


def _match(text: str) -> re.Match[str] | str:
    """Match the strict grammar, or say what is wrong."""
    match = _REFERENCE.fullmatch(text)
    if match is None:
        if not text:
            return "it is empty"
        if "://" in text:
            return "a reference has no scheme such as https://"
        if _REFERENCE.fullmatch(text.lower()) is not None:
            return "a repository is written in lower case"
        return "invalid reference format"
    if len(match["path"]) > _MAX_PATH:
        return f"its path is longer than {_MAX_PATH} characters"
    return match


@lru_cache(maxsize=8192)
def _parse(text: str) -> Reference | str:
    """Return a normalised reference, or what is wrong with the text."""
    if IDENTIFIER.fullmatch(text):
        return "64 hexadecimal digits alone name no repository"
    # Docker decides first what the domain is, and only then applies the grammar (normalize.go).
    first, slash, rest = text.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost" or first.lower() != first):
        domain, remainder = DOCKER_HUB, text
    else:
        domain, remainder = first, rest
    if domain == "index.docker.io":
        domain = DOCKER_HUB
    head = remainder.split("@", 1)[0].split(":", 1)[0]
    if head.lower() != head:
        return "a repository is written in lower case"
    library = "library/" if domain == DOCKER_HUB and "/" not in head else ""
    match = _match(f"{domain}/{library}{remainder}")
    if isinstance(match, str):
        return _match_reason(text, match)
    if match["domain"] != domain:
        return "invalid reference format"
    if match["digest"] is None:
        digest = None
    else:
        try:
            digest = Digest.parse(match["digest"])
        except InvalidDigest as error:
            return error.message
    path: str = match["path"]
    suffix = match.end() - match.end("name")
    return Reference(text[: len(text) - suffix], Repository(domain, path), match["tag"], digest)


def _match_reason(text: str, default: str) -> str:
    """Say of the user's own text what is wrong, not of the form that defaults were added to."""
    match = _match(text)
    return match if isinstance(match, str) else default
