"""Follow aliases from a stream tag to the tag that tracks a registry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from gitops_streams.streams.model import Catalog, DockerImage, ImageAlias, PushOnly, StreamTag, TagAlias, TagKey


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
        tag = catalog.tags.get(key)
        if tag is None:
            where = f" ({_way(path)})" if len(path) > 1 else ""
            return Broken(f"there is no usable stream tag {key}{where}")
        match tag.source:
            case DockerImage():
                if tag.reference_only:
                    return Broken(f"{key} says reference: true, which is never imported, so it has no digest")
                return Followed(tag, tag.source, tuple(path))
            case TagAlias():
                key = tag.source.target
            case ImageAlias():
                return Broken(f"{key} points to {tag.source}: from.kind ImageStreamImage is not followed yet")
            case PushOnly():
                return Broken(f"{key} has no from: on OpenShift it is pushed to, so there is nothing to follow")
            case _:
                assert_never(tag.source)


def _way(path: list[TagKey]) -> str:
    return " → ".join(str(key) for key in path)
