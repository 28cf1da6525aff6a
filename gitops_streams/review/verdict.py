"""What the facts of a comparison amount to: the classes of the move, what needs attention, what is not known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from gitops_streams.oci.image import Image, Inspection, Presence, Uninspectable
from gitops_streams.review.contract import becomes_root
from gitops_streams.review.delta import BaseMove, MoveClass, SourceMove
from gitops_streams.review.layers import PlatformPair, common_layers, lost
from gitops_streams.review.source_link import repository_changed, same_revision

RETURNED = "The history has this digest already, below a newer one: the tag went back."
_NAMED = 8
"""How many platforms a note names."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What two images have in common and what not."""

    old: Inspection | None
    """``None`` for a first pin."""
    new: Image
    pairs: tuple[PlatformPair, ...]
    both: PlatformPair | None
    """The platform whose configurations are compared; ``None`` where there is none that both sides have read."""
    source: SourceMove
    base: BaseMove
    older: bool
    """Whether the new image is known to have been built before the old one."""
    returned: bool
    """Whether the history has the new digest already, below a newer one."""

    @property
    def same_layers(self) -> bool | None:
        """Whether all platforms that were read have the same layers, and none came or went; ``None``: none was read."""
        # Where an image does not say what it is for, its platform did not come, and another one did not go.
        vague = any(pair.platform is None for pair in self.pairs)
        pairs = [pair for pair in self.pairs if not vague or (pair.old is not None and pair.new is not None)]
        known = [pair.same_layers for pair in pairs if pair.same_layers is not None]
        return all(known) if known else None


def classes(facts: Facts, *, contract_changed: bool) -> tuple[MoveClass, ...]:
    """Return every class that fits, the most notable first; there is always one."""
    if facts.old is None:
        return (MoveClass.FIRST_PIN,)
    found: set[MoveClass] = set()
    if contract_changed:
        found.add(MoveClass.CONTRACT)
    if facts.older or facts.returned:
        found.add(MoveClass.ROLLBACK)
    if isinstance(facts.old, Uninspectable):
        return ordered({*found, MoveClass.UNKNOWN})
    old_revision, new_revision = facts.source.old_revision, facts.source.new_revision
    known = old_revision is not None and new_revision is not None
    moved = old_revision is not None and new_revision is not None and not same_revision(old_revision, new_revision)
    if moved:
        found.add(MoveClass.SOURCE)
    if facts.same_layers is False and not moved:
        found.add(MoveClass.REBUILD if known else MoveClass.CONTENT)
    if facts.same_layers and facts.both is not None and not contract_changed:
        found.add(MoveClass.METADATA)
    return ordered(found or {MoveClass.UNKNOWN})


def ordered(found: set[MoveClass]) -> tuple[MoveClass, ...]:
    """Put classes in their order."""
    return tuple(move for move in MoveClass if move in found)


def attention(facts: Facts) -> tuple[str, ...]:
    """Return a sentence for each thing beside the contract that a person should look at. No foreign text is in them."""
    return tuple(_attention(facts))


def _attention(facts: Facts) -> Iterator[str]:
    old, new = facts.old, facts.new
    if facts.older:
        yield "The new image was built before the one that is pinned."
    if facts.returned:
        yield RETURNED
    if not isinstance(old, Image):
        return
    if old.is_index and not new.is_index:
        yield f"The tag was an index of {len(old.platforms)} platforms and is a single platform's image now."
    fewer = _counts(facts, old=True) - _counts(facts, old=False)
    gone = {str(pair.platform) for pair in lost(facts.pairs)}
    for platform in sorted(fewer.keys() - gone - {"None"}):
        yield f"The index has fewer images for {platform} than before."
    if facts.both is not None and facts.both.configs is not None and becomes_root(*facts.both.configs):
        yield "It runs as root now, and did not before."
    if new.primary is None and old.primary is not None:
        yield "The configuration of the new image was not read: changes of its contract are not known."
    if repository_changed(facts.source) and (facts.source.new_url is not None or new.primary is not None):
        named = "no source repository any more" if facts.source.new_url is None else "another source repository"
        yield f"The image names {named}."
    if old.evidence.signature is Presence.PRESENT and new.evidence.signature is Presence.ABSENT:
        yield "The image was signed before and is not signed now."


def _counts(facts: Facts, *, old: bool) -> Counter[str]:
    sides = [pair.old if old else pair.new for pair in facts.pairs]
    return Counter(str(side.platform.normal if side.platform else None) for side in sides if side is not None)


def notes(facts: Facts) -> tuple[str, ...]:
    """Return what could not be compared, and what was inferred."""
    return tuple(_notes(facts))


def _notes(facts: Facts) -> Iterator[str]:
    if not isinstance(facts.old, Image):
        return
    if facts.both is None:
        yield "the configurations were not compared: no platform of both images was read in full"
    else:
        yield from _layer_notes(facts, facts.both)
    unread = [str(pair.platform) for pair in facts.pairs if pair.same_layers is None]
    if unread and facts.both is not None:
        more = f" and {len(unread) - _NAMED} more" if len(unread) > _NAMED else ""
        yield f"only {facts.both.platform or 'one platform'} was read; not {', '.join(unread[:_NAMED])}{more}"
    old, new = facts.source.old_revision, facts.source.new_revision
    if facts.same_layers is False and (old is None or new is None):
        neither = "neither image names" if old is None and new is None else "one of the images does not name"
        yield f"{neither} the revision it was built from: a rebuild cannot be told from a change of the source"


def _layer_notes(facts: Facts, both: PlatformPair) -> Iterator[str]:
    stated = facts.base.old is not None and not facts.base.old.likely and facts.base.new is not None
    if both.same_layers is False:
        if both.same_content:
            yield "the content of the layers is the same; they were packed anew"
        count, total = common_layers(both)
        if stated or not total:
            return
        if count:
            yield f"the first {count} of {total} layers are the same: the base image is likely unchanged"
        else:
            yield "not even the first layer is the same: the base image is likely another one, or was rebuilt"
