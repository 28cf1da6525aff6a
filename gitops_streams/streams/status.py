"""The status files, ``.lock``: what each stream tag resolved to, newest first, as Git records it.

The shape is OpenShift's ``status.tags[].items[]``. There is no time in it (Git's log says when and
who), so the same resolutions give the same bytes. It is history: what was resolved, not what is
deployed. Deleted, it is rebuilt by the next run, with one item a tag.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable

from gitops_streams.oci.reference import TAG, looks_like_reference
from gitops_streams.streams import condition
from gitops_streams.streams.condition import Condition
from gitops_streams.streams.fields import FieldError, Fields
from gitops_streams.streams.history import EMPTY, HISTORY_LIMIT, History, Item, StreamStatus, record
from gitops_streams.streams.model import NAMESPACE, STREAM_NAME, StreamKey
from gitops_streams.streams.own_status import read_own
from gitops_streams.yamledit.locate import Unparsable, decode, locate
from gitops_streams.yamledit.problem import Problem

__all__ = ["EMPTY", "HISTORY_LIMIT", "History", "Item", "StreamStatus", "path_of", "read", "record", "render"]

API_VERSION = "gitops-streams.io/v1"
DIRECTORY = ".gitops-streams/status"

_NOT_OURS = "it is not a status file that gitops-streams wrote, and will be rebuilt"
_FINGERPRINT = re.compile(r"[0-9a-f]{0,64}")
_REASON = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")
_LONGEST_MESSAGE = 1500
_LONGEST_NAME = 250
"""File systems end at 255 bytes, ``.lock`` included; a stream's name may have 254."""
_HEADER = """\
# What gitops-streams resolved, newest first. Written by the tool: changes made by hand are lost.
"""


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
        # What the tool has written is read at once; anything else takes a parser, sixty times as long.
        own = read_own(content)
        parsed = own if own is not None and path_of(own.key) == path else _parse(path, content)
        if isinstance(parsed, Problem):
            problems.append(parsed)
        else:
            streams[parsed.key] = parsed
    return History(streams, tuple(problems))


def render(status: StreamStatus) -> str:
    """Write a stream's status file: a function of the history alone."""
    metadata = {"name": status.key.name}
    if status.key.namespace is not None:
        metadata["namespace"] = status.key.namespace
    lines = [f"{_HEADER}apiVersion: {API_VERSION}", "kind: ImageStreamStatus"]
    lines += ["metadata:", *(f"  {name}: {_quote(value)}" for name, value in metadata.items())]
    lines += ["status:", "  tags:" if status.tags or status.conditions else "  tags: []"]
    for tag in sorted({*status.tags, *status.conditions}):
        lines.append(f"    - tag: {_quote(tag)}")
        found = status.conditions.get(tag)
        if found is not None:
            lines += [
                "      conditions:",
                f"        - type: {condition.TYPE}",
                '          status: "False"',
                f"          reason: {_quote(found.reason)}",
                f"          message: {_quote(found.message)}",
            ]
        lines.append("      items:")
        for item in status.tags.get(tag, ()):
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
        tags, conditions = _tags(top.fields("status"))
    except FieldError as error:
        return Problem(path, error.line, f"{_NOT_OURS}: {error.reason}")
    if path_of(key) != path:
        return Problem(path, None, f"it is the status of {key}, which belongs in {path_of(key)}; it is ignored")
    return StreamStatus(key, tags, conditions)


def _tags(status: Fields) -> tuple[dict[str, tuple[Item, ...]], dict[str, Condition]]:
    tags: dict[str, tuple[Item, ...]] = {}
    conditions: dict[str, Condition] = {}
    for node in status.items("tags"):
        entry = Fields.of(node, status.at("tags"))
        name = entry.text("tag")
        # Each name once: through aliases, one long list could stand for thousands of tags.
        if not TAG.fullmatch(name) or name in tags:
            raise entry.invalid("tag", name, "it is no tag's name, or stands twice")
        items = entry.items("items")[:HISTORY_LIMIT]
        tags[name] = tuple(_item(Fields.of(item, entry.at("items"))) for item in items)
        for item in entry.items("conditions")[:1]:
            conditions[name] = _condition(Fields.of(item, entry.at("conditions")))
    return tags, conditions


def _condition(fields: Fields) -> Condition:
    kind, status, reason, message = (fields.text(key) for key in ("type", "status", "reason", "message"))
    if kind != condition.TYPE or status != "False":
        raise fields.invalid("type", kind, f"only {condition.TYPE} with status False is recorded")
    if not _REASON.fullmatch(reason) or len(message) > _LONGEST_MESSAGE:
        raise fields.invalid("reason", reason, "it is no reason, or its message is too long")
    return Condition(reason, message)


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
