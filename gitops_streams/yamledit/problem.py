"""Something in a file that a person should see, and where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Whether a problem keeps a declared tag from being followed."""

    ERROR = "error"
    """A declaration that cannot be used: the run is incomplete (exit code 3)."""
    WARNING = "warning"
    """Worth knowing: an unparsable file, a declaration that OpenShift would read otherwise."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One line for people, with its place."""

    file: str
    line: int | None
    reason: str
    severity: Severity = Severity.WARNING

    def __str__(self) -> str:
        """``file:line: reason``."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.reason}"
