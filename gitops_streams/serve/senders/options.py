"""What an operator tells us of a sender that its deliveries do not say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
PLACEHOLDERS = frozenset({"host", "repository", "image"})


@dataclass(frozen=True, slots=True)
class Options:
    """Options of a receiver; a sender names in ``Sender.options`` those that it looks at."""

    host: str | None = None
    """The registry's name ``host[:port]`` as references write it, in place of the one in the payload."""
    repositories: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The sender's name of a repository to its place ``host[:port][/prefix]``, for registries behind connectors."""
    template: str | None = None
    """How a reference is made of ``{host}``, ``{repository}`` and ``{image}``."""
    header: str | None = None
    """The header that carries the secret, where the sender lets one choose."""
    username: str | None = None
    """The user of Basic authentication; ``None`` takes any."""
    audience: str | None = None
    """The audience that Google's token is for."""
    email: str | None = None
    """The service account that Google's token speaks for."""


def unknown_placeholders(template: str) -> tuple[str, ...]:
    """Return what stands in braces and means nothing."""
    return tuple(sorted({name for name in _PLACEHOLDER.findall(template) if name not in PLACEHOLDERS}))


def filled(template: str, values: Mapping[str, str]) -> str:
    """Fill a template in one pass: what is filled in is never looked into for more braces."""
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), template)
