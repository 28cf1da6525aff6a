"""The plan as HTML: every stream tag with its sites, what failed, what was skipped, what was noticed."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_streams.oci.resolution import Resolved, Unresolvable
from gitops_streams.plan.model import Change, Failed, Held, Outcome, Plan, SiteOutcome, Skipped, TagPlan, Unchanged
from gitops_streams.render import words
from gitops_streams.render.html_text import EMPTY, Html, code, element, escaped

_LONG = 400
_UNCHANGED = 200
"""How many sites of a stream tag that need no change are listed."""


def tags(plan: Plan, links: dict[str, str]) -> Html:
    """Write every stream tag, those that change unfolded if they are few.

    Args:
        plan: the plan.
        links: from the name of a stream tag to the id of its review.
    """
    return element("div", *(_tag(tag, links.get(str(tag.key))) for tag in plan.tags), class_="tags")


def _tag(tag: TagPlan, review: str | None) -> Html:
    summary = element(
        "summary",
        element("h3", code(str(tag.key))),
        element("span", outcome(tag.outcome), class_="badges"),
        element("span", escaped(_counted(tag)), class_="gist"),
    )
    parts = [element("dl", *(element("div", *pair) for pair in _facts(tag)))]
    if review is not None:
        parts.append(element("p", element("a", escaped("Why it moved"), href=f"#{review}")))
    sites = list(_sites(tag))
    if sites:
        parts.append(element("ul", *sites, class_="plain sites"))
    return element("details", summary, element("div", *parts, class_="inside"), class_="card small")


def outcome(found: Outcome) -> Html:
    """Write an outcome."""
    return element("span", escaped(found.value), class_=f"badge {found.value}")


def _counted(tag: TagPlan) -> str:
    changed = sum(isinstance(site, Change) for site in tag.sites)
    total = words.count(len(tag.sites), "site")
    return f"{changed} of {total}" if changed and changed < len(tag.sites) else total


def _facts(tag: TagPlan) -> Iterator[tuple[Html, Html]]:
    source = "nothing that can be used" if tag.source is None else str(tag.source)
    yield element("dt", escaped("Follows")), element("dd", code(source, _LONG))
    match tag.resolution:
        case Resolved(digest=digest, host=host, method=method):
            how = element("span", escaped(f", {method.value} "), code(host), class_="muted")
            yield element("dt", escaped("Resolved to")), element("dd", code(str(digest)), how)
        case Unresolvable(reason=reason, hint=hint):
            yield element("dt", escaped("Not resolved")), element("dd", escaped(reason))
            if hint:
                yield element("dt", escaped("To do")), element("dd", escaped(hint))


def _sites(tag: TagPlan) -> Iterator[Html]:
    unchanged = [site for site in tag.sites if isinstance(site, Unchanged)]
    for site in tag.sites:
        if not isinstance(site, Unchanged):
            yield _site(site)
    for site in unchanged[:_UNCHANGED]:
        yield _site(site)
    if len(unchanged) > _UNCHANGED:
        yield element("li", escaped(f"… and {len(unchanged) - _UNCHANGED} more that need no change"))


def _site(site: SiteOutcome) -> Html:
    place = element("span", code(words.place(site.site), _LONG), class_="file")
    head = element("span", place, outcome(site.outcome), class_="site")
    match site:
        case Change(before=before, after=after):
            old = [] if before is None else [element("del", code(before, _LONG))]
            shown = element("span", *old, element("ins", code(after, _LONG)), class_="change")
        case Unchanged(text=text):
            shown = element("span", code(text, _LONG), class_="muted")
        case Held(reason=reason) | Skipped(reason=reason) | Failed(reason=reason):
            shown = element("span", escaped(reason))
    return element("li", head, shown)


def failed(plan: Plan) -> Html:
    """Write the stream tags that have no digest, each with the cause and what to do."""
    items = []
    for tag in plan.tags:
        if tag.failure is not None:
            hint = tag.failure.hint
            told = [element("strong", code(str(tag.key))), element("span", escaped(tag.reason or ""))]
            told += [element("span", escaped(f"To do: {hint}"), class_="muted")] if hint else []
            items.append(element("li", *told))
    return element("ul", *items, class_="plain entries") if items else EMPTY


def skipped(plan: Plan) -> Html:
    """Write what was held or skipped, with the reason."""
    items = [_entry(str(tag.key), str(tag.key), holding.reason, Outcome.HELD) for tag, holding in plan.enforced]
    items += [
        _entry(words.place(site.site), str(tag.key), site.reason, site.outcome)
        for tag in plan.tags
        if tag.outcome is not Outcome.FAILED
        for site in tag.sites
        if isinstance(site, Held | Skipped)
    ]
    items += [_entry(f"{item.file}:{item.line}", item.reference, item.reason, Outcome.SKIPPED) for item in plan.skipped]
    return element("ul", *items, class_="plain entries") if items else EMPTY


def _entry(place: str, what: str, reason: str, found: Outcome) -> Html:
    return element(
        "li",
        element("span", element("span", code(place, _LONG), class_="file"), outcome(found), class_="site"),
        element("strong", code(what, _LONG)),
        element("span", escaped(reason)),
    )


def problems(plan: Plan) -> Html:
    """Write what a person should see."""
    items = [
        element(
            "li",
            element(
                "span",
                code(_place(problem.file, problem.line), _LONG),
                _severity(problem.severity.value),
                class_="site",
            ),
            element("span", escaped(problem.reason)),
        )
        for problem in plan.problems
    ]
    return element("ul", *items, class_="plain entries") if items else EMPTY


def _severity(name: str) -> Html:
    return element("span", escaped(name), class_=f"badge {'failed' if name == 'error' else 'skipped'}")


def _place(file: str, line: int | None) -> str:
    return file if line is None else f"{file}:{line}"


def tiles(plan: Plan) -> Html:
    """Write the counts."""
    tags = plan.tag_counts
    counts = [(tags[each], f"tags {each.value}", each.value) for each in Outcome]
    shown = [_tile(*each) for each in counts if each[0]]
    shown.append(_tile(len(plan.files), "file to change" if len(plan.files) == 1 else "files to change", ""))
    shown.append(_tile(plan.requests, "request" if plan.requests == 1 else "requests", ""))
    return element("dl", *shown, class_="tiles")


def _tile(number: int, name: str, kind: str) -> Html:
    return element("div", element("dt", escaped(name)), element("dd", escaped(str(number))), class_=f"tile {kind}")
