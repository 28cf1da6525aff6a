"""What differs between forges on the way of a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gitops_streams.forges.http.refusal import Refusal


def no_hint(refusal: Refusal) -> str | None:  # noqa: ARG001 - stands for a forge's own
    """Know no hint."""
    return None


@dataclass(frozen=True, slots=True)
class Dialect:
    """One forge's manners."""

    name: str
    """For people: ``GitHub``."""
    headers: Mapping[str, str] = field(default_factory=dict)
    change_pause: float = 0.0
    """Seconds between two changes."""
    hint: Callable[[Refusal], str | None] = no_hint
    """Says which permission or setting to change; ``None`` for what the status alone says."""
