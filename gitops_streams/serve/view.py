"""The registries as one pass sees them: they look like a registry client, and answer from what all passes share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import cast

from gitops_streams.oci.image import ImagePair, InspectedPair
from gitops_streams.oci.resolution import Question, Resolution, TagsQuestion, Unresolvable
from gitops_streams.registry.tags import TagList
from gitops_streams.serve.answers import Answers
from gitops_streams.serve.known_answers import Answer, Asked


class View:
    """The registries as one pass sees them (``Registries``); use from one thread."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self._sent = 0
        self.began: float | None = None
        """When the first question was asked, seconds since the epoch; whoever plans again sets it back."""
        self.used: dict[Asked, int] = {}
        """Every question of the pass, with the version of the answer that it got."""

    @property
    def requests(self) -> int:
        """What was asked for this pass: answers that were known cost nothing."""
        return self._sent

    @property
    def token_requests(self) -> int:
        """Nothing: tokens are for all passes."""
        return 0

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know: one line each."""
        return self._answers.client.warnings

    def resolve_all(
        self, questions: Iterable[Question], *, progress: Callable[[int, int], None] | None = None
    ) -> dict[Question, Resolution]:
        """Answer each distinct question."""
        return cast("dict[Question, Resolution]", self._obtain(questions, progress))

    def tags_all(self, questions: Iterable[TagsQuestion]) -> dict[TagsQuestion, TagList | Unresolvable]:
        """List the tags of each distinct repository."""
        return cast("dict[TagsQuestion, TagList | Unresolvable]", self._obtain(questions, None))

    def dates_all(self, images: Iterable[ImagePair]) -> dict[ImagePair, datetime | Unresolvable | None]:
        """Read when images were created."""
        found, sent = self._answers.dates(images)
        self._sent += sent
        return found

    def inspect_all(
        self,
        pairs: Iterable[ImagePair],
        *,
        requests_per_image: int = 6,
        progress: Callable[[int, int], None] | None = None,
    ) -> dict[ImagePair, InspectedPair]:
        """Read what images say of themselves."""
        found, sent = self._answers.inspect(pairs, requests_per_image, progress)
        self._sent += sent
        return found

    def warn(self, line: str) -> None:
        """Note what the user should know."""
        self._answers.client.warn(line)

    def close(self) -> None:
        """Do nothing: others go on asking."""

    def _obtain(self, questions: Iterable[Asked], progress: Callable[[int, int], None] | None) -> dict[Asked, Answer]:
        if self.began is None:
            self.began = self._answers.now
        found, sent = self._answers.obtain(questions, progress)
        self._sent += sent
        self.used |= {question: version for question, (_, version) in found.items()}
        return {question: answer for question, (answer, _) in found.items()}
