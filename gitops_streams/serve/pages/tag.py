"""The page of one stream tag: what it is and why, where it is used, what it was, and what can be done."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_streams.oci.digest import Digest
from gitops_streams.render.html_text import EMPTY, Html, code, element, escaped
from gitops_streams.render.inert import shown
from gitops_streams.serve.overview import CheckOutcome, HistoryEntry, Overview, RepositoryView, SiteView, State, TagView
from gitops_streams.serve.pages import ages
from gitops_streams.serve.pages.document import document, refreshing, void
from gitops_streams.serve.pages.parts import Cell, Row, badge, commit, digest, pull_link, sub, table, text

MOST_SITES = 500
_ASKED = {
    CheckOutcome.QUEUED: "It is queued, and will be checked in a moment.",
    CheckOutcome.ALREADY_QUEUED: "It is queued already.",
    CheckOutcome.UNKNOWN: "It is not known any more.",
    CheckOutcome.STOPPING: "The service is ending; it will not be checked now.",
}


def tag_page(
    overview: Overview,
    found: tuple[RepositoryView, TagView],
    *,
    account: Html = EMPTY,
    form_key: str | None = None,
    asked: CheckOutcome | None = None,
) -> str:
    """Write the page.

    Args:
        overview: what is known now.
        found: the stream tag and its repository.
        account: what it says of who looks at it.
        form_key: what a form has to carry so that it counts as ours; ``None`` where nothing may be asked.
        asked: what became of the wish to check it, where somebody has just had it.
    """
    kept, tag = found
    name = str(tag.key)
    button = EMPTY if form_key is None else _check(kept, name, form_key)
    told = EMPTY if asked is None else element("p", escaped(_ASKED[asked]), class_="notice", role="status")
    head = element(
        "header",
        element("div", element("a", escaped("← All stream tags"), href="./"), account, class_="mark"),
        element(
            "div",
            element("h1", code(name)),
            element("span", badge(tag.state.value), id="state", data_live=""),
            button,
            class_="heading",
        ),
        told,
        element("div", _why(overview, tag), id="why", data_live=""),
        *refreshing(),
    )
    sections = [
        ("facts", "Now", element("dl", *(_fact(*pair) for pair in _facts(overview, kept, tag)), class_="facts panel")),
        ("sites", f"Where it is used ({len(tag.sites):,})", _sites(tag)),
        ("history", f"What it was ({len(tag.history):,})", _history(overview, tag)),
        ("commands", "By hand", _commands(name)),
    ]
    body = element(
        "main",
        *(
            element("section", element("h2", escaped(title)), content, id=where, data_live="")
            for where, title, content in sections
        ),
    )
    return document(name, head, body, script=True)


def _check(kept: RepositoryView, name: str, form_key: str) -> Html:
    return element(
        "form",
        void("input", type="hidden", name_="repository", value=kept.name),
        void("input", type="hidden", name_="name", value=name),
        void("input", type="hidden", name_="key", value=form_key),
        element("button", escaped("Check now"), type="submit", class_="main"),
        method="post",
        action="check",
    )


def _why(overview: Overview, tag: TagView) -> Html:
    if not tag.reason:
        return EMPTY
    parts = [element("p", text(tag.reason, 2000))]
    if tag.hint:
        parts.append(element("p", element("strong", escaped("To do: ")), text(tag.hint, 1000)))
    if tag.failing_since is not None:
        since = Html(
            escaped("Since ")
            + ages.moment(tag.failing_since)
            + escaped(", ")
            + ages.ago(tag.failing_since, overview.now)
        )
        parts.append(element("p", since, class_="muted"))
    if tag.held_until is not None:
        parts.append(element("p", escaped("Until "), ages.moment(tag.held_until), class_="muted"))
    return element("div", *parts, class_="notice bad" if tag.state is State.FAILING else "notice")


def _fact(name: str, content: Html) -> Html:
    return element("div", element("dt", escaped(name)), element("dd", content))


def _whole(found: Digest) -> Html:
    return element("code", escaped(str(found)), class_="whole")


def _facts(overview: Overview, kept: RepositoryView, tag: TagView) -> Iterator[tuple[str, Html]]:
    now = overview.now
    if tag.current is not None:
        yield "Digest", _whole(tag.current)
    if tag.latest is not None and tag.latest != tag.current:
        yield "Registry has", _whole(tag.latest)
    if tag.since is not None:
        yield "Since", Html(ages.moment(tag.since) + sub(ages.ago(tag.since, now)))
    yield "Follows", code(tag.source, 500) if tag.source else escaped("nothing that can be used")
    if tag.image and tag.image != tag.source:
        yield "Asks for", code(tag.image, 500)
    yield "Checked", escaped("never") if tag.checked_at is None else ages.ago(tag.checked_at, now)
    yield (
        "Next check",
        escaped("when an event asks for it") if tag.next_check is None else ages.ahead(tag.next_check, now),
    )
    if tag.pull is not None:
        yield "Pull request", pull_link(tag.pull)
    if tag.file:
        yield "Declared in", code(f"{tag.file}:{tag.line}" if tag.line else tag.file, 500)
    yield "Repository", Html(code(kept.name, 100) + sub(code(kept.location, 300)))
    at = Html(escaped(" at ") + commit(kept.commit)) if kept.commit else EMPTY
    yield "Branch", Html(code(kept.branch, 100) + at)


def _sites(tag: TagView) -> Html:
    if not tag.sites:
        return element("div", element("p", escaped("No manifest uses it."), class_="nothing"), class_="list")
    listed = sorted(tag.sites, key=_site_rank)[:MOST_SITES]
    rows = [
        Row(
            Html(
                code(f"{site.file}:{site.line}", 400)
                + (element("span", text(site.reason), class_="why") if site.reason else "")
            ),
            (Cell(digest(site.digest) or escaped("no digest")),),
            site.state.value,
            Cell(badge(site.state.value)),
        )
        for site in listed
    ]
    more = len(tag.sites) - len(listed)
    rest = element("p", escaped(f"… and {more:,} more"), class_="muted") if more else EMPTY
    return Html(table("Places", ("State", "Place", "Has"), rows) + rest)


def _site_rank(site: SiteView) -> tuple[bool, str, int]:
    return (site.state.value == "current", site.file, site.line)


def _history(overview: Overview, tag: TagView) -> Html:
    if not tag.history:
        return element("div", element("p", escaped("Nothing is recorded."), class_="nothing"), class_="list")
    entries = [
        _entry(overview, entry, now=number == 0 and entry.digest == tag.current)
        for number, entry in enumerate(tag.history)
    ]
    return element("div", element("ol", *entries, class_="timeline"), class_="panel")


def _entry(overview: Overview, entry: HistoryEntry, *, now: bool) -> Html:
    head = [element("code", escaped(str(entry.digest)), class_="whole")]
    if now:
        head.append(Html(" " + badge("now", "current")))
    told: list[Html] = []
    if entry.when is not None:
        told.append(Html(ages.moment(entry.when) + escaped(", ") + ages.ago(entry.when, overview.now)))
    if entry.source_tag:
        told.append(Html(escaped("as ") + code(entry.source_tag, 128)))
    if entry.who:
        told.append(Html(escaped("recorded by ") + text(entry.who, 80)))
    if entry.commit:
        told.append(Html(escaped("in ") + commit(entry.commit)))
    details = Html(" · ".join(told)) if told else escaped("recorded earlier than the log goes back")
    return element(
        "li", element("span", *head), element("span", details, class_="muted"), class_="now" if now else None
    )


def _commands(name: str) -> Html:
    lines = (("History", "history"), ("Roll back", "rollback"), ("Hold", "hold"), ("Let go on", "resume"))
    rows = [_fact(what, element("code", escaped(f"gitops-streams {verb} {shown(name, 400)}"))) for what, verb in lines]
    told = element(
        "p", escaped("In a clone of the repository; each but the first edits the declaration."), class_="muted"
    )
    return element("div", told, element("dl", *rows, class_="facts"), class_="panel")
