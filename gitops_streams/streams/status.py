"""What each stream tag resolved to, newest first, as Git records it: the ``.lock`` files.

The shape is OpenShift's ``status.tags[].items[]``. There is no time in it (Git's log says when and
who), so the same resolutions give the same bytes. It is history: what was resolved, not what is
deployed. Deleted, it is rebuilt by the next run, with one item a tag.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import yaml

from gitops_streams.errors import InvalidReference
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Reference
from gitops_streams.streams.model import StreamKey, TagKey
from gitops_streams.yamledit.problem import Problem

DIRECTORY = ".gitops-streams/status"
HISTORY_LIMIT = 50
"""Items kept for a tag; older ones are in Git's log."""

_HEADER = """\
# What gitops-streams resolved, newest first. Written by the tool: changes made by hand are lost.
"""


@dataclass(frozen=True, slots=True)
class Item:
    """One image that a tag stood for."""

    reference: Reference
    """The repository in its declared spelling, with the digest."""
    image: Digest
    source_tag: str
    """The tag that was selected in the registry."""
    fingerprint: str
    """The fingerprint of the spec that it was resolved for."""


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """The recorded history of one stream, by tag name."""

    key: StreamKey
    tags: Mapping[str, tuple[Item, ...]]


@dataclass(frozen=True, slots=True)
class History:
    """The recorded history of a whole repository."""

    streams: Mapping[StreamKey, StreamStatus]
    problems: tuple[Problem, ...] = ()

    def items(self, key: TagKey) -> tuple[Item, ...]:
        """Return what is recorded of a stream tag, newest first."""
        status = self.streams.get(key.stream)
        return () if status is None else status.tags.get(key.tag, ())


EMPTY = History({})


def path_of(key: StreamKey) -> str:
    """Return where a stream's status is filed; no namespace is filed under ``_``."""
    return f"{DIRECTORY}/{key.namespace or '_'}/{key.name}.lock"


def read(files: Iterable[tuple[str, bytes]]) -> History:
    """Read status files (path, content); one that cannot be read is reported and rebuilt by the next run."""
    streams: dict[StreamKey, StreamStatus] = {}
    problems: list[Problem] = []
    for path, content in files:
        parsed = _parse(path, content)
        if isinstance(parsed, Problem):
            problems.append(parsed)
        else:
            streams[parsed.key] = parsed
    return History(streams, tuple(problems))


def record(status: StreamStatus | None, key: TagKey, item: Item) -> StreamStatus:
    """Add one resolution to a stream's history.

    As OpenShift does (``AddTagEventToImageStream``) only the newest item is compared: the same image
    rewrites it in place, another one goes before it. So A, B and A again are three items.
    """
    status = status or StreamStatus(key.stream, {})
    items = status.tags.get(key.tag, ())
    kept = items[1:] if items and items[0].image == item.image else items
    return replace(status, tags={**status.tags, key.tag: (item, *kept)[:HISTORY_LIMIT]})


def render(status: StreamStatus) -> str:
    """Write a stream's status file: a function of the history alone."""
    metadata = {"name": status.key.name}
    if status.key.namespace is not None:
        metadata["namespace"] = status.key.namespace
    lines = [_HEADER + "apiVersion: gitops-streams.io/v1", "kind: ImageStreamStatus"]
    lines += ["metadata:", *(f"  {name}: {_quote(value)}" for name, value in metadata.items())]
    lines += ["status:", "  tags:"]
    for tag, items in sorted(status.tags.items()):
        lines += [f"    - tag: {_quote(tag)}", "      items:"]
        for item in items:
            lines += [
                f"        - dockerImageReference: {_quote(str(item.reference))}",
                f"          image: {_quote(str(item.image))}",
                f"          sourceTag: {_quote(item.source_tag)}",
                f"          spec: {_quote(item.fingerprint)}",
            ]
    return "\n".join(lines) + "\n"


def _quote(text: str) -> str:
    return json.dumps(text)


def _parse(path: str, content: bytes) -> StreamStatus | Problem:
    try:
        document = yaml.load(content, Loader=yaml.CBaseLoader)  # noqa: S506  BaseLoader makes strings only
        metadata = document["metadata"]
        key = StreamKey(metadata.get("namespace"), metadata["name"])
        tags = {
            entry["tag"]: tuple(_item(item) for item in entry.get("items") or ())
            for entry in document["status"].get("tags") or ()
        }
    except (yaml.YAMLError, InvalidReference, LookupError, TypeError, AttributeError, ValueError, RecursionError):
        return Problem(path, None, "it is not a status file that gitops-streams wrote; it will be rebuilt")
    if path_of(key) != path:
        return Problem(path, None, f"it is the status of {key}, which belongs in {path_of(key)}; it is ignored")
    return StreamStatus(key, tags)


def _item(item: Mapping[str, str]) -> Item:
    return Item(
        Reference.parse(item["dockerImageReference"]),
        Digest.parse(item["image"]),
        item.get("sourceTag", ""),
        item.get("spec", ""),
    )
