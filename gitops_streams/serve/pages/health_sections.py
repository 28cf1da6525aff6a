"""What the page says of repositories, registries, pull requests and webhooks; whatever fails stands first."""

from __future__ import annotations

from collections.abc import Iterator

from gitops_streams.render import words
from gitops_streams.render.html_text import EMPTY, Html, code, element, escaped
from gitops_streams.serve.overview import (
    Overview,
    PassOutcome,
    ReceiverView,
    RegistryView,
    RepositoryView,
    State,
)
from gitops_streams.serve.pages import ages
from gitops_streams.serve.pages.parts import Cell, Row, badge, commit, pull_link, sub, table, text

MOST = 100
"""Rows of one table; a sentence says how many more there are."""


def sections(overview: Overview) -> Iterator[tuple[str, str, int, Html]]:
    """Yield each part that has something to say: its id, its name, how many it lists, and its content."""
    pulls = [(kept, pull) for kept in overview.repositories for pull in kept.pulls]
    if pulls:
        rows = [
            Row(
                code(pull.group, 200),
                (
                    Cell(pull_link(pull), "Pull request"),
                    Cell(code(kept.name, 100), "Repository"),
                    Cell(text(pull.reason), class_="wrap"),
                ),
            )
            for kept, pull in sorted(pulls, key=lambda pair: not pair[1].blocked)[:MOST]
        ]
        listed = table("Open pull requests", ("Group", "Pull request", "Repository", "Note"), rows)
        yield "pulls", "Open pull requests", len(pulls), _limited(listed, len(pulls))
    if overview.repositories:
        yield "repositories", "Repositories", len(overview.repositories), _repositories(overview)
    if overview.registries:
        yield "registries", "Registries", len(overview.registries), _registries(overview)
    if overview.receivers:
        yield "webhooks", "Webhooks", len(overview.receivers), _receivers(overview)


def _limited(listed: Html, total: int) -> Html:
    more = element("p", escaped(f"… and {total - MOST} more"), class_="muted") if total > MOST else EMPTY
    return Html(listed + more)


def _repositories(overview: Overview) -> Html:
    ranked = sorted(overview.repositories, key=_repository_rank)
    headings = ("Repository", "Last pass", "Ended", "Next", "Commit", "Publishes", "Stream tags")
    rows = [_repository(kept, overview) for kept in ranked[:MOST]]
    return _limited(table("Repositories", headings, rows), len(ranked))


def _repository_rank(kept: RepositoryView) -> tuple[bool, bool, str]:
    failed = kept.last is not None and kept.last.outcome is PassOutcome.FAILED
    return (not failed, kept.last is not None, kept.name)


def _repository(kept: RepositoryView, overview: Overview) -> Row:
    now, last = overview.now, kept.last
    told = [element("strong", code(kept.name, 100)), sub(code(kept.location, 300))]
    if last is not None and last.error:
        told.append(element("span", text(last.error), class_="why"))
        told += [sub(escaped("To do: "), text(last.hint))] if last.hint else []
    shown = kept.problems[:5]
    told += [element("span", text(problem), class_="why muted") for problem in shown]
    if len(kept.problems) > len(shown):
        told.append(sub(escaped(f"… and {len(kept.problems) - len(shown)} more notices")))
    notable = [
        f"{number} {state}" for state in (State.FAILING, State.BEHIND, State.HELD) if (number := _count(kept, state))
    ]
    counted = element("span", escaped(str(len(kept.tags))))
    outcome = badge("none yet", "pending") if last is None else badge(last.outcome.value)
    if kept.running_since is not None:
        outcome = Html(outcome + " " + badge("running"))
    ended = EMPTY
    if last is not None:
        details = f"took {ages.short_span(last.seconds)}" + (f", {last.trigger}" if last.trigger else "")
        ended = Html(ages.ago(last.ended, now) + sub(text(details, 80)))
        if last.outcome is PassOutcome.FAILED and kept.last_success is not None:
            ended = Html(ended + sub(escaped("last success "), ages.ago(kept.last_success, now)))
    failed = last is not None and last.outcome is PassOutcome.FAILED
    return Row(
        Html("".join(told)),
        (
            Cell(outcome),
            Cell(ended, "ended"),
            Cell(EMPTY if kept.next_pass is None else ages.ahead(kept.next_pass, now), "next"),
            Cell(commit(kept.commit or ""), "at"),
            Cell(Html(escaped(kept.publish) + sub(escaped("to "), code(kept.branch, 80))), "publishes"),
            Cell(Html(counted + (sub(escaped(", ".join(notable))) if notable else "")), "stream tags", "number"),
        ),
        "failing" if failed else None,
    )


def _count(kept: RepositoryView, state: State) -> int:
    return sum(tag.state is state for tag in kept.tags)


def _registries(overview: Overview) -> Html:
    ranked = sorted(overview.registries, key=lambda kept: (kept.failing_since is None, -kept.requests, kept.host))
    rows = [_registry(kept, overview) for kept in ranked[:MOST]]
    return _limited(table("Registries", ("Registry", "State", "Requests", "Pulls left"), rows), len(ranked))


def _registry(kept: RegistryView, overview: Overview) -> Row:
    now, why, state = overview.now, EMPTY, badge("working")
    if kept.failing_since is not None:
        why = element("span", text(kept.reason), class_="why")
        state = Html(badge("failing") + sub(escaped("for "), ages.age(kept.failing_since, now)))
    left = EMPTY
    if kept.left is not None:
        left = escaped(f"{kept.left:,}" + (f" of {kept.limit:,}" if kept.limit is not None else ""))
        left = Html(left + (sub(escaped("resets "), ages.ahead(kept.resets, now)) if kept.resets is not None else ""))
    return Row(
        Html(element("strong", code(kept.host, 200)) + why),
        (
            Cell(state),
            Cell(escaped(f"{kept.requests:,}"), "requests", "number"),
            Cell(left, "pulls left", "number"),
        ),
        "failing" if kept.failing_since is not None else None,
    )


def _receivers(overview: Overview) -> Html:
    rows = [_receiver(kept, overview) for kept in overview.receivers[:MOST]]
    headings = ("Receiver", "Last delivery", "Accepted", "Ignored", "Refused")
    return _limited(table("Webhooks", headings, rows), len(overview.receivers))


def _receiver(kept: ReceiverView, overview: Overview) -> Row:
    refusal = EMPTY
    if kept.refused and kept.last_refusal:
        refusal = element("span", escaped("last refusal: "), text(kept.last_refusal), class_="why")
    return Row(
        Html(element("strong", code(kept.name, 100)) + sub(code(kept.sender, 100)) + refusal),
        (
            Cell(escaped("never") if kept.last is None else ages.ago(kept.last, overview.now), "last"),
            Cell(escaped(f"{kept.accepted:,}"), "accepted", "number"),
            Cell(escaped(f"{kept.ignored:,}"), "ignored", "number"),
            Cell(escaped(f"{kept.refused:,}"), "refused", "number"),
        ),
    )


def alerts(overview: Overview, reasons: tuple[str, ...]) -> Html:
    """Write what somebody has to see first: repositories whose passes fail, and why the service is not ready."""
    failed = [
        kept for kept in overview.repositories if kept.last is not None and kept.last.outcome is PassOutcome.FAILED
    ]
    told = [element("li", text(reason)) for reason in reasons[:3]]
    if len(reasons) > len(told):
        told.append(element("li", escaped(f"… and {len(reasons) - len(told)} more")))
    for kept in failed[:5]:
        error = kept.last.error if kept.last is not None else ""
        told.append(element("li", element("strong", code(kept.name, 100)), escaped(": "), text(error)))
    if len(failed) > 5:  # noqa: PLR2004 - as many as are written above
        told.append(element("li", element("a", escaped(f"… and {len(failed) - 5} more"), href="#repositories")))
    if not told:
        return EMPTY
    name = f"{words.count(len(failed), 'repository', 'repositories')} cannot be reconciled" if failed else "Not ready"
    return element("div", element("h2", escaped(name)), element("ul", *told, class_="told"), class_="alert")
