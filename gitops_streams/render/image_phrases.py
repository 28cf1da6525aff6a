"""What is known of an image beside the fields that changed: source, age, base, evidence, platforms, sizes.

Dates are shown as the images have them and are compared with each other alone: there is no clock here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from gitops_streams.oci.image import Presence
from gitops_streams.render.phrase import NOTHING, Code, Link, Part, Phrase, merged, prose
from gitops_streams.render.words import count
from gitops_streams.review.delta import BaseImage, Built, ImageDelta, MoveClass, PlatformDelta
from gitops_streams.review.report import TagReview

SHORT_REVISION = 10
"""So many digits of a revision are shown."""
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_STEP = 1024
_NEXT = 1000
"""From so many on, the next unit is taken: no number has four digits."""
_DAY = 86_400
_HOUR = 3_600
_MINUTE = 60
_MONTH_DAYS = 60
"""From so many days on, months are counted."""
_YEAR_DAYS = 730
"""From so many days on, years are counted."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing to know, with its name."""

    name: str
    text: Phrase


def facts(tag: TagReview) -> Iterator[Fact]:
    """List what is known of the move beside the differences: source, age, base, evidence."""
    delta = tag.delta
    followed: list[Part] = [Code(tag.followed)]
    if tag.declared_in:
        followed += [", declared in ", Code(f"{tag.declared_in}:{tag.declared_line}")]
    yield Fact("Follows", merged(followed))
    yield from _source(delta)
    yield from _built(delta)
    yield from _base(delta)
    evidence = _evidence(delta)
    if evidence:
        yield Fact("Evidence", evidence)
    for note in delta.notes:
        yield Fact("Note", prose(note))


def _source(delta: ImageDelta) -> Iterator[Fact]:
    source = delta.source
    old, new = source.old_revision, source.new_revision
    first = delta.move is MoveClass.FIRST_PIN
    if source.compare is not None and old is not None and new is not None:
        revisions = Code(f"{old[:SHORT_REVISION]} → {new[:SHORT_REVISION]}")
        yield Fact("Source", (Link(revisions, source.compare), " (labels say so, not verified)"))
    elif old is not None or new is not None:
        cut = [None if revision is None else revision[:SHORT_REVISION] for revision in (old, new)]
        yield Fact("Source", _moved(cut[0], cut[1], first=first, same=old == new, name="the same revision"))
    if source.old_url != source.new_url or old is not None or new is not None:
        told = _moved(source.old_url, source.new_url, first=first, same=source.old_url == source.new_url)
        if source.old_url or source.new_url:
            yield Fact("Source repository", told)
    if source.old_version is not None or source.new_version is not None:
        same = source.old_version == source.new_version
        yield Fact("Version", _moved(source.old_version, source.new_version, first=first, same=same))


def _moved(old: str | None, new: str | None, *, first: bool, same: bool, name: str = "the same") -> Phrase:
    after: Part = "none" if new is None else Code(new)
    if first:
        return (after,)
    return (after, f", {name}") if same else ("none" if old is None else Code(old), " → ", after)


def _built(delta: ImageDelta) -> Iterator[Fact]:
    old, new = delta.old_built, delta.new_built
    if old.at is None and new.at is None:
        return
    if new.reproducible:
        yield Fact("Built", ("reproducibly: its date is a fixed one",))
    elif delta.move is MoveClass.FIRST_PIN:
        yield Fact("Built", (_date(new),))
    elif old.at == new.at:
        yield Fact("Built", (f"{_date(new)}, the same",))
    else:
        gap = age(old, new)
        yield Fact("Built", (f"{_date(old)} → {_date(new)}{f' ({gap})' if gap else ''}",))


def _date(built: Built) -> str:
    if built.at is None:
        return "unknown"
    return "a fixed date" if built.reproducible else f"{moment(built.at)} UTC"


def moment(at: datetime) -> str:
    """Write a point in time to the minute."""
    return at.isoformat(sep=" ", timespec="minutes")[:16]


def age(old: Built, new: Built) -> str:
    """Say how much newer the new image is; nothing where that is not known."""
    if old.at is None or new.at is None or old.reproducible or new.reproducible:
        return ""
    gap = new.at - old.at
    if not gap:
        return ""
    return f"{_span(abs(gap))} {'newer' if gap > timedelta() else 'older'}"


def _span(gap: timedelta) -> str:
    seconds = int(gap.total_seconds())
    days = seconds // _DAY
    if days >= _YEAR_DAYS:
        return count(days // 365, "year")
    if days >= _MONTH_DAYS:
        return count(days // 30, "month")
    for size, name in ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute")):
        if seconds >= size:
            return count(seconds // size, name)
    return count(seconds, "second")


def _base(delta: ImageDelta) -> Iterator[Fact]:
    base = delta.base
    if not any(image is not None and (image.name or image.digest) for image in (base.old, base.new)):
        return
    likely = any(image is not None and image.likely for image in (base.old, base.new))
    end = " (likely: inferred from equal layers)" if likely else ""
    if delta.move is MoveClass.FIRST_PIN:
        yield Fact("Base image", merged([*_based_on(base.new), end]))
    elif base.moved or base.old is None or base.new is None:
        yield Fact("Base image", merged([*_based_on(base.old), " → ", *_based_on(base.new), end]))
    else:
        yield Fact("Base image", merged([*_based_on(base.new), ", unchanged", end]))


def _based_on(base: BaseImage | None) -> Phrase:
    if base is None or (base.name is None and base.digest is None):
        return ("not named",)
    parts: list[Part] = [] if base.name is None else [Code(base.name)]
    if base.digest is not None:
        parts += [" ", Code(base.digest.short)] if parts else [Code(base.digest.short)]
    return merged(parts)


def _evidence(delta: ImageDelta) -> Phrase:
    old, new = delta.old_evidence, delta.new_evidence
    names = (("signature", "signature"), ("SBOM", "sbom"), ("provenance", "provenance"))
    first = delta.move is MoveClass.FIRST_PIN
    told = [
        _presence(name, getattr(old, field), getattr(new, field), first=first)
        for name, field in names
        if getattr(new, field) is not Presence.UNKNOWN or getattr(old, field) is Presence.PRESENT
    ]
    return (f"{', '.join(told)} (presence only, nothing was verified)",) if told else ()


def _presence(name: str, old: Presence, new: Presence, *, first: bool) -> str:
    moved = not first and old is not Presence.UNKNOWN and old is not new
    match new:
        case Presence.PRESENT:
            return f"{name} new" if moved else f"{name} present"
        case Presence.ABSENT:
            return f"no {name} any more" if moved else f"no {name}"
        case Presence.UNKNOWN:
            return f"{name} not looked for now"
        case _:
            assert_never(new)


# Sizes and platforms


def size(number: int | None) -> str:
    """Write a number of bytes for people."""
    if number is None:
        return "not read"
    amount = float(number)
    for unit in _UNITS[:-1]:
        if abs(amount) < _NEXT:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= _STEP
    return f"{amount:.1f} {_UNITS[-1]}"


def resized(platform: PlatformDelta) -> str:
    """Write the size before and after with the difference."""
    old, new = platform.old_size, platform.new_size
    if new is None or old is None:
        return size(new if new is not None else old)
    if old == new:
        return f"{size(new)}, the same"
    sign = "+" if new > old else "\N{MINUS SIGN}"
    return f"{size(old)} → {size(new)} ({sign}{size(abs(new - old))})"


def layers(platform: PlatformDelta) -> str:
    """Say how many layers are shared, new and gone."""
    if platform.shared is None:
        return NOTHING
    told = [f"{platform.shared} shared"]
    told += [f"{platform.added} new"] if platform.added else []
    told += [f"{platform.dropped} gone"] if platform.dropped else []
    return ", ".join(told)


def fate(platform: PlatformDelta) -> str:
    """Say what became of a platform."""
    if platform.old is None and platform.new is None:
        return "unknown"
    if platform.new is None:
        return "gone"
    if platform.old is None:
        return "new"
    return "unchanged" if platform.old == platform.new else "moved"


def telling(tag: TagReview) -> tuple[PlatformDelta, ...]:
    """Return the platforms that a table has something to say about: those read, and those that came or went."""
    first = tag.delta.move is MoveClass.FIRST_PIN
    return tuple(
        platform
        for platform in tag.delta.platforms
        if platform.new_size is not None
        or platform.old_size is not None
        or (not first and fate(platform) in {"gone", "new"})
    )


def primary(tag: TagReview) -> PlatformDelta | None:
    """Return the platform whose size stands for the image."""
    return next((platform for platform in tag.delta.platforms if platform.new_size is not None), None)


def platform_name(platform: PlatformDelta) -> Phrase:
    """Name a platform."""
    return ("not named",) if platform.platform is None else (Code(str(platform.platform), 64),)
