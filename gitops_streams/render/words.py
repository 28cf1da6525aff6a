"""The phrases that several formats share: counts, places, a digest for people."""

from __future__ import annotations

import re
from collections import Counter

from gitops_streams.plan.model import Change, Failed, Held, Outcome, Plan, Site, SiteOutcome, Skipped, Unchanged
from gitops_streams.render.report import Published
from gitops_streams.review.lifecycle import PullOutcome
from gitops_streams.streams import status

_DIGEST = re.compile(r"(sha(?:256|512):[0-9a-f]{12})[0-9a-f]+")

UNSCANNED = "repair such a file, or list it under exclude in .gitops-streams/config.yaml"
"""What to do about a file that could not be scanned."""


def shorten(text: str) -> str:
    """Cut every digest in ``text`` to twelve digits, for people."""
    return _DIGEST.sub(r"\1…", text)


def count(number: int, one: str, many: str | None = None) -> str:
    """Write a number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def place(site: Site) -> str:
    """Write where a site stands: ``file:line``."""
    return f"{site.occurrence.file}:{site.occurrence.line}"


def change(outcome: SiteOutcome) -> str:
    """Write what happens to a site, digests cut."""
    match outcome:
        case Change(before=None, after=after):
            return f"+ {shorten(after)}"
        case Change(before=before, after=after):
            return _move(before or "", after)
        case Unchanged(text=text):
            return shorten(text)
        case Held(reason=reason) | Skipped(reason=reason) | Failed(reason=reason):
            return reason


def _move(before: str, after: str) -> str:
    """Write old and new without saying twice what stays."""
    if after.startswith(f"{before}@") and before:
        return f"{before} + {shorten(after.removeprefix(before))}"
    stays, _, old = before.rpartition("@")
    same, _, new = after.rpartition("@")
    if stays == same and old:
        return f"{shorten(before)} → {shorten(new)}"
    return f"{shorten(before) or '(empty)'} → {shorten(after)}"


def summary(plan: Plan) -> str:
    """Write the counts of a plan in one line."""
    tags = ", ".join(f"{number} {outcome}" for outcome in Outcome if (number := plan.count_tags(outcome)))
    sites = ", ".join(f"{number} {outcome}" for outcome in Outcome if (number := plan.count_sites(outcome)))
    parts = [
        f"stream tags: {tags or 'none in use'}",
        f"sites: {sites or 'none'}",
        count(len(plan.files), "file") + " to change",
        count(plan.requests, "request"),
    ]
    return " · ".join(parts)


def published(done: Published) -> str:
    """Write what became of the plan in one line."""
    if done.mode == "pull-request":
        return pulls(done)
    if not done.files:
        return {"worktree": "nothing to write", "commit": "nothing to commit"}.get(done.mode, "nothing to push")
    own = sum(path.startswith(f"{status.DIRECTORY}/") for path in done.files)
    parts = [count(len(done.files) - own, "manifest")] if len(done.files) > own else []
    parts += [count(own, "status file")] if own else []
    files = " and ".join(parts)
    match done.mode:
        case "worktree":
            return f"wrote {files} in the work tree"
        case "commit":
            return f"committed {files} as {(done.commit or '')[:12]} on {done.branch}"
        case _:
            return f"pushed {files} as {(done.commit or '')[:12]} to {done.remote}/{done.branch}"


_PULLS = {
    PullOutcome.CREATED: ("opened", "to be opened"),
    PullOutcome.UPDATED: ("updated", "to be updated"),
    PullOutcome.UNCHANGED: ("unchanged", "unchanged"),
    PullOutcome.CLOSED: ("closed", "to be closed"),
    PullOutcome.BLOCKED: ("blocked", "blocked"),
    PullOutcome.NONE: ("not needed", "not needed"),
    PullOutcome.FAILED: ("failed", "failed"),
}


def pull_outcome(outcome: PullOutcome, *, dry_run: bool) -> str:
    """Write what became of a pull request, or what would."""
    return _PULLS[outcome][dry_run]


def pulls(done: Published) -> str:
    """Write what became of all pull requests in one line."""
    counted = Counter(pull.outcome for pull in done.pulls)
    told = [f"{counted[each]} {pull_outcome(each, dry_run=done.dry_run)}" for each in PullOutcome if counted[each]]
    return f"pull requests{' (dry run)' if done.dry_run else ''}: {', '.join(told) or 'none'}"
