"""The review of the pins that a change touches, for people at a terminal."""

from __future__ import annotations

from gitops_streams.render.image_phrases import age, primary, resized
from gitops_streams.render.inert import line
from gitops_streams.render.phrase import Phrase, joined, plain
from gitops_streams.render.pin_phrases import belongs, beside_findings, compared, followed, headline, move, place, why
from gitops_streams.render.review_phrases import alerts, reason
from gitops_streams.render.words import count
from gitops_streams.review.pin_review import PinReview
from gitops_streams.review.report import TagReview
from gitops_streams.review.standing import Standing


def render(found: PinReview) -> str:
    """Render the review as a table, what is to be said of each pin and image, and a summary."""
    from tabulate import tabulate  # noqa: PLC0415  only a table pays for it

    blocks = []
    if found.pins:
        rows = [
            [pin.verdict.standing.value, plain(belongs(pin)), line(place(pin)), plain(move(pin))] for pin in found.pins
        ]
        headers = ["STANDING", "STREAM TAG", "PLACE", "DIGEST"]
        blocks.append(tabulate(rows, headers=headers, tablefmt="plain", disable_numparse=True))
    told = [f"{place(pin)}: {plain(why(pin))}" for pin in found.pins if pin.verdict.standing is not Standing.CURRENT]
    told += [f"{item.file}:{item.line}: {item.kind}: {item.tag}: {item.reason}" for item in found.findings]
    blocks += _listing("Findings and remarks:", told)
    images = [
        f"{'! ' if tag.delta.alarming else ''}{tag.key}: {plain(_why(tag))}" for tag in beside_findings(found).tags
    ]
    blocks += _listing("Why:", images)
    blocks += _listing("This change also changes what is followed:", [plain(followed(it)) for it in found.followed])
    blocks += _listing("Noticed:", [str(problem) for problem in found.problems])
    summary = f"{headline(found)} · {plain(compared(found))} · {count(found.requests, 'request')}"
    return "\n\n".join([*blocks, summary]) + "\n"


def _why(tag: TagReview) -> Phrase:
    told = [reason(tag), *alerts(tag)]
    if not tag.delta.alarming:
        platform = primary(tag)
        told += [(text,) for text in (age(tag.delta.old_built, tag.delta.new_built),) if text]
        told += [] if platform is None else [(resized(platform),)]
    return joined(told, "; ")


def _listing(title: str, items: list[str]) -> list[str]:
    return ["\n".join([title, *(f"  {line(item)}" for item in items)])] if items else []
