"""Which recorded image a stream tag goes back to.

A hold is recorded like anything that a tag stood for, so after a rollback the history of A, B reads A, B, A.
Going back once more must not lead to B: what counts is where the image stands in what its *source* once was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from gitops_streams.oci.digest import Digest
from gitops_streams.streams.follow import Followed
from gitops_streams.streams.history import History, Item, NoImage
from gitops_streams.streams.model import DockerImage, StreamTag
from gitops_streams.streams.restraint import Hold

_NAMED = 5


@dataclass(frozen=True, slots=True)
class Candidates:
    """The images that a stream tag can be held at."""

    current: Digest | None
    """Where it is: what it is held at, else what it resolved to last."""
    images: tuple[Item, ...]
    """Every recorded image of what it follows, once each, the last used one first."""
    earlier: tuple[Item, ...]
    """Those before the current one, the nearest first."""
    elsewhere: tuple[Item, ...] = ()
    """Recorded images of what it followed then and does not now: another repository, or another tag of it."""


def fits(item: Item, source: DockerImage) -> bool:
    """Whether an item came from what is followed now: else the tag and the digest of a place would disagree.

    A tag that a policy chooses moves with its digest, so any tag of the repository will do there.
    """
    same_tag = source.by_policy or item.source_tag == (source.tag or "")
    return same_tag and item.reference.repository == source.reference.repository


def candidates(tag: StreamTag, history: History, followed: Followed) -> Candidates:
    """List where a stream tag can go back to.

    Args:
        tag: the stream tag.
        history: what is recorded.
        followed: where it leads.
    """
    # An alias that nothing uses has no history of its own; what it leads to has.
    items = history.items(tag.key) or history.items(followed.tag.key)
    source = followed.source
    own = [item for item in items if fits(item, source)]
    natural = [item.image for item in own if not _was_held(item, tag)]
    current = tag.hold.digest if tag.hold is not None else (items[0].image if items else None)
    place = _place(natural, _holds(tag, own) if tag.hold is not None else [current])
    # An image that the source never had, or has no more in the history, is held after all that is recorded.
    behind = natural if place is None else natural[place + 1 :]
    earlier = [item for image in behind for item in own if item.image == image]
    if tag.hold is None and place is None:
        earlier = own
    other = [item for item in items if not fits(item, source)]
    return Candidates(current, _once(own), _once(item for item in earlier if item.image != current), _once(other))


def chosen(found: Candidates, prefix: str) -> Item | NoImage:
    """Find a recorded image by its digest, or the beginning of one, with or without the algorithm."""
    matching = [
        item for item in found.images if str(item.image).startswith(prefix) or item.image.encoded.startswith(prefix)
    ]
    match matching:
        case []:
            return NoImage(f'no recorded image matches "{prefix}"')
        case [item]:
            return item
        case several:
            names = ", ".join(str(item.image) for item in several[:_NAMED]) + (", …" if len(several) > _NAMED else "")
            return NoImage(f'multiple images match the prefix "{prefix}": {names}')


def _holds(tag: StreamTag, own: Sequence[Item]) -> list[Digest | None]:
    """Return the images of the holds since the source was followed last, the newest one last."""
    recorded = [item.image for item in takewhile(lambda item: _was_held(item, tag), own)]
    holds: list[Digest | None] = list(reversed(recorded))
    declared = tag.hold.digest if tag.hold is not None else None
    return holds if holds[-1:] == [declared] else [*holds, declared]


def _place(natural: Sequence[Digest], way: Iterable[Digest | None]) -> int | None:
    """Say where one stands in what the source once was, after a way of images, each further back than the last."""
    place: int | None = None
    for image in way:
        after = [at for at, known in enumerate(natural) if known == image]
        further = [at for at in after if place is None or at > place]
        place = next(iter(further or after), place)
    return place


def _was_held(item: Item, tag: StreamTag) -> bool:
    """Whether an item was recorded because the tag, as it is declared otherwise, was held at its image."""
    return replace(tag, hold=Hold(item.image)).fingerprint == item.fingerprint


def _once(items: Iterable[Item]) -> tuple[Item, ...]:
    known: dict[Digest, Item] = {}
    for item in items:
        known.setdefault(item.image, item)
    return tuple(known.values())
