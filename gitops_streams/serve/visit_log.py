"""Logs and counts what became of visits."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from gitops_streams.serve.agenda import Trigger
from gitops_streams.serve.ended import commit_of, explained, published_changes
from gitops_streams.serve.logs import say
from gitops_streams.serve.overview import PassView
from gitops_streams.serve.visit import Idle, Passed

if TYPE_CHECKING:
    from gitops_streams.serve.metrics import Metrics  # of an extra, which --once does without

_log = logging.getLogger(__name__)


class VisitLog:
    """Tells of visits; safe to use from several threads.

    Args:
        metrics: counts passes; ``None``: nobody does.
    """

    def __init__(self, metrics: Metrics | None) -> None:
        self._metrics = metrics
        self._lock = threading.Lock()
        self._warned: set[str] = set()

    def note(
        self,
        name: str,
        done: Passed | Idle | None,
        view: PassView | None,
        error: Exception | None,
        trigger: Trigger,
        waited: float | None,
    ) -> None:
        """Log and count a visit that ended.

        Args:
            name: of the repository.
            done: what was found; ``None`` where it failed.
            view: how it is shown; ``None`` where there was nothing to do.
            error: why it failed.
            trigger: why it was made.
            waited: seconds since the first event came that it answers; ``None`` where there was none.
        """
        changes = published_changes(done)
        if view is not None and self._metrics is not None:
            self._metrics.passed(name, view, changes=changes or 0)
            if changes is not None and waited is not None:
                self._metrics.published_after(waited)
        if isinstance(done, Passed):
            self._warn(name, done.memory.answers.client.warnings)
        if error is not None:
            say(_log, logging.WARNING, "pass-failed", explained(error)[0], repository=name, trigger=trigger.value)
        elif view is not None:
            say(
                _log,
                logging.INFO,
                "pass-ended",
                repository=name,
                outcome=view.outcome.value,
                trigger=view.trigger,
                seconds=view.seconds,
                changes=changes,
                commit=commit_of(done),
            )

    def _warn(self, name: str, warnings: Iterable[str]) -> None:
        """Log warnings of a registry's client, each once."""
        with self._lock:
            new = [warning for warning in warnings if warning not in self._warned]
            self._warned.update(new)
        for warning in new:
            say(_log, logging.WARNING, "registry-warning", warning, repository=name)
