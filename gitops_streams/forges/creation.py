"""Opens a pull request exactly once: what may have happened already is looked for before it is asked for again."""

from __future__ import annotations

from collections.abc import Callable, Container

from gitops_streams.forges.http.client import ForgeClient
from gitops_streams.forges.http.refusal import AnswerLost, ForgeRefused
from gitops_streams.review.pull_request import PullRequest, PullSpec

_TRIES = 3
_LAG = 2.0
"""Seconds after which a forge knows everywhere of what was just made."""


def opening(spec: PullSpec) -> str:
    """Say what is done, for errors."""
    return f"opening a pull request from {spec.head} to {spec.base}"


def create_once(
    client: ForgeClient,
    ask: Callable[[], PullRequest],
    look: Callable[[], PullRequest | None],
    taken: Container[int],
) -> PullRequest:
    """Open a pull request, or return the one that is there.

    Args:
        client: waits.
        ask: asks the forge for it, once.
        look: finds an open one of the same branches.
        taken: the statuses by which the forge says that there is one; it may mean something else by them, too.

    Raises:
        ForgeRefused: the forge said no.
        AnswerLost: whether there is one now cannot be told.
        ForgeError: the forge could not be reached.
    """
    attempt = 0
    while True:
        attempt += 1
        try:
            return ask()
        except AnswerLost:
            # A list may show it later than it was made: hence the second look.
            found = look()
            if found is None and (attempt == _TRIES or not client.wait(_LAG)):
                raise
            found = found or look()
            if found is not None:
                return found
        except ForgeRefused as refused:
            found = look() if refused.status in taken else None
            if found is None:
                raise
            return found
