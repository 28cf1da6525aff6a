"""The table for people at a terminal: what changes where, what does not and why."""

from __future__ import annotations

from gitops_streams.oci.resolution import Unresolvable
from gitops_streams.plan.model import Outcome
from gitops_streams.render import words
from gitops_streams.render.inert import line
from gitops_streams.render.report import Report


def render(report: Report) -> str:
    """Render a report as a table with a summary; sites that need no change are only counted."""
    from tabulate import tabulate  # noqa: PLC0415  only a table pays for it

    plan = report.plan
    rows = [
        [site.outcome.value, line(str(tag.key)), line(words.place(site.site)), line(words.change(site))]
        for tag in plan.tags
        for site in tag.sites
        if (report.every_site or site.outcome is not Outcome.UNCHANGED) and tag.outcome is not Outcome.FAILED
    ]
    blocks = []
    if rows:
        headers = ["OUTCOME", "STREAM TAG", "PLACE", "CHANGE"]
        blocks.append(tabulate(rows, headers=headers, tablefmt="plain", disable_numparse=True))
    failed = [tag for tag in plan.tags if isinstance(tag.resolution, Unresolvable)]
    if failed:
        lines = ["Failed (the pins that are there stay):"]
        for tag in failed:
            lines.append(f"  {line(str(tag.key))}: {line(tag.reason or '')}")
            hint = tag.resolution.hint if isinstance(tag.resolution, Unresolvable) else None
            lines += [f"    hint: {line(hint)}"] if hint else []
        blocks.append("\n".join(lines))
    if plan.skipped:
        skipped = [
            f"  {line(f'{item.file}:{item.line}')}: {line(item.reference)}: {line(item.reason)}"
            for item in plan.skipped
        ]
        blocks.append("\n".join(["Skipped:", *skipped]))
    if plan.problems:
        blocks.append("\n".join(["Noticed:", *(f"  {line(str(problem))}" for problem in plan.problems)]))
    closing = [words.summary(plan)]
    if report.published is not None:
        closing.append(line(words.published(report.published)))
    blocks.append("\n".join(closing))
    return "\n\n".join(blocks) + "\n"
