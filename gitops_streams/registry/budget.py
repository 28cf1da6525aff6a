"""How many requests a job may still send; what is not spent on one image is there for the others."""

from __future__ import annotations

import threading


class Budget:
    """Counts requests down; safe to use from several threads.

    Requests are taken before they are sent, in an order that does not depend on how fast anybody answers.
    """

    def __init__(self, total: int) -> None:
        self._left = max(0, total)
        self._lock = threading.Lock()

    def take(self, wanted: int) -> int:
        """Take up to ``wanted`` requests and return how many there were."""
        with self._lock:
            taken = min(wanted, self._left)
            self._left -= taken
            return taken

    def give_back(self) -> None:
        """Return a request that was taken and need not be sent."""
        with self._lock:
            self._left += 1

    def retry(self) -> bool:
        """Take one for a retry; false where none is left."""
        return self.take(1) == 1
