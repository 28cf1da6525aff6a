"""How often something is done, with jitter, and how soon again after it failed. It knows no clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

_FIRST_RETRY = 5.0
_GROWTH = 2.0


@dataclass(slots=True)
class Pace:
    """An interval in seconds, spread so that what began together does not stay together."""

    interval: float
    jitter: float = 0.1
    """The share of the interval by which it is longer or shorter, at most."""
    random: Random = field(default_factory=Random)
    first_retry: float = _FIRST_RETRY

    def next(self) -> float:
        """Return the seconds until the next time."""
        return self.interval * (1 + self.jitter * self.random.uniform(-1, 1))

    def retry(self, failures: int) -> float:
        """Return the seconds after so many failures in a row, at least 1; never longer than ``next`` may be.

        Jitter only shortens the longest pause: nobody waits for more than an interval and its jitter.
        """
        # The exponent is bounded, since a float is.
        pause = self.first_retry * _GROWTH ** min(failures - 1, 60)
        return min(pause * (1 + self.jitter * self.random.uniform(0, 1)), self.next())
