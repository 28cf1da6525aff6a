"""Follow aliases from a stream tag to the tag that tracks a registry, or to an image that is recorded.

Source: openshift-apiserver ``imageutil`` (``UpdateTrackingTags``, ``ResolveImageID``). There a tag is followed one
step at a time, and one of another stream not at all; here every alias is followed to its end, unless it asks for a
snapshot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from gitops_streams.streams.history import EMPTY, History, Item, NoImage
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
    recorded: Item | None = None
    """The recorded image that is meant, where the way ends at one: no registry is asked."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The way ends nowhere."""

    reason: str


def follow(catalog: Catalog, key: TagKey, history: History = EMPTY) -> Followed | Broken:
    """Follow ``key`` to the ``DockerImage`` source behind it; a cycle is printed as the path that closes it.

    Args:
        catalog: the declarations.
        key: the stream tag to start at.
        history: what is recorded, which snapshots and ``ImageStreamImage`` take their image from.
    """
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
        reached = _reached(catalog, tag, history)
        match reached:
            case TagKey():
                key = reached
            case DockerImage():
                return Followed(tag, reached, tuple(path))
            case Item():
                return Followed(tag, DockerImage(reached.tagged), tuple(path), reached)
            case NoImage():
                return Broken(f"{reached.reason}{_by(path)}")
            case _:
                assert_never(reached)


def _reached(catalog: Catalog, tag: StreamTag, history: History) -> DockerImage | TagKey | Item | NoImage:
    """Go one step on from a stream tag."""
    match tag.source:
        case DockerImage():
            if tag.reference_only:
                return NoImage(f"{tag.key} says reference: true, which is never imported, so it has no digest")
            return tag.source
        case TagAlias():
            taken = history.settled(tag) if tag.snapshot else None
            return tag.source.target if taken is None else taken
        case ImageAlias():
            # Once it is resolved the id stays what it was, although the history goes on and has an end.
            image = history.settled(tag) or _image(catalog, history, tag.source)
            return NoImage(f"{tag.key} points to {tag.source}: {image.reason}") if isinstance(image, NoImage) else image
        case PushOnly():
            return NoImage(f"{tag.key} has no from: on OpenShift it is pushed to, so there is nothing to follow")
        case _:
            assert_never(tag.source)


def _image(catalog: Catalog, history: History, source: ImageAlias) -> Item | NoImage:
    """Find the image of an ``ImageStreamImage``."""
    if source.stream not in catalog.by_key:
        return NoImage(f"no usable image stream {source.stream} is declared")
    found = history.image(source.stream, source.image)
    if isinstance(found, NoImage) and source.stream not in history.streams:
        return NoImage(f"{found.reason}: nothing is recorded of {source.stream} yet")
    return found


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
