"""The ladder by which a review gets shorter until it fits: whole blocks go, the least needed first.

What needs attention goes last, how to roll back never. A forge's limit is counted as the forge counts it, in
UTF-16 units, and in bytes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from gitops_streams.review.delta import MoveClass
from gitops_streams.review.pull_request import Capabilities
from gitops_streams.review.report import Review, TagReview

_SPARE = 10
"""A tenth of a limit stays free: forges count and rewrite in ways of their own."""
_ALERTS = 12


@dataclass(frozen=True, slots=True)
class Cut:
    """What is shown. The default is all of it."""

    metadata: bool = True
    """The blocks of stream tags of which only metadata moved."""
    labels: bool = True
    """Labels, build instructions and quiet images' platforms."""
    files: bool = True
    quiet: bool = True
    """The blocks of stream tags that need no look."""
    details: int | None = None
    """So many blocks at most; ``None``: all."""
    rows: int | None = None
    """So many rows of the table at most."""
    alerts: int = _ALERTS
    """So many stream tags above the table at most."""
    not_updated: int | None = None
    """So many entries of what was not updated at most."""
    terse: bool = False
    """Whether environments are named without their workloads."""


def detailed(review: Review, cut: Cut) -> tuple[TagReview, ...]:
    """Return the stream tags that get a block of their own."""
    shown = tuple(
        tag
        for tag in review.tags
        if tag.delta.alarming or (cut.quiet and (cut.metadata or tag.delta.move is not MoveClass.METADATA))
    )
    return shown[: cut.details]


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a text may be."""

    units: int
    """UTF-16 units."""
    size: int
    """Bytes of UTF-8."""

    @classmethod
    def of(cls, capabilities: Capabilities) -> Limit:
        """Return what a forge takes, less a tenth."""
        return cls(
            capabilities.body_limit * (100 - _SPARE) // 100,
            capabilities.body_bytes * (100 - _SPARE) // 100,
        )

    def admits(self, text: str) -> bool:
        """Whether ``text`` is short enough."""
        return len(text.encode("utf-16-le")) // 2 <= self.units and len(text.encode()) <= self.size


def fitting(review: Review, limit: Limit, build: Callable[[Cut], str]) -> str:
    """Return the text of the highest rung that fits; the last rung's where none does.

    Args:
        review: what is shown.
        limit: how long it may be.
        build: writes the text.
    """
    text = ""
    for rung in _rungs(review, lambda cut: limit.admits(build(cut))):
        text = build(rung)
        if limit.admits(text):
            break
    return text


def _rungs(review: Review, fits: Callable[[Cut], bool]) -> Iterator[Cut]:
    cut = Cut()
    yield cut
    yield (cut := replace(cut, metadata=False))
    yield (cut := replace(cut, labels=False))
    yield (cut := replace(cut, files=False))
    yield (cut := replace(cut, quiet=False))
    yield (cut := replace(cut, not_updated=20))
    details = _most(lambda number: fits(replace(cut, details=number)), len(review.alarming))
    if details is not None:
        yield replace(cut, details=details)
    cut = replace(cut, details=0, terse=True, not_updated=5)
    total = len(review.tags)
    for alerts, least in ((_ALERTS, 8), (6, 5), (3, 3), (2, 1), (1, 0), (0, 0)):
        cut = replace(cut, alerts=alerts, not_updated=min(alerts, 5))
        if fits(replace(cut, rows=min(least, total))):
            rows = _most(lambda number, cut=cut: fits(replace(cut, rows=number)), total)  # type: ignore[misc]
            yield replace(cut, rows=rows)
    yield replace(cut, rows=0)


def _most(fits: Callable[[int], bool], number: int) -> int | None:
    """Return the greatest number up to ``number`` that fits; ``None`` where zero does not."""
    found = bisect_right(range(number + 1), x=False, key=lambda each: not fits(each)) - 1
    return found if found >= 0 else None
