"""Remembers what was seen lately, within a bound: a delivery that comes twice is acted on once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable


class Seen:
    """A bounded memory; safe to use from several threads.

    Args:
        most: how many things are remembered. The one that was not seen for the longest time is forgotten first.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._known: OrderedDict[Hashable, None] = OrderedDict()

    def again(self, what: Hashable) -> bool:
        """Note that something is seen; whether it was seen before."""
        with self._lock:
            before = what in self._known
            self._known[what] = None
            self._known.move_to_end(what)
            if len(self._known) > self._most:
                self._known.popitem(last=False)
            return before

    def __len__(self) -> int:
        return len(self._known)
