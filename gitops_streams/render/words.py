"""The phrases that several formats share: counts, places, a digest for people."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from gitops_streams.plan.model import Change, Failed, Held, Outcome, Plan, Site, SiteOutcome, Skipped, Unchanged

# With its algorithm, or as the bare digits that some charts want under `sha`.
_DIGEST = re.compile(
    r"(sha(?:256|512):[0-9a-f]{12})[0-9a-f]+|(?<![0-9A-Za-z:])([0-9a-f]{12})[0-9a-f]{52}(?![0-9A-Za-z])"
)

UNSCANNED = "repair such a file, or list it under exclude in .gitops-streams/config.yaml"
"""What to do about a file that could not be scanned."""


@lru_cache(maxsize=1024)  # the sites of a stream tag say the same
def shorten(text: str) -> str:
    """Cut every digest in ``text`` to twelve digits, for people."""
    return _DIGEST.sub(r"\1\2…", text)


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
    parts = [
        f"stream tags: {_counted(plan.tag_counts) or 'none in use'}",
        f"sites: {_counted(plan.site_counts) or 'none'}",
        count(len(plan.files), "file") + " to change",
        count(plan.requests, "request"),
    ]
    return " · ".join(parts)


def _counted(counts: Counter[Outcome]) -> str:
    return ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome])
