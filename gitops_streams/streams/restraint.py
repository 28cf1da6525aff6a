"""What keeps a stream tag from moving: a hold, and the gates that a new digest has to pass.

All of it stands in annotations ``gitops-streams.io/*``, so that it is reviewed like any change; the
configuration has the gates of those tags that do not say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.platform import Platform


@dataclass(frozen=True, slots=True)
class Hold:
    """``gitops-streams.io/hold``: the stream tag stays at one image until somebody resumes it.

    A rollback is a hold at an earlier image. The original ``from`` stays, so that resuming follows it again.
    """

    digest: Digest
    reason: str = ""
    """``gitops-streams.io/hold-reason``, for people."""


@dataclass(frozen=True, slots=True)
class Freeze:
    """A time in which nothing moves."""

    cron: str
    """When it starts: five fields, as crontab(5)."""
    duration: timedelta
    zone: str = "UTC"
    """A name of the IANA time-zone database."""

    def __str__(self) -> str:
        """As the annotation writes it."""
        return f"{self.cron} for {spelled(self.duration)} in {self.zone}"


@dataclass(frozen=True, slots=True)
class Gates:
    """What a new digest has to pass; ``None`` leaves a gate to the configuration, and there leaves it out."""

    min_age: timedelta | None = None
    """``gitops-streams.io/min-age``: how long ago the image must have been created."""
    hold_undated: bool | None = None
    """``gitops-streams.io/hold-undated``: hold an image whose date is unknown, rather than let it pass and say so."""
    platforms: tuple[Platform, ...] | None = None
    """``gitops-streams.io/require-platforms``: what the image must be built for."""
    freezes: tuple[Freeze, ...] | None = None
    """``gitops-streams.io/freeze``."""
    allow_downgrade: bool | None = None
    """``gitops-streams.io/allow-downgrade``: whether a policy may choose a lower version than the one that is there."""

    def over(self, under: Gates) -> Gates:
        """Return these gates, and those of ``under`` where nothing is said here."""
        return Gates(
            self.min_age if self.min_age is not None else under.min_age,
            self.hold_undated if self.hold_undated is not None else under.hold_undated,
            self.platforms if self.platforms is not None else under.platforms,
            self.freezes if self.freezes is not None else under.freezes,
            self.allow_downgrade if self.allow_downgrade is not None else under.allow_downgrade,
        )


OPEN = Gates()
"""Nothing said."""

_UNITS = (("w", timedelta(weeks=1)), ("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("m", timedelta(minutes=1)))


def spelled(duration: timedelta) -> str:
    """Write a duration as the annotations do: ``1w2d``, ``36h``; seconds are dropped."""
    rest, words = duration, ""
    for unit, size in _UNITS:
        count, rest = divmod(rest, size)
        words += f"{count}{unit}" if count else ""
    return words or "0m"
