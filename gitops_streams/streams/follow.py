"""Follow aliases from a stream tag to the tag that tracks a registry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from gitops_streams.streams.model import Catalog, DockerImage, ImageAlias, PushOnly, StreamTag, TagAlias, TagKey

MAX_ALIASES = 50
"""A longer chain of aliases is refused; without a bound a hostile repository could make following it quadratic."""


@dataclass(frozen=True, slots=True)
class Followed:
    """The stream tag that an alias leads to; a tag that tracks a registry leads to itself."""

    tag: StreamTag
    source: DockerImage
    path: tuple[TagKey, ...]
    """Every stream tag on the way, the first one and the last one included."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The way ends nowhere."""

    reason: str


def follow(catalog: Catalog, key: TagKey) -> Followed | Broken:
    """Follow ``key`` to the ``DockerImage`` source behind it; a cycle is printed as the path that closes it."""
    path: list[TagKey] = []
    while True:
        if key in path:
            return Broken(f"reference tag is circular: {_way([*path, key])}")
        path.append(key)
        if len(path) > MAX_ALIASES + 1:
            return Broken(f"more than {MAX_ALIASES} aliases lead on from {path[0]}")
        tag = catalog.tags.get(key)
        if tag is None:
            return Broken(f"{_missing(catalog, key)}{_by(path)}")
        match tag.source:
            case DockerImage():
                if tag.reference_only:
                    return Broken(
                        f"{key} says reference: true, which is never imported, so it has no digest{_by(path)}"
                    )
                return Followed(tag, tag.source, tuple(path))
            case TagAlias():
                key = tag.source.target
            case ImageAlias():
                reason = f"{key} points to {tag.source}: from.kind ImageStreamImage is not followed yet"
                return Broken(f"{reason}{_by(path)}")
            case PushOnly():
                reason = f"{key} has no from: on OpenShift it is pushed to, so there is nothing to follow"
                return Broken(f"{reason}{_by(path)}")
            case _:
                assert_never(tag.source)


def _missing(catalog: Catalog, key: TagKey) -> str:
    """Say why a stream tag is not among the usable ones."""
    stream = catalog.by_key.get(key.stream)
    if stream is None:
        return f"there is no stream tag {key}: no usable image stream {key.stream} is declared"
    for tag in stream.invalid:
        if tag.key == key:
            return f"the stream tag {key} cannot be used: {tag.file}:{tag.line}: {tag.reason}"
    return f"there is no stream tag {key}: {stream.file}:{stream.line} does not declare it"


def _by(path: list[TagKey]) -> str:
    """Say how an alias led here."""
    return f" ({_way(path)})" if len(path) > 1 else ""


def _way(path: list[TagKey]) -> str:
    return " → ".join(str(key) for key in path)
