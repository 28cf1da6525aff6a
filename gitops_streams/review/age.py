"""When an image was built, as it says itself, and which of two is older. No clock: dates are only compared."""

from __future__ import annotations

from datetime import UTC, datetime

from gitops_streams.review.delta import Built

_EPOCH = 1970
_REPRODUCIBLE = frozenset({_EPOCH, 1980})
"""The years that reproducible builds say: the epoch (Jib, Bazel, Nix, ko) and the ZIP format's (buildpacks)."""
_FIRST, _LAST = 1981, 9000
"""Between these years a date is believed."""


def built(created: datetime | None) -> Built:
    """Read a creation date.

    Args:
        created: with its time zone; without one it is taken for UTC. Go's zero time (year 1) and other absurd
            dates say nothing.
    """
    # The first and the last day of the calendar have no form in UTC in every zone.
    if created is None or not _EPOCH - 1 <= created.year <= _LAST:
        return Built(None)
    at = created.replace(tzinfo=UTC) if created.tzinfo is None else created.astimezone(UTC)
    if at.year in _REPRODUCIBLE:
        return Built(at, reproducible=True)
    return Built(at) if _FIRST <= at.year <= _LAST else Built(None)


def is_older(new: Built, old: Built) -> bool:
    """Whether the new image is known to have been built before the old one.

    Fixed dates have no age. Nothing that has one is older than they are, so only the new image's matters.
    """
    if new.at is None or old.at is None or new.reproducible:
        return False
    return new.at < old.at
