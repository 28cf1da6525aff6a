"""The title and the body of a pull request: a review as its reviewer reads it on a forge.

The same review gives the same text but for its last line, which tells of the run and never counts as a change.
"""

from __future__ import annotations

from functools import cache

from gitops_streams.render import review_blocks as blocks
from gitops_streams.render.commit_message import CommitMessage, Move, render_commit_message
from gitops_streams.render.inert import code
from gitops_streams.render.ladder import Cut, Limit, detailed, fitting
from gitops_streams.render.markdown_text import Dialect, alert, link
from gitops_streams.render.review_phrases import manifests
from gitops_streams.review.groups import ALL
from gitops_streams.review.marker import REBUILD_BOX
from gitops_streams.review.pull_request import Capabilities
from gitops_streams.review.report import Review

_RUN = "gitops-streams "
"""The last line of a body begins with it."""
_PROMISE = (
    "Commits that you push here are kept: the branch is then no longer updated. Closing this pull request refuses"
    " these digests only; newer ones open another."
)
_WHOLE = "`gitops-streams diff -o html`"


def title(review: Review, template: str) -> str:
    """Write the title, one line of at most ``commit_message.SUBJECT_LENGTH`` characters.

    Args:
        review: the group's review.
        template: with ``commit_message.PLACEHOLDERS``.

    Raises:
        ConfigError: the template names an unknown placeholder, or gives an empty title.
    """
    moves = tuple(Move(str(tag.key), tag.repository, tag.old[0] if tag.old else None, tag.new) for tag in review.tags)
    scope = None if review.group == ALL else review.group
    message = CommitMessage(moves, len(manifests(review.files)), scope=scope, subject=template, body="")
    return render_commit_message(message).partition("\n")[0]


def body(
    review: Review,
    capabilities: Capabilities,
    marker: str,
    *,
    blocked: str | None = None,
    report_url: str | None = None,
) -> str:
    """Write the body, cut by the ladder to what the forge takes.

    Args:
        review: the group's review.
        capabilities: what the forge can show, and how much of it.
        marker: the first line, see ``review.marker.write``.
        blocked: Markdown of ours that says what keeps the branch from being updated.
        report_url: where the whole report can be read.
    """
    writer = _Body(review, Dialect(capabilities.details, capabilities.alerts), marker, blocked, report_url)
    return fitting(review, Limit.of(capabilities), writer.build)


def same_body(stored: str, wanted: str) -> bool:
    """Whether two bodies say the same, whatever runs they are from and however a forge keeps line ends."""
    return _compared(stored) == _compared(wanted)


def _compared(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").rstrip().split("\n")
    if lines[-1].startswith(_RUN):
        del lines[-1]
    return "\n".join(each.rstrip() for each in lines).rstrip()


class _Body:
    """Builds the body of one review at any rung; every block is written once."""

    def __init__(
        self, review: Review, dialect: Dialect, marker: str, blocked: str | None, report_url: str | None
    ) -> None:
        self._review = review
        self._dialect = dialect
        self._marker = marker
        self._blocked = blocked
        self._report_url = report_url
        self._block = cache(lambda tag, depth: blocks.block(tag, dialect, depth))
        self._row = cache(blocks.row)
        self._warning = cache(blocks.warning)

    def build(self, cut: Cut) -> str:
        """Write the body at one rung."""
        review, dialect = self._review, self._dialect
        depth = blocks.Depth(labels=cut.labels)
        parts = [
            blocks.verdict(review, terse=cut.terse),
            "" if self._blocked is None else alert(dialect, "CAUTION", self._blocked),
            blocks.warnings(review, dialect, cut.alerts, self._warning),
            blocks.overview(review, review.tags[: cut.rows], self._row) if review.tags else "",
            *(self._block(tag, depth) for tag in detailed(review, cut)),
            blocks.files(review, dialect) if cut.files else "",
            blocks.not_updated(review, dialect, cut.not_updated),
            blocks.roll_back(review, dialect),
            "" if cut == Cut() else self._shortened(),
            self._footer(),
        ]
        # A marker that can be seen is a paragraph of its own.
        first = f"{self._marker}\n" if self._marker.startswith("<!--") else f"{self._marker}\n\n"
        return first + "\n\n".join(part for part in parts if part) + "\n"

    def _shortened(self) -> str:
        # No address here: it is another one in every run, and this text counts when bodies are compared.
        where = "the last line leads to the whole report" if self._report_url else f"{_WHOLE} shows all of it"
        return f"*Shortened to fit into a description here; {where}.*"

    def _footer(self) -> str:
        # Nothing foreign behind the box: some parsers look for an x in the whole line.
        box = f"- [ ] {REBUILD_BOX} Tick this box to have the branch built anew; that discards commits of others"
        return f"---\n{box}\n\n{_PROMISE}\n\n{self._run()}"

    def _run(self) -> str:
        review = self._review
        told = [f"{_RUN}{code(review.run.version, 40)}"]
        if review.base_sha:
            told.append(f"planned on {code(review.base, 120)} at {code(review.base_sha[:10])}")
        told += [link("run log", review.run.url)] if review.run.url else []
        told += [link("whole report", self._report_url)] if self._report_url else []
        return " · ".join(told)
