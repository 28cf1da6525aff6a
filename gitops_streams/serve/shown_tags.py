"""The stream tags of one repository as they are shown, each made anew only where something of it has changed.

A pass says everything of them but when their registries were asked last and will be asked next, which goes on changing
until the next pass. With ten thousand stream tags, making all views for each request would be most of its cost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from gitops_streams.oci.resolution import Question
from gitops_streams.serve.answers import Answers
from gitops_streams.serve.known_answers import Checked
from gitops_streams.serve.overview import TagView
from gitops_streams.serve.tag_views import Times
from gitops_streams.streams.model import TagKey

_JUMP = 1.0
"""Seconds by which the time of day has to move against the clock before what was shown of it is wrong."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """What was shown last; it is replaced as a whole, so no lock is needed."""

    revision: int
    """Of the answers."""
    ahead: float
    checked: Sequence[Checked | None]
    tags: tuple[TagView, ...]


class ShownTags:
    """The stream tags that one pass has found; may be used from several threads.

    Args:
        tags: as the pass has left them.
        questions: what registries are asked for them.
        answers: what those have said.
    """

    def __init__(self, tags: tuple[TagView, ...], questions: Mapping[TagKey, Question], answers: Answers) -> None:
        self._tags = tags
        self._questions = tuple(questions.get(tag.key) for tag in tags)
        self._answers = answers
        self._shown: _Shown | None = None

    def __contains__(self, key: TagKey) -> bool:
        return any(tag.key == key for tag in self._tags)

    def views(self, ahead: float) -> tuple[TagView, ...]:
        """Return them as they are now; the same objects as last time where nothing has changed.

        Args:
            ahead: what the time of day is ahead of the monotonic clock, seconds.
        """
        # Read before the answers: what changes in between is seen next time.
        revision, before = self._answers.revision, self._shown
        jumped = before is None or abs(ahead - before.ahead) > _JUMP
        if before is not None and not jumped:
            if before.revision == revision:
                return before.tags
            ahead = before.ahead
        checked = self._answers.checked_all(self._questions)
        tags = tuple(
            before.tags[place] if before is not None and not jumped and each is before.checked[place]
            else _timed(self._tags[place], each, ahead)
            for place, each in enumerate(checked)
        )  # fmt: skip
        if before is not None and all(new is old for new, old in zip(tags, before.tags, strict=True)):
            tags = before.tags
        self._shown = _Shown(revision, ahead, checked, tags)
        return tags


def times(checked: Checked | None, ahead: float) -> Times:
    """Say when a stream tag was asked for, and will be.

    Args:
        checked: its question; ``None`` where it is not asked.
        ahead: what the time of day is ahead of the monotonic clock, seconds.
    """
    if checked is None:
        return Times()
    since = checked.failing_since
    return Times(_when(checked.at), _when(checked.due + ahead), None if since is None else _when(since))


def _timed(tag: TagView, checked: Checked | None, ahead: float) -> TagView:
    if checked is None:
        return tag
    known = times(checked, ahead)
    return replace(tag, checked_at=known.checked_at, next_check=known.next_check)


def _when(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
