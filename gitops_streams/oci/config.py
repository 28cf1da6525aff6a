"""Reads the configuration of an image: what its containers get and how it was made.

Source: OCI image-spec ``config.md``; Docker's ``HealthCheck`` stands beside it there. The content is the image
builder's, hence hostile: everything is bounded (``oci.foreign``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from gitops_streams.errors import InvalidReference
from gitops_streams.oci.digest import Digest
from gitops_streams.oci.foreign import MAX_ENTRIES, ForeignReader, parse_object
from gitops_streams.oci.image import Config
from gitops_streams.oci.manifest import read_platform
from gitops_streams.oci.platform import Platform

CONFIG_TYPES = frozenset({"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"})
"""The media types of image configurations; another one belongs to an artifact."""

_MAX_DIFF_IDS = 1024
_MAX_INSTRUCTION = 1024
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,30})?(Z|[+-][0-9]{2}:[0-9]{2})")


@dataclass(frozen=True, slots=True)
class ReadConfig:
    """What a configuration says."""

    config: Config
    platform: Platform | None
    """What the image was built for."""
    notes: tuple[str, ...] = ()
    """What was cut or left out: lines of ours."""


@dataclass(frozen=True, slots=True)
class NotAConfig:
    """The content cannot be read as an image's configuration."""

    reason: str


def read_config(content: bytes) -> ReadConfig | NotAConfig:
    """Read a configuration; fields that are malformed are left out, and said so in the notes."""
    document = parse_object(content)
    if document is None:
        return NotAConfig("the configuration is not a JSON object")
    reader = ForeignReader()
    runtime = reader.member(document, "config")
    runtime = runtime if isinstance(runtime, dict) else {}
    rootfs = reader.member(document, "rootfs")

    def member(name: str) -> object:
        return reader.member(runtime, name)

    config = Config(
        created=_date(reader.member(document, "created")),
        user=reader.text(member("User"), "user"),
        entrypoint=reader.texts(member("Entrypoint"), "entrypoint"),
        cmd=reader.texts(member("Cmd"), "command"),
        env=reader.variables(member("Env"), "environment variables"),
        ports=reader.names(member("ExposedPorts"), "exposed ports"),
        volumes=reader.names(member("Volumes"), "volumes"),
        workdir=reader.text(member("WorkingDir"), "working directory"),
        stop_signal=reader.text(member("StopSignal"), "stop signal"),
        healthcheck=reader.canonical(member("Healthcheck"), "health check"),
        labels=reader.mapping(member("Labels"), "labels"),
        diff_ids=_diff_ids(reader.member(rootfs, "diff_ids") if isinstance(rootfs, dict) else None, reader),
        history=_history(reader.member(document, "history"), reader),
    )
    return ReadConfig(config, _platform(document, reader), reader.notes)


def _date(value: object) -> datetime | None:
    """Read an RFC 3339 date; years that no calendar of ours has, and Go's zero time, are none."""
    if not isinstance(value, str) or _DATE.fullmatch(value) is None:
        return None
    try:
        moment = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return None if moment.year == 1 else moment


def _diff_ids(value: object, reader: ForeignReader) -> tuple[Digest, ...]:
    if not isinstance(value, list):
        return ()
    if len(value) > _MAX_DIFF_IDS:
        reader.note(f"its configuration lists {len(value)} layers, which were not read")
        return ()
    try:
        return tuple(Digest.parse(text) for text in value)
    except (InvalidReference, TypeError):
        reader.note("its configuration lists layers by something that is no digest")
        return ()


def _history(value: object, reader: ForeignReader) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    made_by = [entry.get("created_by") for entry in value if isinstance(entry, dict)]
    instructions = [text for text in made_by if isinstance(text, str) and text]
    if len(instructions) > MAX_ENTRIES:
        reader.note(f"history: {len(instructions) - MAX_ENTRIES} instructions before the last {MAX_ENTRIES}")
    return tuple(reader.text(text, "history", _MAX_INSTRUCTION) for text in instructions[-MAX_ENTRIES:])


def _platform(document: Mapping[str, object], reader: ForeignReader) -> Platform | None:
    return read_platform({name: reader.member(document, name) for name in ("os", "architecture", "variant")})
