"""Reads the files of a snapshot once, though a run looks at them twice: for declarations, then for what these name.

What a forked half of the work reads is kept in memory that both processes share.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable, Iterator, Sequence

from gitops_streams.git.snapshot import Snapshot, Unreadable

MOST = 32 * 1024 * 1024
"""Bytes that each of two processes keeps; what is more is read again."""
_ENTRY = 8
"""Bytes of a number in the table of what is kept where."""


class ReadOnce:
    """The files of a snapshot, each as it was when it was read first."""

    def __init__(self, snapshot: Snapshot, paths: Iterable[str], most: int = MOST) -> None:
        """Prepare to keep files.

        Args:
            snapshot: whose.
            paths: which; others are read whenever they are asked for.
            most: how many bytes each of two processes keeps.
        """
        self._snapshot = snapshot
        self._numbers = {path: number for number, path in enumerate(paths)}
        self._most = most
        # Of each file where it begins, counted from 1, and where it ends; then how much each process has kept.
        self._places = memoryview(mmap.mmap(-1, 2 * _ENTRY * (len(self._numbers) + 1))).cast("Q")
        # Both are mapped before there is a second process, and take up only what is written into them.
        self._kept = mmap.mmap(-1, 2 * most)
        self._process = os.getpid()

    def read(self, paths: Iterable[str], limit: int) -> Iterator[tuple[str, bytes | Unreadable]]:
        """Read files, in any order; see ``Snapshot.read``."""
        places, kept, numbers = self._places, self._kept, self._numbers
        unread: list[str] = []
        for path in paths:
            number = numbers.get(path)
            if number is not None and (place := places[2 * number]):
                yield path, kept[place - 1 : places[2 * number + 1]]
            else:
                unread.append(path)
        for path, content in self._snapshot.read(unread, limit):
            if isinstance(content, bytes):
                self._keep(path, content)
            yield path, content

    def containing(self, needles: Sequence[str], pathspecs: Sequence[str]) -> list[str]:
        """See ``Snapshot.containing``."""
        return self._snapshot.containing(needles, pathspecs)

    def _keep(self, path: str, content: bytes) -> None:
        # A forked half fills the second half of the memory, and goes on behind what one before it has left there.
        half = 0 if os.getpid() == self._process else 1
        used = 2 * len(self._numbers) + half
        begin = half * self._most + self._places[used]
        number, end = self._numbers.get(path), begin + len(content)
        if number is None or end > (half + 1) * self._most:
            return
        # In this order, so that a process that ends halfway leaves nothing that is not true.
        self._places[used] += len(content)
        self._kept[begin:end] = content
        self._places[2 * number + 1] = end
        self._places[2 * number] = begin + 1
