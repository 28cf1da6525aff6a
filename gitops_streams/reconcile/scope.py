"""Which stream tags a pass looks after and asks for, whatever becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gitops_streams.plan.shard import Shard
from gitops_streams.streams.policy import NOTHING_PUSHED, Pushed


@dataclass(frozen=True, slots=True)
class Scope:
    """What a pass covers."""

    everything: bool = False
    """Resolve stream tags that nothing uses, too."""
    shard: Shard | None = None
    """Look after this share only: of the streams, of pull requests' groups."""
    pushed: Pushed = NOTHING_PUSHED
    """What a registry told of: it is asked for even where a stream tag is not scheduled."""
    now: datetime | None = None
    """The time that gates go by; ``None``: the clock's."""


IN_USE = Scope()
"""What is in use and scheduled, all of it."""
