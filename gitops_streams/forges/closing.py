"""Closes a pull request; one that somebody else has closed or merged by then is closed all the same."""

from __future__ import annotations

from collections.abc import Callable

from gitops_streams.forges.http.refusal import ForgeRefused
from gitops_streams.review.pull_request import PullRequest, PullState


def close_once(ask: Callable[[], object], look: Callable[[], PullRequest]) -> None:
    """Close a pull request.

    Args:
        ask: asks the forge for it.
        look: reads the pull request, where the forge refused.

    Raises:
        ForgeRefused: the forge said no, and it is open.
        ForgeError: the forge could not be reached.
    """
    try:
        ask()
    except ForgeRefused:
        if look().state is PullState.OPEN:
            raise
