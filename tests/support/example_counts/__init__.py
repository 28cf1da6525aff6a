"""How many examples a heavy property is tried with: few in every run of the tests, more in ``make soak``."""

from __future__ import annotations

import os

_FACTOR = int(os.environ.get("GITOPS_STREAMS_SOAK_EXAMPLES") or 1)


def examples(count: int) -> int:
    """Return ``count``, times ``GITOPS_STREAMS_SOAK_EXAMPLES``, which ``make soak`` sets."""
    return count * _FACTOR
