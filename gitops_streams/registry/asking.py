"""Asks registries in the background while the caller is still finding out what else to ask.

Scanning keeps the processor busy and registries keep the network busy; done at the same time, the
shorter of the two costs almost nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from gitops_streams.oci.resolution import Question, Resolution

if TYPE_CHECKING:
    from gitops_streams.registry.client import RegistryClient

Progress = Callable[[int, int], None]
"""Told how many of how many questions are answered."""


class Asking:
    """One round of questions; a context manager. Each distinct question is asked once."""

    def __init__(self, client: RegistryClient, progress: Progress | None = None) -> None:
        self._client = client
        self._progress = progress
        self._asked: dict[Question, None] = {}
        self._waiting: list[Question] = []
        self._answers: dict[Question, Resolution] = {}
        self._changed = threading.Condition()
        self._complete = False
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Return the round."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the round; where the caller failed, nothing more is asked."""
        with self._changed:
            self._waiting.clear()
            self._complete = True
            self._changed.notify()
        if self._thread is not None:
            if error is not None:
                self._client.close()
            self._thread.join()

    def ask(self, questions: Iterable[Question]) -> None:
        """Ask what has not been asked yet; returns at once."""
        with self._changed:
            new = [question for question in dict.fromkeys(questions) if question not in self._asked]
            if not new:
                return
            self._asked.update(dict.fromkeys(new))
            self._waiting += new
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="asking", daemon=True)
                self._thread.start()
            self._changed.notify()

    def answers(self) -> dict[Question, Resolution]:
        """Wait for every answer.

        Returns:
            The answer to each question, in the order in which they were asked.
        """
        with self._changed:
            self._complete = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
        if self._failure is not None:
            raise self._failure
        return {question: self._answers[question] for question in self._asked}

    def _run(self) -> None:
        try:
            while batch := self._next():
                self._answers |= self._client.resolve_all(batch, progress=self._tell)
        except BaseException as error:  # noqa: BLE001  raised again where the answers are wanted
            self._failure = error

    def _next(self) -> list[Question]:
        """Wait for questions and take all that there are; none are left when it returns an empty list."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._complete)
            batch, self._waiting = self._waiting, []
            return batch

    def _tell(self, done: int, total: int) -> None:  # noqa: ARG002  a batch's total is not the round's
        if self._progress is not None:
            self._progress(len(self._answers) + done, len(self._asked))
