"""What a commit status says, as long as every forge takes it."""

from __future__ import annotations

from gitops_streams.review.pull_request import CommitStatus

_LONGEST = 140
"""Characters; GitHub refuses a longer one, and every forge is given the same."""


def described(status: CommitStatus) -> str:
    """Return the description, cut where it is too long."""
    text = status.description
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
