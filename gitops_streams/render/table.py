"""The table for people at a terminal: what changes where, what does not and why."""

from __future__ import annotations

from gitops_streams.plan.model import Outcome
from gitops_streams.render import pull_phrases, words
from gitops_streams.render.image_phrases import age, primary, resized
from gitops_streams.render.inert import line
from gitops_streams.render.phrase import Phrase, joined, plain
from gitops_streams.render.report import Published, Report
from gitops_streams.render.review_phrases import alerts, reason
from gitops_streams.review.report import TagReview

_LISTED = 10
"""How many lines of a list are shown without ``-v``."""


def render(report: Report) -> str:
    """Render a report as a table with a summary; sites that need no change are only counted."""
    from tabulate import tabulate  # noqa: PLC0415  only a table pays for it

    plan = report.plan
    rows = [
        [site.outcome.value, line(str(tag.key)), line(words.place(site.site)), line(words.change(site))]
        for tag in plan.tags
        for site in tag.sites
        if (report.every_site or site.outcome is not Outcome.UNCHANGED) and site.outcome is not Outcome.FAILED
    ]
    blocks = []
    if rows:
        headers = ["OUTCOME", "STREAM TAG", "PLACE", "CHANGE"]
        blocks.append(tabulate(rows, headers=headers, tablefmt="plain", disable_numparse=True))
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
        skipped = [f"{item.file}:{item.line}: {item.reference}: {item.reason}" for item in plan.skipped]
        blocks.append(_listing("Skipped:", skipped, whole=report.every_site))
    if plan.problems:
        noticed = _listing("Noticed:", [str(problem) for problem in plan.problems], whole=report.every_site)
        unscanned = any(problem.reason.startswith("not scanned: ") for problem in plan.problems)
        blocks.append(f"{noticed}\n  hint: {words.UNSCANNED}" if unscanned else noticed)
    moved = [tag for review in report.reviews for tag in review.tags]
    if moved:
        reasons = [f"{'! ' if tag.delta.alarming else ''}{tag.key}: {plain(_why(tag))}" for tag in moved]
        blocks.insert(1 if rows else 0, _listing("Why:", reasons, whole=report.every_site))
    if report.published is not None and report.published.pulls:
        blocks.append(_pulls(report.published))
    closing = [words.summary(plan)]
    if report.published is not None:
        closing.append(line(words.published(report.published)))
    blocks.append("\n".join(closing))
    return "\n\n".join(blocks) + "\n"


def _why(tag: TagReview) -> Phrase:
    """Say why a digest moved, and what of it needs attention or else how old and large it is."""
    told = [reason(tag), *alerts(tag)]
    if not tag.delta.alarming:
        platform = primary(tag)
        told += [(text,) for text in (age(tag.delta.old_built, tag.delta.new_built),) if text]
        told += [] if platform is None else [(resized(platform),)]
    return joined(told, "; ")


def _pulls(done: Published) -> str:
    """Write a line for each pull request, what it was not given below it, and in a dry run what would be done."""
    lines = ["Pull requests (dry run, nothing was done):" if done.dry_run else "Pull requests:"]
    for pull in done.pulls:
        number = "" if pull.number is None else f" #{pull.number}"
        outcome = words.pull_outcome(pull.outcome, dry_run=done.dry_run)
        lines.append(f"  {line(f'{pull.group}:{number} {outcome}: {pull.reason}')}")
        if pull.url is not None:
            lines.append(f"    {line(pull.url)}")
        lines += [f"    warning: {line(warning)}" for warning in pull.warnings]
        if done.dry_run:
            lines += [f"    {plain(phrase)}" for phrase in pull_phrases.operations(pull)]
    return "\n".join(lines)


def _listing(title: str, items: list[str], *, whole: bool) -> str:
    """Write a list under its title; a long one is cut, since the next run says the same again."""
    shown = items if whole or len(items) <= _LISTED + 1 else items[:_LISTED]
    lines = [title, *(f"  {line(item)}" for item in shown)]
    if len(shown) < len(items):
        lines.append(f"  … and {len(items) - len(shown)} more; -v lists them all")
    return "\n".join(lines)
