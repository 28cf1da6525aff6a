"""How recorded images and conditions are written: for people on a line, for machines as in a status file."""

from __future__ import annotations

from gitops_streams.streams.condition import TYPE, Condition
from gitops_streams.streams.history import Item


def condition_text(condition: Condition) -> str:
    """Write a condition on one line."""
    return f"{TYPE} was False when this was recorded: {condition.reason}: {condition.message}"


def item_json(item: Item) -> dict[str, str]:
    """Write an item with the names that it has in a status file."""
    return {
        "dockerImageReference": str(item.reference),
        "image": str(item.image),
        "sourceTag": item.source_tag,
        "spec": item.fingerprint,
    }


def condition_json(condition: Condition | None) -> dict[str, str] | None:
    """Write a condition with the names that it has in a status file."""
    if condition is None:
        return None
    return {"type": TYPE, "status": "False", "reason": condition.reason, "message": condition.message}
