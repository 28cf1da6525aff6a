"""The report as Markdown, for step summaries and comments. Everything that is not ours is made inert."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gitops_streams.plan.model import Change, Outcome, TagPlan
from gitops_streams.render import published_words, pull_phrases, words
from gitops_streams.render import review_blocks as blocks
from gitops_streams.render.inert import code
from gitops_streams.render.ladder import Cut, Limit, detailed
from gitops_streams.render.markdown_text import Dialect, bullets, inline, table
from gitops_streams.render.phrase import prose
from gitops_streams.render.report import Published, Report
from gitops_streams.review.report import Review

STEP_SUMMARY = 1024 * 1024
"""The most bytes that GitHub takes as the summary of a step (GitHub Docs, "Workflow commands", Step isolation and
limits)."""
_DIALECT = Dialect()
_CUTS = (
    (cut := Cut()),
    (cut := replace(cut, metadata=False)),
    (cut := replace(cut, labels=False)),
    (cut := replace(cut, quiet=False)),
    (cut := replace(cut, details=50)),
    (cut := replace(cut, details=0, rows=1000)),
    replace(cut, details=0, rows=100),
)
_LISTS = (None, 1000, 100, 10, 0)


def render(report: Report) -> str:
    """Render a report as Markdown: why digests moved, where, and what needs attention."""
    return _render(report, Cut(), None)


def step_summary(report: Report, limit: int = STEP_SUMMARY) -> str:
    """Render a report as Markdown that is not longer than ``limit`` bytes, cut between blocks where it has to be.

    A report of some kilobytes is never cut by the default; of the smallest text there is, the end is cut off.
    """
    room = Limit(limit, limit)
    text = ""
    for cut in _CUTS:
        for most in _LISTS:
            text = _render(report, cut, most)
            if room.admits(text):
                return text
    blocks_of_text = text.split("\n\n")
    while blocks_of_text and not room.admits("\n\n".join(blocks_of_text)):
        del blocks_of_text[-1]
    return "\n\n".join(blocks_of_text)


def _render(report: Report, cut: Cut, most: int | None) -> str:
    plan = report.plan
    parts = [f"**{words.summary(plan)}**"]
    for review in report.reviews:
        parts += _review(review, cut, titled=len(report.reviews) > 1)
    reviewed = {tag.key for review in report.reviews for tag in review.tags}
    moved = [tag for tag in plan.tags if tag.outcome is Outcome.CHANGED and tag.key not in reviewed]
    if moved:
        parts.append(table(["Stream tag", "Image", "Digest", "Sites"], map(_moved, moved[:most])))
        parts += _rest(moved, most)
    failed = [tag for tag in plan.tags if tag.failure is not None]
    if failed:
        listed = [f"{code(str(tag.key))}: {code(tag.reason or '')}" for tag in failed]
        parts += ["### Failed", "The pins that are there stay.", *_listed(listed, most)]
    held = [f"{code(str(tag.key))}: {code(holding.reason)}" for tag, holding in plan.enforced]
    if held:
        parts += ["### Held", *_listed(held, most)]
    others = list(_left(report))
    if others:
        parts += ["### Skipped", *_listed(others, most)]
    if plan.problems:
        parts += ["### Noticed", *_listed([code(str(problem)) for problem in plan.problems], most)]
    if report.published is not None:
        parts += _published(report.published, most)
    return "\n\n".join(part for part in parts if part) + "\n"


def _review(review: Review, cut: Cut, *, titled: bool) -> Iterator[str]:
    if titled:
        yield f"## {code(review.group, 120)}"
    yield blocks.verdict(review, terse=cut.terse)
    yield blocks.warnings(review, _DIALECT, cut.alerts)
    if review.tags:
        yield blocks.overview(review, review.tags[: cut.rows])
    for tag in detailed(review, cut):
        yield blocks.block(tag, _DIALECT, blocks.Depth(labels=cut.labels))


def _moved(tag: TagPlan) -> Sequence[str]:
    sites = [site for site in tag.sites if isinstance(site, Change)]
    image = "" if tag.image is None else ":".join(filter(None, (tag.image.reference.name, tag.image.tag)))
    where = "<br>".join(f"{code(words.place(site.site))}" for site in sites)
    old = sorted({str(site.site.occurrence.digest) for site in sites if site.site.occurrence.digest})
    before = ", ".join(code(words.shorten(digest)) for digest in old) or "*(no digest)*"
    return code(str(tag.key)), code(image), f"{before} → {code(words.shorten(str(tag.digest)))}", where


def _left(report: Report) -> Iterator[str]:
    for tag in report.plan.tags:
        if tag.outcome is Outcome.FAILED:
            continue
        for site in tag.sites:
            if site.outcome in {Outcome.HELD, Outcome.SKIPPED}:
                place = f"{code(words.place(site.site))} ({code(str(tag.key))})"
                yield f"{place}: {site.outcome.value}: {code(words.change(site))}"
    for item in report.plan.skipped:
        yield f"{code(f'{item.file}:{item.line}')}: {code(item.reference)}: {code(item.reason)}"


def _published(done: Published, most: int | None) -> Iterator[str]:
    if not done.pulls:
        yield code(published_words.published(done))
        return
    yield "### Pull requests (dry run)" if done.dry_run else "### Pull requests"
    rows = [
        (
            inline(pull_phrases.number(pull)),
            code(pull.group),
            published_words.pull_outcome(pull.outcome, dry_run=done.dry_run),
            inline(prose(pull.reason)),
        )
        for pull in done.pulls[:most]
    ]
    yield table(["", "Group", "Outcome", "Why"], rows)
    yield from _rest(done.pulls, most)
    told = [f"{code(pull.group)}: {inline(prose(warning))}" for pull in done.pulls for warning in pull.warnings]
    if done.dry_run:
        for pull in done.pulls:
            told += [f"{code(pull.group)}: {inline(phrase)}" for phrase in pull_phrases.operations(pull)]
    yield from _listed(told, most)


def _listed(items: Sequence[str], most: int | None) -> Iterator[str]:
    yield bullets(items[:most])
    yield from _rest(items, most)


def _rest(items: Sequence[object], most: int | None) -> Iterator[str]:
    if most is not None and len(items) > most:
        yield f"… and {len(items) - most} more"
