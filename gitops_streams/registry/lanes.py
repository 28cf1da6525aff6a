"""Threads that ask many questions: a lane of its own for every host, so that one which stalls delays nobody else."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

Q = TypeVar("Q", bound="Hashable")
A = TypeVar("A")

_PROGRESS_EVERY = 0.1
_INTERRUPTIBLE = 1.0
"""Seconds; an interrupt may be given to another thread, and one that waits without an end never hears of it."""
_FAREWELL = 1.0
"""Seconds that an interrupt waits for each thread; those that still open a connection end by themselves."""


class Lane(Generic[Q, A]):
    """One host's share of the questions, and the threads that ask them.

    Args:
        name: the host's, for its threads.
        width: how many threads.
        works: the questions, in the order in which they are begun; those of one work are asked at once.
        ask: answers one work.
        answers: where all answers go.
        abreast: begin with ``width`` works at once: it is known already how the host has to be asked.
    """

    def __init__(
        self,
        name: str,
        width: int,
        works: list[list[Q]],
        ask: Callable[[list[Q]], dict[Q, A]],
        answers: dict[Q, A],
        *,
        abreast: bool = False,
    ) -> None:
        self._name = name
        self._width = width
        self._works = deque(works)
        self._ask = ask
        self._answers = answers
        self._abreast = abreast
        self._threads: list[threading.Thread] = []
        self._left = len(works)
        self._lock = threading.Lock()
        self.done = threading.Event()

    def start(self) -> None:
        """Begin, unless ``abreast``, with the first question alone: its answer says how the others are to be asked."""
        if not self._spawn(self._first):
            self._first()  # no thread to be had: slower, and still right

    def join(self, timeout: float | None) -> None:
        """Wait for the threads, which have nothing left to do once ``done`` is set."""
        while self._threads:
            self._threads.pop().join(timeout)

    def _first(self) -> None:
        if not self._abreast:
            self._take()
        for _ in range(min(self._width, len(self._works)) - 1):
            if not self._spawn(self._rest):
                break
        self._rest()

    def _rest(self) -> None:
        while self._take():
            pass

    def _take(self) -> bool:
        try:
            work = self._works.popleft()
        except IndexError:
            return False
        self._answers.update(self._ask(work))
        with self._lock:
            self._left -= 1
            if self._left == 0:
                self.done.set()
        return True

    def _spawn(self, target: Callable[[], None]) -> bool:
        thread = threading.Thread(target=target, name=f"registry {self._name}", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the system gives no more threads
            return False
        self._threads.append(thread)
        return True


def run(lanes: Sequence[Lane[Any, Any]], progress: Callable[[], None] | None, give_up: Callable[[], None]) -> None:
    """Run lanes to their ends.

    Args:
        lanes: all of them are started at once.
        progress: called in this thread, now and then.
        give_up: called when this thread is interrupted; it makes what is under way end soon.
    """
    try:
        for lane in lanes:
            lane.start()
        for lane in lanes:
            while not lane.done.wait(_INTERRUPTIBLE if progress is None else _PROGRESS_EVERY):
                if progress is not None:
                    progress()
    except BaseException:
        give_up()
        for lane in lanes:
            lane.join(_FAREWELL)
        raise
    for lane in lanes:
        lane.join(None)
