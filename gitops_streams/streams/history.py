"""What stream tags stood for, newest first: the values that the status files hold.

Source: OpenShift's ``status.tags`` (``TagEventList``), ``AddTagEventToImageStream`` for recording,
``ResolveImageID`` of ``library-go`` for finding an image by a prefix of its id.
"""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Reference
from gitops_streams.streams.condition import Condition
from gitops_streams.streams.model import StreamKey, StreamTag, TagKey
from gitops_streams.yamledit.problem import Problem

HISTORY_LIMIT = 50
"""Items kept for a tag; older ones are in Git's log."""
_NAMED = 5
"""Images named in one message."""


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

    @property
    def tagged(self) -> Reference:
        """The repository with the tag that was selected, if there was one, and the digest."""
        return Reference(self.reference.name, self.reference.repository, self.source_tag or None, self.image)


class RecordedTags(Mapping[str, tuple[Item, ...]]):
    """What is recorded of the tags of one stream, where not every item is at hand."""

    @abstractmethod
    def newest(self, tag: str) -> Item | None:
        """Return the newest item of a tag; ``None`` where there is none."""


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """The recorded history of one stream, by tag name."""

    key: StreamKey
    tags: Mapping[str, tuple[Item, ...]]
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    """Why tags could not be resolved when the file was last written; a tag that could has none."""

    def newest(self, tag: str) -> Item | None:
        """Return the newest item of a tag; ``None`` where there is none."""
        if isinstance(self.tags, RecordedTags):
            return self.tags.newest(tag)
        return next(iter(self.tags.get(tag, ())), None)


@dataclass(frozen=True, slots=True)
class NoImage:
    """No image, or no single one, is meant by an id."""

    reason: str


@dataclass(frozen=True, slots=True)
class History:
    """The recorded history of a whole repository."""

    streams: Mapping[StreamKey, StreamStatus]
    problems: tuple[Problem, ...] = ()
    _images: dict[StreamKey, _Images] = field(default_factory=dict, init=False, repr=False, compare=False)

    def items(self, key: TagKey) -> tuple[Item, ...]:
        """Return what is recorded of a stream tag, newest first."""
        status = self.streams.get(key.stream)
        return () if status is None else status.tags.get(key.tag, ())

    def newest(self, key: TagKey) -> Item | None:
        """Return the newest item of a stream tag; ``None`` where there is none."""
        status = self.streams.get(key.stream)
        return None if status is None else status.newest(key.tag)

    def condition(self, key: TagKey) -> Condition | None:
        """Return why a stream tag could not be resolved when its status was last written, if it could not."""
        status = self.streams.get(key.stream)
        return None if status is None else status.conditions.get(key.tag)

    def settled(self, tag: StreamTag) -> Item | None:
        """Return the newest item of a stream tag, if it was resolved for the spec that the tag has now."""
        newest = self.newest(tag.key)
        return newest if newest is not None and newest.fingerprint == tag.fingerprint else None

    def image(self, stream: StreamKey, prefix: str) -> Item | NoImage:
        """Find an image in the history of all tags of a stream, as OpenShift does.

        Args:
            stream: the stream.
            prefix: the beginning of its digest, with or without the algorithm.

        Returns:
            An item that holds it. Where several do: that of the first tag by name, the newest one.
        """
        if stream not in self._images:
            self._images[stream] = _Images(self.streams.get(stream))
        return self._images[stream].find(prefix)


class _Images:
    """The images of one stream in the order of their ids, so that a prefix is found without reading them all."""

    def __init__(self, status: StreamStatus | None) -> None:
        self._items: dict[Digest, Item] = {}
        for _, items in sorted(status.tags.items()) if status is not None else ():
            for item in items:
                self._items.setdefault(item.image, item)
        ids = [(text, digest) for digest in self._items for text in (str(digest), digest.encoded)]
        self._ids = sorted(ids, key=_id)

    def find(self, prefix: str) -> Item | NoImage:
        place = bisect_left(self._ids, prefix, key=_id)
        found: dict[Digest, None] = {}
        while place < len(self._ids) and self._ids[place][0].startswith(prefix) and len(found) <= _NAMED:
            found[self._ids[place][1]] = None
            place += 1
        match list(found):
            case []:
                return NoImage(f'imagestreamimage "{prefix}" not found')
            case [digest]:
                return self._items[digest]
            case several:
                names = ", ".join(map(str, several[:_NAMED])) + (", …" if len(several) > _NAMED else "")
                return NoImage(f'multiple images match the prefix "{prefix}": {names}')


def _id(pair: tuple[str, Digest]) -> str:
    return pair[0]


EMPTY = History({})


def record(status: StreamStatus | None, key: TagKey, item: Item) -> StreamStatus:
    """Add one resolution to a stream's history.

    As OpenShift does (``AddTagEventToImageStream``) only the newest item is compared: the same image
    rewrites it in place, another one goes before it. So A, B and A again are three items. What was wrong
    with the tag is no longer.
    """
    status = status or StreamStatus(key.stream, {})
    items = status.tags.get(key.tag, ())
    kept = items[1:] if items and items[0].image == item.image else items
    tags = {**status.tags, key.tag: (item, *kept)[:HISTORY_LIMIT]}
    return conditioned(replace(status, tags=tags), {key.tag: None})


def conditioned(status: StreamStatus, conditions: Mapping[str, Condition | None]) -> StreamStatus:
    """Replace the conditions of some tags by name; ``None`` takes a tag's away. The others keep theirs."""
    merged = {**status.conditions, **conditions}
    return replace(status, conditions={tag: found for tag, found in merged.items() if found is not None})
