"""The page at ``/``: how everything is, every stream tag with why, and the health of what it depends on."""

from __future__ import annotations

from gitops_streams.render import words
from gitops_streams.render.html_text import EMPTY, Html, code, element, escaped
from gitops_streams.serve.health import readiness
from gitops_streams.serve.overview import Overview, RepositoryView, SiteState, State, TagView
from gitops_streams.serve.pages import ages
from gitops_streams.serve.pages.document import document, refreshing, void
from gitops_streams.serve.pages.health_sections import alerts, sections
from gitops_streams.serve.pages.parts import (
    Cell,
    Row,
    badge,
    digest,
    pull_link,
    sub,
    table,
    tag_address,
    text,
)
from gitops_streams.serve.pages.selection import Selected, Selection, select

PER_PAGE = 100
_MOST_OPTIONS = 1000


def home(overview: Overview, wanted: Selection, account: Html = EMPTY) -> str:
    """Write the page.

    Args:
        overview: what is known now.
        wanted: which stream tags are asked for.
        account: what it says of who looks at it: sign in, sign out.
    """
    found = select(overview, wanted, PER_PAGE)
    everything = select(overview, Selection(), 1) if wanted.text or wanted.repository else found
    title = _title(everything)
    alarming = bool(everything.counts[State.FAILING])
    parts = list(sections(overview))
    links = [
        ("tags", "Stream tags", sum(everything.counts.values())),
        *((where, name, n) for where, name, n, _ in parts),
    ]
    head = element(
        "header",
        element("div", element("span", escaped("gitops-streams")), account, class_="mark"),
        element(
            "div",
            element("h1", escaped(title), class_="alarming" if alarming else None),
            element("p", _lead(overview), class_="lead"),
            alerts(overview, readiness(overview).reasons),
            id="summary",
            data_live="",
        ),
        *refreshing(),
    )
    navigation = element(
        "nav",
        element(
            "ul",
            *(element("li", element("a", escaped(f"{name} ({n:,})"), href=f"#{where}")) for where, name, n in links),
            class_="plain",
        ),
        aria_label="Sections",
        id="sections",
        data_live="",
    )
    body = element(
        "main",
        element(
            "section", element("h2", escaped("Stream tags")), *_tags(overview, wanted, found), id="tags", class_="first"
        ),
        element(
            "div",
            *(element("section", element("h2", escaped(name)), content, id=where) for where, name, _, content in parts),
            id="health",
            data_live="",
        ),
    )
    skip = element("a", escaped("Skip to the stream tags"), href="#tags", class_="skip")
    return document(title, skip, head, navigation, body, _footer(overview), script=True)


def _title(everything: Selected) -> str:
    failing, behind = everything.counts[State.FAILING], everything.counts[State.BEHIND]
    total = sum(everything.counts.values())
    if failing:
        title = f"{words.count(failing, 'stream tag')} {'is' if failing == 1 else 'are'} failing"
        return f"{title}, {behind:,} behind" if behind else title
    if behind:
        return f"{words.count(behind, 'stream tag')} {'is' if behind == 1 else 'are'} behind"
    if not total:
        return "No stream tags yet"
    held = everything.counts[State.HELD]
    return f"Nothing is behind, {held:,} held" if held else "Everything is current"


def _lead(overview: Overview) -> Html:
    told = (
        f"{words.count(len(overview.repositories), 'repository', 'repositories')} · {overview.queued:,} queued · as of "
    )
    return Html(escaped(told) + ages.moment(overview.now))


def _footer(overview: Overview) -> Html:
    version = element("p", escaped("gitops-streams "), code(overview.version, 40), escaped(", started "))
    started = Html(version.removesuffix("</p>") + ages.ago(overview.started, overview.now) + "</p>")
    links = (("api/overview", "JSON"), ("metrics", "Metrics"), ("readyz", "Readiness"))
    listed = " · ".join(element("a", escaped(name), href=where) for where, name in links)
    return element("footer", started, element("p", Html(listed)), id="about", data_live="")


def _tags(overview: Overview, wanted: Selection, found: Selected) -> list[Html]:
    return [
        element("div", _states(wanted, found), id="states", data_live=""),
        _form(overview, wanted),
        element("div", _count(wanted, found), role="status", id="count", data_live=""),
        element("div", _list(overview, wanted, found), id="list", data_live=""),
    ]


def _states(wanted: Selection, found: Selected) -> Html:
    links = [_state_link(wanted, None, sum(found.counts.values()))]
    links += [_state_link(wanted, state, found.counts[state]) for state in State]
    return element("div", *links, class_="states", role="group", aria_label="Filter by state")


def _state_link(wanted: Selection, state: State | None, number: int) -> Html:
    name = "All" if state is None else state.value.capitalize()
    return element(
        "a",
        element("span", escaped(name)),
        element("strong", escaped(f"{number:,}")),
        href=wanted.query(state=state),
        class_=f"{state.value if state else 'all'}{'' if number else ' none'}",
        aria_current="true" if wanted.state is state else None,
    )


def _form(overview: Overview, wanted: Selection) -> Html:
    fields = [
        element(
            "label",
            escaped("Search: name, source, digest, file, reason"),
            void("input", type="search", name_="q", value=wanted.text, id="q", autocomplete="off", spellcheck="false"),
            class_="words",
        )
    ]
    if len(overview.repositories) > 1 or wanted.repository:
        options = [element("option", escaped("all"), value="")]
        names = sorted(kept.name for kept in overview.repositories)[:_MOST_OPTIONS]
        if wanted.repository and wanted.repository not in names:
            names.append(wanted.repository)
        options += [
            element("option", text(name, 80), value=name, selected="" if name == wanted.repository else None)
            for name in names
        ]
        fields.append(element("label", escaped("Repository"), element("select", *options, name_="repository")))
    if wanted.state is not None:
        fields.append(void("input", type="hidden", name_="state", value=wanted.state.value))
    fields.append(element("button", escaped("Search"), type="submit"))
    return element("form", *fields, class_="search", role="search", method="get")


def _count(wanted: Selection, found: Selected) -> Html:
    told = words.count(found.total, "stream tag").replace(str(found.total), f"{found.total:,}", 1)
    if found.pages > 1:
        told += f", page {found.page:,} of {found.pages:,}"
    parts = [element("span", escaped(told))]
    if wanted.narrows:
        parts.append(element("a", escaped("Show everything"), href="?"))
    return element("p", *parts, class_="found")


def _list(overview: Overview, wanted: Selection, found: Selected) -> Html:
    if not found.tags:
        told = "No stream tag matches." if wanted.narrows else "Nothing has been read yet, or nothing is declared."
        return element("div", element("p", escaped(told), class_="nothing"), class_="list")
    several = len(overview.repositories) > 1
    headings = ("State", "Stream tag", "Digest", "Since", "Checked", "Used", "Pull request")
    rows = [_row(overview, kept, tag, several=several) for kept, tag in found.tags]
    return Html(table("Stream tags", headings, rows) + _pages(wanted, found))


def _pages(wanted: Selection, found: Selected) -> Html:
    if found.pages == 1:
        return EMPTY
    links = []
    if found.page > 1:
        links.append(element("a", escaped("Previous"), href=wanted.query(page=found.page - 1), rel="prev"))
    links.append(element("span", escaped(f"Page {found.page:,} of {found.pages:,}")))
    if found.page < found.pages:
        links.append(element("a", escaped("Next"), href=wanted.query(page=found.page + 1), rel="next"))
    return element("nav", *links, class_="pages", aria_label="Pages")


def _row(overview: Overview, kept: RepositoryView, tag: TagView, *, several: bool) -> Row:
    name, now = str(tag.key), overview.now
    follows = [code(tag.source, 200)] if tag.source else []
    if several:
        follows.append(Html(escaped(" in " if follows else "in ") + code(kept.name, 80)))
    head = [element("a", code(name, 300), href=tag_address(kept.name, name)), sub(*follows)]
    if tag.reason:
        head.append(element("span", text(tag.reason, 240), class_="why"))
    since = EMPTY if tag.since is None else ages.age(tag.since, now)
    moved = tag.latest is not None and tag.latest != tag.current
    shown = digest(tag.current)
    if moved:
        shown = Html(shown + (sub(escaped("registry "), digest(tag.latest)) if tag.current else digest(tag.latest)))
    checked = escaped("never") if tag.checked_at is None else ages.ago(tag.checked_at, now)
    if tag.next_check is not None:
        checked = Html(checked + sub(escaped("next "), ages.ahead(tag.next_check, now)))
    state = badge(tag.state.value)
    if tag.failing_since is not None:
        state = Html(state + sub(escaped("for "), ages.age(tag.failing_since, now)))
    return Row(
        Html("".join(head)),
        (
            Cell(shown),
            Cell(since, "since"),
            Cell(checked, "checked", "brief"),
            Cell(_used(tag), "used", "number"),
            Cell(EMPTY if tag.pull is None else pull_link(tag.pull), "pull request"),
        ),
        tag.state.value,
        Cell(state),
    )


def _used(tag: TagView) -> Html:
    total = len(tag.sites)
    less = sum(site.state is not SiteState.CURRENT for site in tag.sites)
    told = escaped(words.count(total, "place") if total else "nowhere")
    return Html(told + (sub(escaped(f"{less} not current")) if less else ""))
