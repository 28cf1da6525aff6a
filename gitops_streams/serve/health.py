"""Whether the service works: what ``/readyz`` answers, as a pure function of the overview."""

from __future__ import annotations

from dataclasses import dataclass

from gitops_streams.render.inert import shown
from gitops_streams.serve.overview import Overview

_MOST = 20
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether there is something to show, and whether the loop goes round."""

    reasons: tuple[str, ...]
    """Why it is not ready, text of ours and repositories' names; empty where it is."""

    @property
    def ready(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.reasons

    @property
    def shown(self) -> tuple[str, ...]:
        """The first reasons on one line each, and how many more there are."""
        more = len(self.reasons) - _MOST
        first = tuple(shown(reason, _LONGEST) for reason in self.reasons[:_MOST])
        return (*first, f"… and {more} more") if more > 0 else first


def readiness(overview: Overview) -> Readiness:
    """Judge an overview.

    It is ready once the first pass of every repository has ended, however: that a repository fails is shown, counted
    and alerted on, and taking the page away would help nobody. It is no longer ready when the loop stands still.
    """
    reasons = [f"no pass has ended yet: {kept.name}" for kept in overview.repositories if kept.last is None]
    if overview.heartbeat is None:
        reasons.append("the loop has not begun")
    elif overview.now - overview.heartbeat > overview.stuck_after:
        seconds = (overview.now - overview.heartbeat).total_seconds()
        reasons.append(f"the loop has not come round for {seconds:.0f} s")
    return Readiness(tuple(reasons))
