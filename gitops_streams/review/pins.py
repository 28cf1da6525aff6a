"""Which pins a change touches: the references of two snapshots, each paired with what it was before.

A place is known again by what it belongs to, not only by where it stands: a container that another one was
put before, a document that moved, a file that was renamed are the same place. A pin that merely moved is no change.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gitops_streams.manifests.occurrence import MarkedScalar, Occurrence
from gitops_streams.manifests.scan import ScannedFile
from gitops_streams.oci.digest import Digest
from gitops_streams.plan.bind import Bindings
from gitops_streams.plan.model import Site
from gitops_streams.streams.model import TagKey


@dataclass(frozen=True, slots=True)
class Place:
    """A reference in one snapshot."""

    occurrence: Occurrence
    site: Site | None
    """``None`` where no stream tag decides it."""
    reason: str | None = None
    """Why none does, where there is more to say than that none follows it."""


class Touch(StrEnum):
    """What a change does to a pin."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class PinChange:
    """A place whose reference is not what it was; one side at least is there."""

    before: Place | None
    after: Place | None

    @property
    def touch(self) -> Touch:
        """What happened."""
        if self.before is None:
            return Touch.ADDED
        return Touch.REMOVED if self.after is None else Touch.CHANGED

    @property
    def occurrence(self) -> Occurrence:
        """The reference as it is now; where it is gone, as it was."""
        place = self.after or self.before
        if place is None:
            raise AssertionError("a change without sides")
        return place.occurrence

    @property
    def old(self) -> Digest | None:
        """The digest that it had."""
        return None if self.before is None else self.before.occurrence.digest

    @property
    def new(self) -> Digest | None:
        """The digest that it has."""
        return None if self.after is None else self.after.occurrence.digest

    @property
    def tag(self) -> TagKey | None:
        """The stream tag that it belongs to.

        A reference without a tag belongs by its digest alone. One that nobody knows leaves it where it was.
        """
        sites = [place.site for place in (self.after, self.before) if place is not None and place.site is not None]
        if not sites:
            return None
        if self.before is None or self.after is None or self.after.site is not None:
            return sites[0].tag
        before, after = self.before.occurrence, self.after.occurrence
        by_digest = after.tag is None and after.digest is not None and after.repository == before.repository
        return sites[0].tag if by_digest else None


def places(files: Iterable[ScannedFile], bindings: Bindings) -> tuple[Place, ...]:
    """List the references of scanned files, bound or not, in their order."""
    sites = {id(site.occurrence): site for site in bindings.sites}
    reasons = {(item.file, item.line, item.reference): item.reason for item in bindings.skipped}
    return tuple(
        Place(
            finding,
            sites.get(id(finding)),
            reasons.get((finding.file, finding.line, finding.text)) if id(finding) not in sites else None,
        )
        for file in files
        for finding in file.findings
        if isinstance(finding, Occurrence) and finding.takes_digest
    )


def changed_pins(
    before: Sequence[Place], after: Sequence[Place], renamed: Mapping[str, str] | None = None
) -> tuple[PinChange, ...]:
    """Pair the places of two snapshots, and return those that differ.

    A pin is touched where its repository, its tag, its digest or its marker is another one. Left out is what
    neither has or had a digest nor is decided by a stream tag.

    Args:
        before: the places of the merge base, at least those in files that differ.
        after: the places of the change, likewise.
        renamed: old paths with the new ones, for files that were renamed.

    Returns:
        The changes in the order of files and lines; what is gone stands where it was.
    """
    names = renamed or {}
    left_before, left_after = list(before), list(after)
    pairs: list[tuple[Place, Place]] = []
    for key in _KEYS:
        left_before, left_after = _pair(key, names, left_before, left_after, pairs)
    changes = [PinChange(old, new) for old, new in pairs if _value(old) != _value(new)]
    changes += [PinChange(old, None) for old in left_before]
    changes += [PinChange(None, new) for new in left_after]
    return tuple(sorted(filter(_is_pin, changes), key=_order))


_Key = Callable[[Occurrence, str], Hashable | None]
"""What a place is known again by, given its file's name now; ``None`` where that tells nothing."""


def _owned(occurrence: Occurrence, file: str) -> Hashable | None:
    owner = _owner(occurrence)
    return None if owner is None else (file, owner, occurrence.repository)


def _placed(occurrence: Occurrence, file: str) -> Hashable:
    return file, _form(occurrence), occurrence.address, occurrence.repository


def _owned_by_any(occurrence: Occurrence, file: str) -> Hashable | None:
    owner = _owner(occurrence)
    return None if owner is None else (file, owner)


def _placed_by_any(occurrence: Occurrence, file: str) -> Hashable:
    return file, _form(occurrence), occurrence.address


def _elsewhere(occurrence: Occurrence, file: str) -> Hashable | None:  # noqa: ARG001  wherever it is now
    owner = _owner(occurrence) if occurrence.owner.name is not None else None
    return None if owner is None else (owner, occurrence.repository)


def _same(occurrence: Occurrence, file: str) -> Hashable | None:  # noqa: ARG001  the same
    value = (occurrence.repository, occurrence.tag, occurrence.digest)
    return None if occurrence.digest is None or occurrence.repository is None else (_form(occurrence), value)


_KEYS: tuple[_Key, ...] = (_owned, _placed, _owned_by_any, _placed_by_any, _elsewhere, _same)
"""The surest first: the owner's own image, the same spot, another image of the owner, another image on the spot; then
the owner's image in another file, and the very same pin anywhere else."""


def _pair(
    key: _Key,
    names: Mapping[str, str],
    before: list[Place],
    after: list[Place],
    pairs: list[tuple[Place, Place]],
) -> tuple[list[Place], list[Place]]:
    """Pair what a key makes the same; returns what is left of both sides."""
    waiting: dict[Hashable, list[Place]] = {}
    unknown: list[Place] = []
    for place in before:
        occurrence = place.occurrence
        known = key(occurrence, names.get(occurrence.file, occurrence.file))
        (unknown if known is None else waiting.setdefault(known, [])).append(place)
    left: list[Place] = []
    late: list[tuple[list[Place], Place]] = []
    # Of several with one key, those that say the same are one another; the others come in their order.
    for place in after:
        known = key(place.occurrence, place.occurrence.file)
        candidates = waiting.get(known, []) if known is not None else []
        same = next((at for at, each in enumerate(candidates) if _value(each) == _value(place)), None)
        if same is not None:
            pairs.append((candidates.pop(same), place))
        else:
            late.append((candidates, place))
    for candidates, place in late:
        if candidates:
            pairs.append((candidates.pop(0), place))
        else:
            left.append(place)
    kept = {id(place) for places_left in (*waiting.values(), unknown) for place in places_left}
    return [place for place in before if id(place) in kept], left


def _owner(occurrence: Occurrence) -> Hashable | None:
    owner = occurrence.owner
    if not (owner.name or owner.container):
        return None
    return _form(occurrence), owner.kind, owner.name, owner.container, occurrence.namespace


def _form(occurrence: Occurrence) -> Hashable:
    form = occurrence.form
    return (occurrence.form_name, form.part) if isinstance(form, MarkedScalar) else occurrence.form_name


def _value(place: Place) -> Hashable:
    """Return what makes two references the same pin."""
    occurrence = place.occurrence
    form = occurrence.form
    marker = (form.stream, form.tag) if isinstance(form, MarkedScalar) else None
    return occurrence.repository, occurrence.tag, occurrence.digest, marker


def _is_pin(change: PinChange) -> bool:
    pinned = change.old is not None or change.new is not None
    return pinned or (change.after is not None and change.after.site is not None)


def _order(change: PinChange) -> tuple[str, int, int]:
    occurrence = change.occurrence
    return occurrence.file, occurrence.line, occurrence.address[0][0]
