"""What keeps a stream tag from moving: a hold, and the gates that a new digest has to pass.

All of it stands in annotations ``gitops-streams.io/*``, so that it is reviewed like any change.
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


@dataclass(frozen=True, slots=True)
class Gates:
    """What a new digest has to pass."""

    min_age: timedelta | None = None
    """``gitops-streams.io/min-age``: how long ago the image must have been created."""
    hold_undated: bool = False
    """Hold an image whose date is unknown or absurd, rather than let it pass with a notice."""
    platforms: tuple[Platform, ...] = ()
    """``gitops-streams.io/require-platforms``: what the image must be built for."""
    freezes: tuple[Freeze, ...] = ()
    """``gitops-streams.io/freeze``."""
    allow_downgrade: bool = False
    """``gitops-streams.io/allow-downgrade``: whether an older image or version may replace a newer one."""


OPEN = Gates()
"""No gate at all, but for the one against downgrades."""
