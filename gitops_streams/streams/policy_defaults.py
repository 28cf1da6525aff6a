"""What tag policies leave open (``streams.tag_policy``)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a declaration leaves open; the configuration's ``tagPolicy``."""

    prereleases: bool = False
    """Whether a pre-release counts even where the range names none."""
    candidates: int = 20
    """How many tags ``newest-build`` looks at."""
