"""Asks registries while the caller is still finding out what else to ask.

Scanning keeps the interpreter busy, so threads that ask meanwhile would mostly wait for it: measured,
they gain nothing. A forked helper has an interpreter of its own. It pays where there is much to scan
and much to ask; else, and wherever it cannot be had, everything is asked at the end, in this process.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from gitops_streams.oci.resolution import Question, Resolution, TagsQuestion, Unresolvable

if TYPE_CHECKING:
    from datetime import datetime
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from gitops_streams.oci.image import ImagePair
    from gitops_streams.registry.registries import Registries
    from gitops_streams.registry.tags import TagList

Progress = Callable[[int, int], None]
"""Told how many of how many questions are answered."""

_BATCH = 16
"""Questions that are handed over at once; the first goes alone, since it tells how the registry wants to be asked."""


class Asking:
    """One round of questions; a context manager. Each distinct question is asked once."""

    def __init__(self, client: Registries, progress: Progress | None = None) -> None:
        self._client = client
        self._progress = progress
        self._sent_before = client.requests + client.token_requests
        self._sent_by_helper = 0
        self._asked: dict[Question, None] = {}
        self._waiting: list[Question] = []
        self._answers: dict[Question, Resolution] = {}
        self._lists: dict[TagsQuestion, TagList | Unresolvable] = {}
        self._helper: BaseProcess | None = None
        self._line: Connection[Any, Any] | None = None

    def __enter__(self) -> Self:
        """Return the round."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the round; a helper that is still at work is stopped."""
        if self._line is not None:
            self._line.close()
        if self._helper is not None:
            self._helper.terminate()
            self._helper.join()
            self._helper.close()

    @property
    def requests(self) -> int:
        """The HTTP requests that the round took, tokens included."""
        return self._client.requests + self._client.token_requests - self._sent_before + self._sent_by_helper

    def start_helper(self) -> bool:
        """Start the helper, where one can be had: questions are asked as they come from now on."""
        # A thread might hold a lock at the moment of the fork, which nobody would ever release in the helper.
        if sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2 or threading.active_count() > 1:  # noqa: PLR2004
            return False
        import multiprocessing  # noqa: PLC0415  small repositories do not pay for it
        import signal  # noqa: PLC0415  the same

        context = multiprocessing.get_context("fork")
        self._line, theirs = context.Pipe()
        self._helper = context.Process(target=_help, args=(theirs, self._line, self._client), daemon=True)
        # Ctrl-C is the parent's to handle. The helper is born with it blocked, and so never sees one.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._helper.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        theirs.close()
        return True

    def ask(self, questions: Iterable[Question]) -> None:
        """Ask what has not been asked yet; returns at once."""
        new = [question for question in dict.fromkeys(questions) if question not in self._asked]
        self._asked.update(dict.fromkeys(new))
        self._waiting += new
        if self._line is not None and len(self._waiting) >= (_BATCH if len(self._asked) > 1 else 1):
            self._hand_over(self._line)

    def answers(self, meanwhile: Callable[[], object] | None = None) -> dict[Question, Resolution]:
        """Wait for every answer; more can be asked afterwards.

        Args:
            meanwhile: called while a helper is waited for, where there is one.

        Returns:
            The answer to each question, in the order in which they were asked.
        """
        if self._line is not None:
            self._hand_over(self._line)
        if self._line is not None:
            self._collect(self._line, meanwhile)
            self._line.close()
            self._line = None  # what is asked from now on is asked in this process
        # All of it without a helper; what it left unanswered, if it died.
        if len(self._answers) < len(self._asked):
            left = [question for question in self._asked if question not in self._answers]
            answers = self._answers | self._client.resolve_all(left, progress=self._progress)
            self._answers = {question: answers[question] for question in self._asked}
        return dict(self._answers)

    def tags(self, questions: Iterable[TagsQuestion]) -> dict[TagsQuestion, TagList | Unresolvable]:
        """List the tags of repositories, each of them once in the round, and wait for them."""
        asked = list(dict.fromkeys(questions))
        new = [question for question in asked if question not in self._lists]
        if new:
            self._lists |= self._client.tags_all(new)
            for listed in (self._lists[question] for question in new):
                for warning in () if isinstance(listed, Unresolvable) else listed.warnings:
                    self._client.warn(warning)
        return {question: self._lists[question] for question in asked}

    def dates(self, images: Iterable[ImagePair]) -> dict[ImagePair, datetime | Unresolvable | None]:
        """Read when images were created, and wait for it; see ``RegistryClient.dates_all``."""
        return self._client.dates_all(images)

    def _hand_over(self, line: Connection[Any, Any]) -> None:
        batch, self._waiting = self._waiting, []
        try:
            line.send(batch)
            while line.poll():
                self._show(line.recv())
        except (EOFError, OSError):
            self._line = None  # the helper has died

    def _collect(self, line: Connection[Any, Any], meanwhile: Callable[[], object] | None) -> None:
        """Take the helper's answers, and at the end its count of requests and its warnings."""
        try:
            line.send(None)
            if meanwhile is not None:
                meanwhile()
            while not isinstance(received := line.recv(), tuple):
                self._show(received)
        except (EOFError, OSError):
            return
        answers, self._sent_by_helper, warnings = received
        self._answers = dict(zip(self._asked, answers, strict=True))
        for warning in warnings:
            self._client.warn(warning)

    def _show(self, answered: int) -> None:
        if self._progress is not None:
            self._progress(answered, len(self._asked))


def _help(line: Connection[Any, Any], theirs: Connection[Any, Any], client: Registries) -> None:
    """Be the helper: ask batches until ``None`` comes, then send all answers.

    Until then only numbers are sent, which the parent takes in whenever it hands over a batch: if both sides
    sent much, each could wait for ever until the other reads. What goes wrong here is asked again in the parent.
    """
    theirs.close()
    answers: dict[Question, Resolution] = {}
    try:
        client.resolve_all(())  # what a client does at its first question, it does while the first is looked for
        more = True
        while more:
            batch: list[Question] = []
            while more and (not batch or line.poll()):
                received = line.recv()
                more = received is not None
                batch += received or []

            def tell(done: int, _: int, before: int = len(answers)) -> None:
                line.send(before + done)

            answers |= client.resolve_all(batch, progress=tell)
        # In the order of the questions, which the parent has: they would take as long again to send.
        line.send((list(answers.values()), client.requests + client.token_requests, client.warnings))
        client.close()
    except (EOFError, OSError):
        os._exit(1)  # the parent has gone, or wants no more
