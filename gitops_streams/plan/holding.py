"""What keeps a stream tag from moving, as a value: the one way in which holds, gates and reverts reach a plan.

Whoever says not now (a hold in the declaration, a gate, the memory of a revert) gives ``plan.build`` a
``Holding`` by stream tag; aliases of a held stream tag are held with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from gitops_streams.oci.digest import Digest
from gitops_streams.streams.model import TagKey


@dataclass(frozen=True, slots=True)
class Holding:
    """A stream tag does not move to what its source resolves to."""

    reason: str
    """One sentence for people: why, and what lets it go."""
    digest: Digest | None = None
    """Where it stays: a place without a digest gets this one; ``None`` leaves such a place alone too."""
    source_tag: str | None = None
    """The tag that ``digest`` was found under; ``None``: the one that the source names."""
    until: datetime | None = None
    """When it ends by itself, with a time zone; ``None`` where it does not."""
    enforced: bool = False
    """Every place gets ``digest``, whatever it has, and the status records it: a hold, a rollback.

    Otherwise a place that has a digest keeps it, and nothing is recorded."""


Holdings = Mapping[TagKey, Holding]
NONE: Holdings = {}


def holding_of(holdings: Holdings, path: Iterable[TagKey]) -> Holding | None:
    """Return what holds a stream tag: its own holding, else that of the first one it leads to that has one.

    Args:
        holdings: by stream tag.
        path: the stream tag, then those that its aliases lead to.
    """
    return next((holdings[key] for key in path if key in holdings), None)
