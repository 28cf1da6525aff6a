"""The review of the pins that a change touches, as Markdown: the comment on its pull request, and ``-o markdown``.

The images are shown as in a pull request of ours. Nothing in it tells of the run: the same review is the same text,
and a comment that says it already is not touched.
"""

from __future__ import annotations

from functools import cache

from gitops_streams.render import review_blocks as blocks
from gitops_streams.render.inert import code
from gitops_streams.render.ladder import Cut, Limit, detailed, fitting
from gitops_streams.render.markdown_text import Dialect, alert, bullets, inline, table
from gitops_streams.render.phrase import Code, merged, prose
from gitops_streams.render.pin_phrases import (
    STANDINGS,
    belongs,
    beside_findings,
    compared,
    followed,
    headline,
    mark,
    move,
    place,
    standings,
    why,
)
from gitops_streams.review.pin_review import JudgedPin, PinReview
from gitops_streams.review.pull_request import Capabilities
from gitops_streams.review.standing import FINDINGS, Standing

_MOST = 200
"""So many findings, pins and followed stream tags are listed at most, whatever room there is."""
_FEWER = 20
"""So many, once details had to go."""


def render(found: PinReview) -> str:
    """Render the whole review."""
    return _Text(found, Dialect()).build(Cut())


def comment(found: PinReview, capabilities: Capabilities) -> str:
    """Render the review for a comment, cut by the ladder to what the forge takes."""
    text = _Text(found, Dialect(capabilities.details, capabilities.alerts))
    return fitting(found.review, Limit.of(capabilities), text.build)


class _Text:
    """Builds the text at any rung; every block about an image is written once."""

    def __init__(self, found: PinReview, dialect: Dialect) -> None:
        self._found = found
        self._dialect = dialect
        self._block = cache(lambda tag, depth: blocks.block(tag, dialect, depth))
        self._row = cache(blocks.row)
        self._warning = cache(blocks.warning)

    def build(self, cut: Cut) -> str:
        """Write the text at one rung."""
        found, dialect, review = self._found, self._dialect, self._found.review
        most = _MOST if cut.details is None and cut.quiet else _FEWER if cut.alerts else 0
        counted = standings(found)
        parts = [
            f"{self._sign()}**{headline(found)}**{f' — {counted}' if counted else ''}",
            self._findings(most),
            blocks.warnings(beside_findings(found), dialect, cut.alerts, self._warning),
            self._followed(most),
            self._pins(most),
            *self._images(cut),
            self._noticed(most),
            "" if cut == Cut() else "*Shortened to fit here; `gitops-streams check --base` shows all of it.*",
            f"gitops-streams {code(review.run.version, 40)} · {inline(compared(found))}",
        ]
        return "\n\n".join(part for part in parts if part) + "\n"

    def _sign(self) -> str:
        if self._found.objections or self._found.findings:
            return "❌ "
        return "⚠️ " if self._found.review.alarming else ""

    def _findings(self, most: int) -> str:
        found = self._found
        told = [
            inline(merged([Code(place(pin), 240), " ", STANDINGS[pin.verdict.standing], ": ", *why(pin)]))
            for pin in found.objections
        ]
        told += [
            inline(merged([Code(f"{item.file}:{item.line}", 240), f" {item.kind}: ", *prose(item.reason)]))
            for item in found.findings
        ]
        return alert(self._dialect, "CAUTION", _listed(told, most)) if told else ""

    def _followed(self, most: int) -> str:
        told = [inline(followed(change)) for change in self._found.followed]
        if not told:
            return ""
        return f"**This pull request also changes what is followed:**\n\n{_listed(told, most)}"

    def _pins(self, most: int) -> str:
        pins = sorted(self._found.pins, key=lambda pin: _ORDER[pin.verdict.standing])
        if not pins:
            return ""
        written = table(["", "Place", "Stream tag", "Digest", ""], map(_row, pins[:most]))
        if not most:
            return ""
        left = len(pins) - most
        return f"{written}\n\n… and {left} more pins" if left > 0 else written

    def _images(self, cut: Cut) -> list[str]:
        review = self._found.review
        if not review.tags:
            return []
        depth = blocks.Depth(labels=cut.labels)
        return [
            "### The images",
            blocks.overview(review, review.tags[: cut.rows], self._row),
            *(self._block(tag, depth) for tag in detailed(review, cut)),
        ]

    def _noticed(self, most: int) -> str:
        problems = [code(str(problem), 400) for problem in self._found.problems]
        return f"### Noticed\n\n{_listed(problems, most)}" if problems else ""


_ORDER = {standing: at for at, standing in enumerate(Standing)}


def _row(pin: JudgedPin) -> tuple[str, ...]:
    standing = pin.verdict.standing
    told = STANDINGS[standing]
    if standing not in FINDINGS | {Standing.CURRENT, Standing.REMOVED}:
        told = f"{told}: {inline(why(pin))}"
    return mark(pin), code(place(pin), 240), inline(belongs(pin)), inline(move(pin)), told


def _listed(items: list[str], most: int) -> str:
    shown = items[:most]
    if len(items) > len(shown):
        shown.append(f"… and {len(items) - len(shown)} more")
    return bullets(shown)
