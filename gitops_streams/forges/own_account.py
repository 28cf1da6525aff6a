"""Asks who a token acts as, which not every token may know."""

from __future__ import annotations

from collections.abc import Container

from gitops_streams.forges.http.answers import Record
from gitops_streams.forges.http.client import ForgeClient
from gitops_streams.forges.http.refusal import ForgeRefused


def own_account(client: ForgeClient, untold: Container[int] = frozenset({403, 404})) -> Record | None:
    """Return what ``/user`` says; ``None`` where the forge does not tell such a token.

    Args:
        client: asks.
        untold: the statuses by which the forge says so.
    """
    try:
        return client.get("/user", doing="asking who the token is").record()
    except ForgeRefused as refused:
        if refused.status in untold:
            return None
        raise
