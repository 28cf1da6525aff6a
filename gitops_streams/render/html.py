"""The report of a run as one page of HTML: where it rolls out, why each digest moves, what was left as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gitops_streams.plan.model import Outcome
from gitops_streams.render import html_plan, html_review, published_words, pull_phrases, words
from gitops_streams.render.html_page import page
from gitops_streams.render.html_review import Anchors
from gitops_streams.render.html_text import EMPTY, Html, code, element, escaped, inline, together
from gitops_streams.render.inert import web_address
from gitops_streams.render.phrase import Code, Link
from gitops_streams.render.report import Published, PullResult, Report
from gitops_streams.render.review_phrases import classes, extent, headline
from gitops_streams.review.lifecycle import PullOutcome
from gitops_streams.review.report import NotUpdated, Review

_PULLS = {
    PullOutcome.CREATED: "changed",
    PullOutcome.UPDATED: "changed",
    PullOutcome.CLOSED: "held",
    PullOutcome.BLOCKED: "failed",
    PullOutcome.FAILED: "failed",
    PullOutcome.UNCHANGED: "unchanged",
    PullOutcome.NONE: "unchanged",
}
"""The colours of outcomes, as those of stream tags."""


def render(report: Report) -> str:
    """Render a report as a page."""
    title = _title(report)
    return page(title, *_body(report, title))


def _title(report: Report) -> str:
    if report.reviews:
        return headline(_whole(report.reviews))
    counts = report.plan.tag_counts
    moved, failed = counts[Outcome.CHANGED], counts[Outcome.FAILED]
    if not moved:
        return f"{words.count(failed, 'stream tag')} could not be resolved" if failed else "Every pin is up to date"
    title = f"{words.count(moved, 'stream tag')} {'moves' if moved == 1 else 'move'}"
    return f"{title}, {failed} could not be resolved" if failed else title


def _whole(reviews: tuple[Review, ...]) -> Review:
    return replace(reviews[0], tags=tuple(tag for review in reviews for tag in review.tags))


def _body(report: Report, title: str) -> Iterator[Html]:
    moved = [tag for review in report.reviews for tag in review.tags]
    anchors: Anchors = {tag.key: f"tag-{number}" for number, tag in enumerate(moved, 1)}
    sections = list(_sections(report, anchors))
    alarming = any(tag.delta.alarming for tag in moved)
    failed = report.plan.tag_counts[Outcome.FAILED]
    links = [element("li", element("a", escaped(name), href=f"#{where}")) for where, name, _ in sections]
    yield element("a", escaped("Skip to the report"), href="#report", class_="skip")
    yield element(
        "header",
        element("p", escaped("gitops-streams"), class_="mark"),
        element("h1", escaped(title), class_="alarming" if alarming or failed else None),
        element("p", escaped(classes(_whole(report.reviews))), class_="lead") if report.reviews else EMPTY,
        html_plan.tiles(report.plan),
    )
    if len(links) > 1:
        yield element("nav", element("ul", *links, class_="plain"), aria_label="Sections")
    yield element(
        "main",
        *(element("section", element("h2", escaped(name)), content, id=where) for where, name, content in sections),
        id="report",
    )
    yield element("footer", *_footer(report))


def _sections(report: Report, anchors: Anchors) -> Iterator[tuple[str, str, Html]]:
    plan = report.plan
    if report.published is not None and report.published.pulls:
        dry = " (dry run, nothing was done)" if report.published.dry_run else ""
        yield "pull-requests", f"Pull requests{dry}", _pulls(report.published)
    if report.reviews:
        yield "review", "What moves, and why", together(_review(each, anchors, report) for each in report.reviews)
    for where, name, content in (
        ("failed", "Not resolved", html_plan.failed(plan)),
        ("skipped", "Left as it is", html_plan.skipped(plan)),
        ("noticed", "Noticed", html_plan.problems(plan)),
    ):
        if content:
            yield where, name, content
    if plan.tags:
        yield "plan", "Every stream tag", html_plan.tags(plan, {str(key): where for key, where in anchors.items()})


def _review(review: Review, anchors: Anchors, report: Report) -> Html:
    several = len(report.reviews) > 1
    parts = []
    if several:
        parts.append(element("h3", code(review.group, 200), class_="group"))
    parts.append(
        element("p", escaped(f"{headline(review)}: " if several else ""), inline(extent(review)), class_="muted")
    )
    parts.append(html_review.warnings(review, anchors))
    places = html_review.destinations(review, anchors)
    if places:
        parts += [element("h3", escaped("Where it rolls out")), places]
    if review.tags:
        parts += [element("h3", escaped("Why each digest moves")), html_review.cards(review, anchors)]
    return element("div", *parts, *_rest(review), class_="review")


def _rest(review: Review) -> Iterator[Html]:
    if review.files:
        listed = element("ul", *html_review.files(review), class_="plain entries")
        yield _folded(f"Files ({len(review.files)})", listed)
    if review.not_updated:
        yield _folded(
            f"Not updated ({len(review.not_updated)})",
            element("ul", *(_left(each) for each in review.not_updated), class_="plain entries"),
        )
    if review.tags:
        command = element("pre", code("git revert -m 1 <merge commit>\ngitops-streams rollback <stream:tag>"))
        note = element(
            "p",
            escaped("The first undoes the whole pull request (no -m 1 after a squash or a rebase merge). The other"),
            escaped(" holds one stream tag at the image that it had before, where no run undoes it, until "),
            code("gitops-streams resume <stream:tag>"),
            escaped("."),
        )
        yield _folded("Roll back after the merge", command, note)


def _folded(name: str, *content: Html) -> Html:
    summary = element("summary", element("h4", escaped(name)))
    return element("details", summary, element("div", *content, class_="inside"), class_="card small")


def _left(item: NotUpdated) -> Html:
    outcome = element("span", escaped(item.outcome), class_=f"badge {_known(item.outcome)}")
    kept = [element("span", escaped("stays "), code(digest.short), class_="muted") for digest in item.kept]
    head = element("span", element("strong", code(item.what, 400)), outcome, class_="site")
    return element("li", head, element("span", escaped(item.reason)), *kept)


def _known(outcome: str) -> str:
    return outcome if outcome in set(Outcome) else "skipped"


def _pulls(done: Published) -> Html:
    return element("ul", *(_pull(pull, dry_run=done.dry_run) for pull in done.pulls), class_="plain entries")


def _pull(pull: PullResult, *, dry_run: bool) -> Html:
    outcome = published_words.pull_outcome(pull.outcome, dry_run=dry_run)
    head = element(
        "span",
        element("strong", inline((*pull_phrases.number(pull), " ", Code(pull.group)))),
        element("span", escaped(outcome), class_=f"badge {_PULLS[pull.outcome]}"),
        class_="site",
    )
    told = [element("span", escaped(pull.reason))]
    told += [element("span", escaped(f"Warning: {warning}"), class_="muted") for warning in pull.warnings]
    if dry_run and pull.operations:
        steps = (element("li", inline(phrase)) for phrase in pull_phrases.operations(pull))
        told.append(element("ol", *steps))
    return element("li", head, *told)


def _footer(report: Report) -> Iterator[Html]:
    told = [words.summary(report.plan)]
    if report.published is not None:
        told.append(published_words.published(report.published))
    for text in told:
        yield element("p", escaped(text))
    run = report.reviews[0].run if report.reviews else None
    if run is not None:
        version = inline(("gitops-streams ", Code(run.version, 40)))
        log = inline((" · ", Link("run log", run.url))) if run.url and web_address(run.url) else EMPTY
        yield element("p", version, log)
