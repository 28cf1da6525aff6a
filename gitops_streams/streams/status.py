"""What each stream tag resolved to, newest first, as Git records it: the ``.lock`` files.

The shape is OpenShift's ``status.tags[].items[]``. There is no time in it (Git's log says when and
who), so the same resolutions give the same bytes. It is history: what was resolved, not what is
deployed. Deleted, it is rebuilt by the next run, with one item a tag.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import TAG, Reference, looks_like_reference
from gitops_streams.streams.fields import FieldError, Fields
from gitops_streams.streams.model import NAMESPACE, STREAM_NAME, StreamKey, TagKey
from gitops_streams.yamledit.locate import Unparsable, decode, locate
from gitops_streams.yamledit.problem import Problem

API_VERSION = "gitops-streams.io/v1"
DIRECTORY = ".gitops-streams/status"
HISTORY_LIMIT = 50
"""Items kept for a tag; older ones are in Git's log."""

_NOT_OURS = "it is not a status file that gitops-streams wrote, and will be rebuilt"
_FINGERPRINT = re.compile(r"[0-9a-f]{0,64}")
_LONGEST_NAME = 250
"""File systems end at 255 bytes, ``.lock`` included; a stream's name may have 254."""
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
    """The tag that was selected in the registry; empty where the declaration names a digest alone."""
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
    name = key.name
    if len(name) > _LONGEST_NAME:
        name = f"{name[: _LONGEST_NAME - 17]}~{hashlib.sha256(name.encode()).hexdigest()[:16]}"
    return f"{DIRECTORY}/{key.namespace or '_'}/{name}.lock"


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
    lines = [f"{_HEADER}apiVersion: {API_VERSION}", "kind: ImageStreamStatus"]
    lines += ["metadata:", *(f"  {name}: {_quote(value)}" for name, value in metadata.items())]
    lines += ["status:", "  tags:" if status.tags else "  tags: []"]
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
    """Read one status file; whatever stands there was last written by anybody who can push."""
    text = decode(content)
    located = text if isinstance(text, Unparsable) else locate(text)
    if isinstance(located, Unparsable):
        return Problem(path, located.line, f"{_NOT_OURS}: {located.reason}")
    root = located.documents[0].root if len(located.documents) == 1 else None
    if root is None:
        return Problem(path, None, f"{_NOT_OURS}: it holds {len(located.documents)} documents")
    try:
        top = Fields.of(root, "")
        metadata = top.fields("metadata")
        key = StreamKey(metadata.text("namespace") or None, metadata.text("name"))
        if not STREAM_NAME.fullmatch(key.name) or not (key.namespace is None or NAMESPACE.fullmatch(key.namespace)):
            raise metadata.invalid("name", str(key), "it is no stream's name")
        if top.text("apiVersion") != API_VERSION:
            raise top.invalid("apiVersion", top.text("apiVersion"), f"it must be {API_VERSION}")
        tags = _tags(top.fields("status"))
    except FieldError as error:
        return Problem(path, error.line, f"{_NOT_OURS}: {error.reason}")
    if path_of(key) != path:
        return Problem(path, None, f"it is the status of {key}, which belongs in {path_of(key)}; it is ignored")
    return StreamStatus(key, tags)


def _tags(status: Fields) -> dict[str, tuple[Item, ...]]:
    tags: dict[str, tuple[Item, ...]] = {}
    for node in status.items("tags"):
        entry = Fields.of(node, status.at("tags"))
        name = entry.text("tag")
        # Each name once: through aliases, one long list could stand for thousands of tags.
        if not TAG.fullmatch(name) or name in tags:
            raise entry.invalid("tag", name, "it is no tag's name, or stands twice")
        items = entry.items("items")[:HISTORY_LIMIT]
        tags[name] = tuple(_item(Fields.of(item, entry.at("items"))) for item in items)
    return tags


def _item(fields: Fields) -> Item:
    written, image = fields.text("dockerImageReference"), fields.text("image")
    source_tag, fingerprint = fields.text("sourceTag"), fields.text("spec")
    reference = looks_like_reference(written)
    if reference is None or reference.digest is None or str(reference.digest) != image:
        raise fields.invalid("dockerImageReference", written, "it does not name the image by its digest")
    if source_tag and not TAG.fullmatch(source_tag):
        raise fields.invalid("sourceTag", source_tag, "it is no tag")
    if not _FINGERPRINT.fullmatch(fingerprint):
        raise fields.invalid("spec", fingerprint, "it is no fingerprint")
    return Item(reference, reference.digest, source_tag, fingerprint)
