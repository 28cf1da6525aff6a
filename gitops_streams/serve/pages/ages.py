"""Times for people: how long ago, in the coarsest unit that says something, with the moment itself beside it."""

from __future__ import annotations

from datetime import UTC, datetime

from gitops_streams.render.html_text import Html, element, escaped

_UNITS = ((86400 * 365, "y"), (86400, "d"), (3600, "h"), (60, "min"))
_YEARS_FROM = 2 * 86400 * 365
"""Days are counted up to two years."""


def span(seconds: float) -> str:
    """Write a span of time: ``4 min``, ``3 h``, ``12 d``; less than a minute is said as such."""
    for unit, name in _UNITS:
        if seconds >= (unit if unit != _UNITS[0][0] else _YEARS_FROM):
            return f"{int(seconds // unit)} {name}"
    return "under 1 min"


def short_span(seconds: float) -> str:
    """Write how long something took: ``0.4 s``, ``12 s``, ``4 min``."""
    return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s" if seconds < 120 else span(seconds)  # noqa: PLR2004


def ago(when: datetime, now: datetime) -> Html:
    """Write how long ago something was."""
    seconds = (now - when).total_seconds()
    return _time(when, "just now" if seconds < 60 else f"{span(seconds)} ago")  # noqa: PLR2004 - seconds of a minute


def ahead(when: datetime, now: datetime) -> Html:
    """Write in how much time something will be; what should have been is due."""
    seconds = (when - now).total_seconds()
    return _time(when, "due now" if seconds <= 0 else f"in {span(seconds)}")


def age(when: datetime, now: datetime) -> Html:
    """Write how old something is."""
    return _time(when, span((now - when).total_seconds()))


def moment(when: datetime) -> Html:
    """Write a moment, in UTC to the minute."""
    return _time(when, written(when))


def written(when: datetime) -> str:
    """Return a moment as text, in UTC to the minute."""
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _time(when: datetime, text: str) -> Html:
    utc = when.astimezone(UTC)
    return element(
        "time", escaped(text), datetime=utc.isoformat(timespec="seconds"), title=f"{utc:%Y-%m-%d %H:%M:%S} UTC"
    )
