"""What can go wrong between a forge and us, as errors that keep secrets and as texts that are fit to print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gitops_streams.errors import ForgeError
from gitops_streams.render import inert

_LIMIT = 300


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that says no."""

    doing: str
    """What was asked for, as people say it: ``opening the pull request``."""
    method: str
    path: str
    """Of the URL, without the query."""
    status: int
    said: str
    """The forge's own words, one printable line, without our credential; empty where it said nothing."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Those of the answer, with lower-case names. Hostile text: see ``printable``."""


class ForgeRefused(ForgeError):
    """The forge answered, and said no; ``refusal`` says to what, and how."""

    def __init__(self, message: str, refusal: Refusal, *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.refusal = refusal

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.refusal.status


class ForgeUnreachable(ForgeError):
    """No usable answer came."""


class AnswerLost(ForgeUnreachable):
    """The request may have been carried out or not: look before asking again."""


class RateLimited(ForgeError):
    """The forge wants us to wait for longer than this run may; nothing was done."""


def printable(text: object, *, secrets: Iterable[str] = (), limit: int = _LIMIT) -> str:
    """Return hostile text as one printable line of at most ``limit`` characters, with ``secrets`` hidden in it."""
    if not isinstance(text, str):
        return ""
    shown = text[: 16 * limit]
    for secret in secrets:
        if secret:
            shown = shown.replace(secret, "***")
    line = inert.line(" ".join(shown.split()))
    if not line.isprintable():  # what Unicode has not assigned
        line = "".join(character if character.isprintable() else "\ufffd" for character in line)
    return line if len(line) <= limit else line[: limit - 1] + "…"
