"""The report as Markdown, for step summaries and comments. Everything that is not ours is made inert."""

from __future__ import annotations

from gitops_streams.oci.resolution import Unresolvable
from gitops_streams.plan.model import Change, Outcome
from gitops_streams.render import words
from gitops_streams.render.inert import code
from gitops_streams.render.report import Report


def render(report: Report) -> str:
    """Render a report as Markdown: the tags that moved, where, and what needs attention."""
    plan = report.plan
    lines = [f"**{words.summary(plan)}**", ""]
    moved = [tag for tag in plan.tags if tag.outcome is Outcome.CHANGED]
    if moved:
        lines += ["| Stream tag | Image | Digest | Sites |", "| --- | --- | --- | --- |"]
        for tag in moved:
            sites = [site for site in tag.sites if isinstance(site, Change)]
            image = "" if tag.image is None else ":".join(filter(None, (tag.image.reference.name, tag.image.tag)))
            where = "<br>".join(f"{code(words.place(site.site))}" for site in sites)
            old = sorted({str(site.site.occurrence.digest) for site in sites if site.site.occurrence.digest})
            before = ", ".join(code(words.shorten(digest)) for digest in old) or "*(no digest)*"
            after = code(words.shorten(str(tag.digest)))
            lines.append(f"| {code(str(tag.key))} | {code(image)} | {before} → {after} | {where} |")
        lines.append("")
    failed = [tag for tag in plan.tags if isinstance(tag.resolution, Unresolvable)]
    if failed:
        lines += ["### Failed", "", "The pins that are there stay.", ""]
        lines += [f"- {code(str(tag.key))}: {code(tag.reason or '')}" for tag in failed]
        lines.append("")
    others = [
        f"- {code(words.place(site.site))} ({code(str(tag.key))}): {site.outcome.value}: {code(words.change(site))}"
        for tag in plan.tags
        if tag.outcome is not Outcome.FAILED
        for site in tag.sites
        if site.outcome in {Outcome.HELD, Outcome.SKIPPED}
    ]
    others += [
        f"- {code(f'{item.file}:{item.line}')}: {code(item.reference)}: {code(item.reason)}" for item in plan.skipped
    ]
    if others:
        lines += ["### Skipped", "", *others, ""]
    if plan.problems:
        lines += ["### Noticed", "", *(f"- {code(str(problem))}" for problem in plan.problems), ""]
    if report.published is not None:
        lines += [code(words.published(report.published)), ""]
    return "\n".join(lines)
