"""Read the gates of a stream tag from annotations, and say which of them is wrong and what would be right.

The forms are used by the configuration too: durations (``3d``, ``1d12h``), freezes
(``0 18 * * 5 for 62h in Europe/Berlin``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from gitops_streams.errors import InvalidReference
from gitops_streams.oci.platform import Platform
from gitops_streams.streams.annotation_names import GATES
from gitops_streams.streams.fields import quoted
from gitops_streams.streams.restraint import Freeze, Gates

_DURATION = re.compile(r"(?:(\d{1,3})w)?(?:(\d{1,4})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m)?", re.ASCII)
_FREEZE = re.compile(
    r"(?P<cron>[^;]{1,200}?)\s+for\s+(?P<duration>\S{1,30})(?:\s+in\s+(?P<zone>[A-Za-z0-9/_+-]{1,60}))?"
)
_FLAGS = {"true": True, "false": False}
_MOST = 20
"""Freezes of one stream tag."""
_LONGEST = timedelta(days=3660)

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class InvalidGate:
    """An annotation makes no gate."""

    annotation: str
    """Without its prefix."""
    reason: str


class _Wrong(Exception):
    """A value that cannot be read; its text says why."""


def read_gates(annotations: Mapping[str, str]) -> Gates | InvalidGate | None:
    """Read gates.

    Args:
        annotations: without their prefix, a tag's own laid over its stream's; an empty one is none.

    Returns:
        The gates; ``None`` where no annotation asks for one.
    """
    given = {name: annotations[name] for name in GATES if annotations.get(name)}
    if not given:
        return None
    name = ""

    def read(of: str, reader: Callable[[str], Read]) -> Read | None:
        nonlocal name
        name = of
        return reader(given[of]) if of in given else None

    try:
        return Gates(
            read("min-age", _duration),
            read("hold-undated", _flag),
            read("require-platforms", _platforms),
            read("freeze", _freezes),
            read("allow-downgrade", _flag),
        )
    except _Wrong as error:
        return InvalidGate(name, str(error))


def parse_duration(text: str) -> timedelta | None:
    """Read ``2w``, ``3d``, ``36h``, ``90m`` or several of them in this order; ``None`` where it is nothing like it."""
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()):
        return None
    weeks, days, hours, minutes = (int(count or 0) for count in found.groups())
    duration = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes)
    return duration if duration <= _LONGEST else None


def parse_freeze(cron: str, duration: str, zone: str) -> Freeze | str:
    """Read a freeze, or return why it is none."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415  few repositories freeze

    from cronsim import CronSim, CronSimError  # noqa: PLC0415  the same

    lasts = parse_duration(duration)
    if lasts is None or not lasts:
        return f"{quoted(duration)} is no duration; write 62h or 2d12h"
    try:
        ZoneInfo(zone)
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        return f"{quoted(zone)} is no time zone; write Europe/Berlin or UTC"
    except KeyError:
        return f"{quoted(zone)} is no time zone that is known here; write Europe/Berlin or UTC"
    try:
        CronSim(cron, datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        return f"{quoted(cron)} is no cron expression of five fields: {error}"
    if len(cron.split()) != 5:  # noqa: PLR2004  six would count seconds
        return f"{quoted(cron)} is no cron expression of five fields"
    return Freeze(" ".join(cron.split()), lasts, zone)


def _duration(text: str) -> timedelta:
    duration = parse_duration(text)
    if duration is None:
        raise _Wrong(f"{quoted(text)} is no duration; write 3d, 36h or 1d12h")
    return duration


def _flag(text: str) -> bool:
    if text not in _FLAGS:
        raise _Wrong(f"{quoted(text)} is neither true nor false")
    return _FLAGS[text]


def _platforms(text: str) -> tuple[Platform, ...]:
    try:
        return tuple(Platform.parse(word) for word in re.split(r"[\s,]+", text) if word)
    except InvalidReference as error:
        raise _Wrong(f"{error}; {error.hint}" if error.hint else str(error)) from error


def _freezes(text: str) -> tuple[Freeze, ...]:
    windows = [window.strip() for window in re.split(r"[;\n]", text) if window.strip()]
    if len(windows) > _MOST:
        raise _Wrong(f"it names {len(windows)} windows, and {_MOST} are the most")
    freezes = []
    for window in windows:
        found = _FREEZE.fullmatch(window)
        if found is None:
            raise _Wrong(f"{quoted(window)} is no freeze; write 0 18 * * 5 for 62h in Europe/Berlin")
        freeze = parse_freeze(found["cron"], found["duration"], found["zone"] or "UTC")
        if isinstance(freeze, str):
            raise _Wrong(freeze)
        freezes.append(freeze)
    return tuple(freezes)
