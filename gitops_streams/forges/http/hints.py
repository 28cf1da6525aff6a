"""What to change when a forge says no: by its words, then by what was asked for, then by the status."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from gitops_streams.forges.http.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Hints:
    """One forge's hints; the first that fits is given. Forges' refusals are prose, and few of them are documented."""

    words: tuple[tuple[str, str], ...] = ()
    """Regular expressions over the forge's own words in lower case, and what they call for."""
    requests: tuple[tuple[str, frozenset[int], str], ...] = ()
    """Regular expressions over ``METHOD /path``, the statuses, and what they call for."""
    statuses: Mapping[int, str] = field(default_factory=dict)

    def __call__(self, refusal: Refusal) -> str | None:
        """Return what to change; ``None`` where nothing is known."""
        said = refusal.said.casefold()
        for pattern, hint in self.words:
            if re.search(pattern, said):
                return hint
        request = f"{refusal.method} {refusal.path}"
        for pattern, statuses, hint in self.requests:
            if refusal.status in statuses and re.search(pattern, request):
                return hint
        return self.statuses.get(refusal.status)
