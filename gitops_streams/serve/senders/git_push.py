"""Turns what forges say of a push into the branch that moved and the places that its repository is cloned from."""

from __future__ import annotations

from collections.abc import Iterable

from gitops_streams.serve.clone_location import clone_location
from gitops_streams.serve.event import Accepted, Ignored, Outcome, RepositoryPushed
from gitops_streams.serve.senders.image import MOST, delivery_id, quoted

_BRANCH = "refs/heads/"
_LONGEST_NAME = 1024
_LONGEST_URL = 2048
_NOTHING = frozenset("0")


def branch_moved(ref: str, urls: Iterable[str], *, after: str = "") -> RepositoryPushed | Ignored:
    """Return the branch that moved.

    Args:
        ref: its full name, ``refs/heads/main``.
        urls: all that the forge says of where the repository is; those that are none are left out.
        after: the commit that it points at now; zeros where it was deleted, empty where the forge does not say.
    """
    if not ref.startswith(_BRANCH):
        return Ignored(f"{quoted(ref)} is not a branch")
    branch = ref.removeprefix(_BRANCH)
    # No more of git-check-ref-format(1) than keeps the name harmless: it is compared with the configured ones.
    if not branch or len(branch) > _LONGEST_NAME or not branch.isprintable():
        return Ignored("the branch's name is empty, too long, or not printable")
    if after and set(after) == _NOTHING:
        return Ignored(f"the branch {quoted(branch)} was deleted")
    found = {location for url in urls if len(url) <= _LONGEST_URL and (location := clone_location(url)) is not None}
    if not found:
        return Ignored("the delivery does not say where the repository is cloned from")
    return RepositoryPushed(tuple(sorted(found)), branch)


def moved(found: Iterable[RepositoryPushed | Ignored], delivery: str = "") -> Outcome:
    """Return what a delivery comes to: the branches that moved, or the first reason why there is none.

    Args:
        found: one value for each branch that the payload names; those beyond the first thousand are left out, since
            a branch that was not heard of is found by the next poll.
        delivery: what identifies the delivery, in the sender's words; empty if nothing does.
    """
    branches: dict[RepositoryPushed, None] = {}
    reason: Ignored | None = None
    for each in found:
        match each:
            case RepositoryPushed():
                branches[each] = None
                if len(branches) == MOST:
                    break
            case Ignored():
                reason = reason or each
    if branches:
        return Accepted(tuple(branches), delivery_id(delivery))
    return reason or Ignored("the delivery names no branch")
