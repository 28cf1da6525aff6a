"""The review of the pins that a change touches, as one page of HTML."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gitops_streams.render import html_review
from gitops_streams.render.html_page import page
from gitops_streams.render.html_review import Anchors
from gitops_streams.render.html_text import EMPTY, Html, code, element, escaped, inline
from gitops_streams.render.phrase import Code, Phrase
from gitops_streams.render.pin_phrases import (
    STANDINGS,
    belongs,
    compared,
    followed,
    headline,
    move,
    place,
    standings,
    why,
)
from gitops_streams.review.pin_review import JudgedPin, PinReview
from gitops_streams.review.report import Review, TagReview
from gitops_streams.review.standing import DOUBTFUL, Standing
from gitops_streams.streams.model import TagKey

_LONG = 400


def render(found: PinReview) -> str:
    """Render the review as a page."""
    title = headline(found)
    sections = list(_sections(found))
    links = [element("li", element("a", escaped(name), href=f"#{where}")) for where, name, _ in sections]
    alarming = bool(found.objections or found.findings or found.review.alarming)
    return page(
        title,
        element("a", escaped("Skip to the report"), href="#report", class_="skip"),
        element(
            "header",
            element("p", escaped("gitops-streams check"), class_="mark"),
            element("h1", escaped(title), class_="alarming" if alarming else None),
            element("p", escaped(standings(found)), class_="lead"),
        ),
        element("nav", element("ul", *links, class_="plain"), aria_label="Sections") if len(links) > 1 else EMPTY,
        element(
            "main",
            *(
                element("section", element("h2", escaped(name)), *content, id=where)
                for where, name, content in sections
            ),
            id="report",
        ),
        element(
            "footer",
            element("p", inline(("gitops-streams ", Code(found.review.run.version, 40), " · ", *compared(found)))),
        ),
    )


def _sections(found: PinReview) -> Iterator[tuple[str, str, list[Html]]]:
    if found.pins:
        pins = sorted(found.pins, key=lambda pin: _ORDER[pin.verdict.standing])
        yield "pins", "Pins", [element("ul", *map(_pin, pins), class_="plain entries")]
    if found.findings:
        items = [
            _entry(f"{item.file}:{item.line}", item.kind.value, "failed", (Code(str(item.tag), _LONG),), item.reason)
            for item in found.findings
        ]
        yield "findings", "Declarations", [element("ul", *items, class_="plain entries")]
    if found.followed:
        told = [element("li", inline(followed(change))) for change in found.followed]
        yield "followed", "What is followed changes too", [element("ul", *told, class_="plain entries")]
    if found.review.tags:
        yield "images", "The images", list(_images(found.review))
    if found.problems:
        told = [element("li", code(str(problem), _LONG)) for problem in found.problems]
        yield "noticed", "Noticed", [element("ul", *told, class_="plain entries")]


def _images(review: Review) -> Iterator[Html]:
    """Write the images; a stream tag whose places get several digests has a card in each part."""
    left = list(review.tags)
    start = 1
    while left:
        part: dict[TagKey, TagReview] = {}
        for tag in left:
            part.setdefault(tag.key, tag)
        anchors: Anchors = {key: f"tag-{number}" for number, key in enumerate(part, start)}
        start += len(part)
        shown = replace(review, tags=tuple(part.values()))
        yield html_review.warnings(shown, anchors)
        yield html_review.destinations(shown, anchors)
        yield html_review.cards(shown, anchors)
        left = [tag for tag in left if tag is not part[tag.key]]


_ORDER = {standing: at for at, standing in enumerate(Standing)}


def _pin(pin: JudgedPin) -> Html:
    standing = pin.verdict.standing
    color = "failed" if pin.verdict.is_finding else "held" if standing in DOUBTFUL else "unchanged"
    head = (*belongs(pin), " ", *move(pin))
    return _entry(place(pin), STANDINGS[standing], color, head, why(pin))


def _entry(where: str, badge: str, color: str, what: Phrase, reason: Phrase | str) -> Html:
    return element(
        "li",
        element(
            "span",
            element("span", code(where, _LONG), class_="file"),
            element("span", escaped(badge), class_=f"badge {color}"),
            class_="site",
        ),
        element("strong", inline(what)),
        element("span", escaped(reason) if isinstance(reason, str) else inline(reason)),
    )
