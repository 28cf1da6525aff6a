"""A bounded number of threads that do jobs, the most urgent first.

Signals are blocked in them, and so in the processes that they start: Ctrl-C on a terminal and ``systemctl stop``
reach the whole group, and must not end a ``git push`` halfway that the service itself is waiting for.
"""

from __future__ import annotations

import logging
import queue
import signal
import threading
import time
from collections.abc import Callable
from itertools import count

Job = Callable[[], None]
_log = logging.getLogger(__name__)
_LEAST = 1 << 30


class Workers:
    """Threads with a queue.

    Args:
        name: of the threads.
        size: how many there are.
    """

    def __init__(self, name: str, size: int) -> None:
        self._jobs: queue.PriorityQueue[tuple[int, int, Job | None]] = queue.PriorityQueue()
        self._order = count()
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}-{number}", daemon=True) for number in range(size)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, job: Job, urgency: int = 0) -> None:
        """Have a job done; a smaller number is more urgent, equal ones are done in their order."""
        self._jobs.put((urgency, next(self._order), job))

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return self._jobs.qsize()

    @property
    def idle(self) -> bool:
        """Whether no job waits or is being done."""
        return self._jobs.unfinished_tasks == 0

    def stop(self, timeout: float) -> bool:
        """End when the jobs that were begun are done, and begin no other.

        Returns:
            Whether all threads have ended in ``timeout`` seconds.
        """
        while True:
            try:
                self._jobs.get_nowait()
                self._jobs.task_done()
            except queue.Empty:
                break
        for _ in self._threads:
            self._jobs.put((_LEAST, next(self._order), None))
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        while True:
            _, _, job = self._jobs.get()
            try:
                if job is None:
                    return
                job()
            except Exception as error:  # noqa: BLE001  a bug in one job must not end the thread
                # Only its type is told: a message or traceback might hold a credential.
                _log.error("internal error: %s", type(error).__name__)
            finally:
                self._jobs.task_done()
