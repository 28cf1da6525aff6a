"""A scanned file's text, held or to be had again: of a hundred thousand files, few are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Content(Protocol):
    """Where a file's text comes from."""

    def read_text(self) -> str:
        """Return the text that was scanned."""


@dataclass(frozen=True, slots=True)
class Held:
    """The text itself."""

    text: str

    def read_text(self) -> str:
        """Return the text."""
        return self.text
