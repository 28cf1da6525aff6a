"""The streams of a repository with what they resolved to, as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gitops_streams.oci.digest import Digest
from gitops_streams.render.inert import line
from gitops_streams.render.recorded import condition_json, condition_text, item_json
from gitops_streams.streams.condition import Condition
from gitops_streams.streams.history import Item
from gitops_streams.streams.model import StreamTag
from gitops_streams.streams.restraint import Hold


@dataclass(frozen=True, slots=True)
class TagState:
    """One declared stream tag, offline."""

    tag: StreamTag
    items: tuple[Item, ...]
    """Its recorded history, newest first."""
    digests: tuple[Digest | None, ...]
    """What each of its sites holds; ``None`` where a site is not pinned."""
    condition: Condition | None = None
    """Why it could not be resolved when its stream's status was last written."""

    @property
    def current(self) -> int:
        """How many sites hold the newest recorded digest."""
        newest = self.items[0].image if self.items else None
        return sum(digest is not None and digest == newest for digest in self.digests)


def table(states: Iterable[TagState]) -> str:
    """Write one row a stream tag."""
    from tabulate import tabulate  # noqa: PLC0415  only a table pays for it

    states = list(states)
    rows = [
        [
            line(str(state.tag.key)),
            line(str(state.tag.source)),
            state.items[0].image.short if state.items else "-",
            len(state.items),
            f"{state.current}/{len(state.digests)}" if state.digests else "-",
        ]
        for state in states
    ]
    headers = ["STREAM TAG", "FROM", "NEWEST RECORDED", "HISTORY", "SITES CURRENT"]
    told = [tabulate(rows, headers=headers, tablefmt="plain", disable_numparse=True)]
    told += [line(f"{state.tag.key}: {_held(state.tag.hold)}") for state in states if state.tag.hold is not None]
    told += [line(f"{state.tag.key}: {condition_text(state.condition)}") for state in states if state.condition]
    return "\n".join(told) + "\n"


def as_json(states: Iterable[TagState]) -> str:
    """Write the stream tags as one JSON object. Schema: ``schemas/status.schema.json``."""
    return json.dumps({"schemaVersion": 1, "tags": [_tag(state) for state in states]}, indent=2) + "\n"


def _held(hold: Hold) -> str:
    return f"held at {hold.digest}" + (f" ({hold.reason})" if hold.reason else "")


def _tag(state: TagState) -> dict[str, Any]:
    hold = state.tag.hold
    return {
        "stream": str(state.tag.key.stream),
        "tag": state.tag.key.tag,
        "file": state.tag.file,
        "line": state.tag.line,
        "from": str(state.tag.source),
        "fingerprint": state.tag.fingerprint,
        "hold": None if hold is None else {"digest": str(hold.digest), "reason": hold.reason},
        "items": [item_json(item) for item in state.items],
        "condition": condition_json(state.condition),
        "sites": {
            "total": len(state.digests),
            "current": state.current,
            "unpinned": sum(digest is None for digest in state.digests),
        },
    }
