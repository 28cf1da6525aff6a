"""The table for people at a terminal: what changes where, what does not and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from gitops_streams.plan.model import Outcome, SkippedReference
from gitops_streams.render import words
from gitops_streams.render.inert import line
from gitops_streams.render.report import Report

Item = TypeVar("Item")

_LISTED = 10
"""How many lines of a list are shown without ``-v``."""


def render(report: Report) -> str:
    """Render a report as a table with a summary; sites that need no change are only counted."""
    plan = report.plan
    rows = [
        [site.outcome.value, name, line(words.place(site.site)), line(words.change(site))]
        for tag in plan.tags
        for name in [line(str(tag.key))]
        for site in tag.sites
        if (report.every_site or site.outcome is not Outcome.UNCHANGED) and site.outcome is not Outcome.FAILED
    ]
    blocks = []
    if rows:
        from gitops_streams.render.columns import columns  # noqa: PLC0415  only rows pay for it

        headers = ["OUTCOME", "STREAM TAG", "PLACE", "CHANGE"]
        blocks.append(columns(headers, rows))
    failed = [(tag, tag.failure) for tag in plan.tags if tag.failure is not None]
    if failed:
        lines = [f"  {line(f'{tag.key}: {tag.reason}')}" for tag, _ in failed]
        hints = dict.fromkeys(failure.hint for _, failure in failed if failure.hint)
        lines += [f"  hint: {line(hint)}" for hint in hints]
        blocks.append("\n".join(["Failed (the pins that are there stay):", *lines]))
    held = [f"{tag.key}: {holding.reason}" for tag, holding in plan.enforced]
    if held:
        blocks.append(_listing("Held:", held, whole=report.every_site))
    if plan.skipped:
        blocks.append(_listing("Skipped:", plan.skipped, whole=report.every_site, write=_skipped))
    if plan.problems:
        noticed = _listing("Noticed:", [str(problem) for problem in plan.problems], whole=report.every_site)
        unscanned = any(problem.reason.startswith("not scanned: ") for problem in plan.problems)
        blocks.append(f"{noticed}\n  hint: {words.UNSCANNED}" if unscanned else noticed)
    moved = [tag for review in report.reviews for tag in review.tags]
    if moved:
        from gitops_streams.render.table_blocks import why  # noqa: PLC0415  few runs look at images

        blocks.insert(1 if rows else 0, _listing("Why:", [why(tag) for tag in moved], whole=report.every_site))
    closing = [words.summary(plan)]
    if report.published is not None:
        from gitops_streams.render.published_words import published  # noqa: PLC0415  a dry run does without
        from gitops_streams.render.table_blocks import pulls  # noqa: PLC0415  the same

        if report.published.pulls:
            blocks.append(pulls(report.published))
        closing.append(line(published(report.published)))
    blocks.append("\n".join(closing))
    return "\n\n".join(blocks) + "\n"


def _listing(title: str, items: Sequence[Item], *, whole: bool, write: Callable[[Item], str] = str) -> str:
    """Write a list under its title; a long one is cut, since the next run says the same again."""
    shown = items if whole or len(items) <= _LISTED + 1 else items[:_LISTED]
    lines = [title, *(f"  {line(write(item))}" for item in shown)]
    if len(shown) < len(items):
        lines.append(f"  … and {len(items) - len(shown)} more; -v lists them all")
    return "\n".join(lines)


def _skipped(item: SkippedReference) -> str:
    return f"{item.file}:{item.line}: {item.reference}: {item.reason}"
