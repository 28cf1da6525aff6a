"""What a change does to the declarations: which stream tags follow something else from now on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from gitops_streams.review.pins import Touch
from gitops_streams.streams.model import Catalog, DockerImage, ImageAlias, PushOnly, StreamTag, TagAlias, TagKey


@dataclass(frozen=True, slots=True)
class FollowedChange:
    """A stream tag whose declaration decides something else than before."""

    key: TagKey
    touch: Touch
    file: str
    """Where it is declared; where it was, if it is gone."""
    line: int
    before: str | None
    """What it followed: ``quay.io/acme/web:1.4``, with what else decides the digest. Foreign text."""
    after: str | None


def followed_changes(before: Catalog, after: Catalog) -> tuple[FollowedChange, ...]:
    """List the stream tags that are new, gone, or follow something else, by name.

    A declaration that cannot be used any more is gone; the audit says why.
    """
    found = []
    for key in sorted({*before.tags, *after.tags}, key=lambda key: key.sort_key):
        old, new = before.tags.get(key), after.tags.get(key)
        told = _followed(old), _followed(new)
        where = new or old
        if told[0] != told[1] and where is not None:
            touch = Touch.ADDED if old is None else Touch.REMOVED if new is None else Touch.CHANGED
            found.append(FollowedChange(key, touch, where.file, where.line, *told))
    return tuple(found)


def _followed(tag: StreamTag | None) -> str | None:
    """Write what decides a stream tag's digest."""
    if tag is None:
        return None
    match tag.source:
        case DockerImage() | TagAlias() | ImageAlias():
            told = [str(tag.source)]
        case PushOnly():
            told = ["nothing"]
        case _:
            assert_never(tag.source)
    if tag.policy is not None:
        told.append(f"policy: {tag.policy}")
    if tag.platform is not None:
        told.append(f"platform: {tag.platform}")
    if tag.insecure:
        told.append("insecure")
    if tag.hold is not None:
        told.append(f"held at {tag.hold.digest.short}")
    return ", ".join(told)
