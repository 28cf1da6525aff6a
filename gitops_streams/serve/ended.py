"""What is shown and logged of a visit that ended."""

from __future__ import annotations

from datetime import datetime

from gitops_streams.errors import GitopsStreamsError
from gitops_streams.plan.model import Change
from gitops_streams.render import inert
from gitops_streams.render.report import Report
from gitops_streams.serve.agenda import Trigger
from gitops_streams.serve.kept import outcome_of
from gitops_streams.serve.overview import PassOutcome, PassView
from gitops_streams.serve.visit import Idle, Passed

_LONGEST = 500


def pass_view(
    done: Passed | Idle | None, error: Exception | None, ended: datetime, seconds: float, trigger: Trigger
) -> PassView | None:
    """Show a visit; ``None`` where it found nothing to do, which is no pass."""
    if isinstance(done, Idle):
        return None
    if isinstance(done, Passed):
        return PassView(ended, seconds, outcome_of(done.report), trigger=trigger.value)
    message, hint = ("", "") if error is None else explained(error)
    return PassView(ended, seconds, PassOutcome.FAILED, message, hint, trigger.value)


def published_changes(done: Passed | Idle | None) -> int | None:
    """Count the sites that got a new digest by what was published; ``None`` where nothing was."""
    if not isinstance(done, Passed):
        return None
    published = done.report.published
    if published is None or not (published.files or published.commit):
        return None
    return _changes(done.report)


def commit_of(done: Passed | Idle | None) -> str | None:
    """Return the commit that a visit has made."""
    published = done.report.published if isinstance(done, Passed) else None
    return published.commit if published is not None else None


def explained(error: Exception) -> tuple[str, str]:
    """Say what went wrong, and what to do. Of a bug only its type is told: a message might hold what was sent."""
    match error:
        case GitopsStreamsError():
            return inert.shown(error.message, _LONGEST), error.hint or ""
        case OSError():
            return f"the operating system refused: {error.strerror or type(error).__name__}", ""
        case _:
            return f"internal error: {type(error).__name__}", "this is a bug of gitops-streams; please report it"


def _changes(report: Report) -> int:
    return sum(isinstance(site, Change) for site in report.plan.sites)
