"""The recorded history of stream tags with who recorded what and when, as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gitops_streams.render.inert import cut, line
from gitops_streams.render.recorded import condition_json, condition_text, item_json
from gitops_streams.streams.condition import Condition
from gitops_streams.streams.history import Item
from gitops_streams.streams.model import TagKey

_LONGEST_NAME = 40
INCOMPLETE = "the log ends before the oldest of these: a shallow clone lacks older commits (git fetch --unshallow)"
"""What is said where it is not known who recorded an image."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The commit that recorded an image."""

    commit: str
    author: str
    when: datetime | None
    subject: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One image that a stream tag stood for."""

    item: Item
    origin: Origin | None
    """``None`` where it is not committed, or where the log does not reach back to it."""
    committed: bool
    sites: int
    """How many places in the manifests have it."""


@dataclass(frozen=True, slots=True)
class TagHistory:
    """The history of one stream tag."""

    key: TagKey
    entries: Sequence[Entry]
    """The newest first."""
    condition: Condition | None = None


def table(tags: Iterable[TagHistory], *, complete: bool) -> str:
    """Write a row for each image, the newest first."""
    from tabulate import tabulate  # noqa: PLC0415  only a table pays for it

    tags = list(tags)
    headers = ["STREAM TAG", "IMAGE", "SOURCE TAG", "SITES", "RECORDED", "BY", "COMMIT"]
    rows = [[line(str(tag.key)), *_row(entry)] for tag in tags for entry in tag.entries]
    told = [tabulate(rows, headers=headers, tablefmt="plain", disable_numparse=True)] if rows else ["nothing recorded"]
    told += [line(f"{tag.key}: {condition_text(tag.condition)}") for tag in tags if tag.condition is not None]
    unknown = any(entry.origin is None and entry.committed for tag in tags for entry in tag.entries)
    told += [f"note: {INCOMPLETE}"] if unknown and not complete else []
    return "\n".join(told) + "\n"


def _row(entry: Entry) -> list[str]:
    known = [entry.item.image.short, entry.item.source_tag or "-", str(entry.sites or "-")]
    origin = entry.origin
    if origin is None:
        return [*known, "earlier" if entry.committed else "not committed", "-", "-"]
    when = "-" if origin.when is None else f"{origin.when:%Y-%m-%d %H:%M}"
    return [*known, when, line(cut(origin.author, _LONGEST_NAME)) or "-", origin.commit[:12]]


def as_json(tags: Iterable[TagHistory], *, complete: bool) -> str:
    """Write the histories as one JSON object. Schema: ``schemas/history.schema.json``."""
    document = {"schemaVersion": 1, "complete": complete, "tags": [_tag(tag) for tag in tags]}
    return json.dumps(document, indent=2) + "\n"


def _tag(tag: TagHistory) -> dict[str, Any]:
    return {
        "stream": str(tag.key.stream),
        "tag": tag.key.tag,
        "items": [_entry(entry) for entry in tag.entries],
        "condition": condition_json(tag.condition),
    }


def _entry(entry: Entry) -> dict[str, Any]:
    origin = entry.origin
    return {
        **item_json(entry.item),
        "sites": entry.sites,
        "committed": entry.committed,
        "recorded": None
        if origin is None
        else {
            "commit": origin.commit,
            "author": origin.author,
            "date": None if origin.when is None else origin.when.isoformat(),
            "subject": origin.subject,
        },
    }
