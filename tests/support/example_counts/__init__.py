"""How much of what is heavy is tried: a part in every run of the tests, more in ``make soak``."""

from __future__ import annotations

import os

_FACTOR = int(os.environ.get("GITOPS_STREAMS_SOAK_EXAMPLES") or 1)


def examples(count: int) -> int:
    """Return ``count``, times ``GITOPS_STREAMS_SOAK_EXAMPLES``, which ``make soak`` sets."""
    return count * _FACTOR


def every(step: int) -> int:
    """Return how far apart the moments are that are tried one after another: ``step``, and one in ``make soak``."""
    return step if _FACTOR == 1 else 1
