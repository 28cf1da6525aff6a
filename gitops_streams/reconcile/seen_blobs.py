"""Sets of blobs as a cache holds them: the ids one behind the other, taken apart only when somebody looks into them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)  # without slots: what is taken apart is kept
class SeenBlobs:
    """Blobs that an earlier run saw to hold nothing; most of them neither declare anything nor pass the screen."""

    ids: bytes = b""
    """Those that declare nothing but pass the screen; those that do neither; those that the screen drops though they
    declare something."""
    counts: tuple[int, int, int] = (0, 0, 0)
    """How many there are of each."""

    @classmethod
    def of(cls, undeclaring: frozenset[bytes], dropped: frozenset[bytes]) -> SeenBlobs:
        """Write both sets down; all ids have the same length."""
        parts = (undeclaring - dropped, undeclaring & dropped, dropped - undeclaring)
        ids = b"".join(blob for part in parts for blob in sorted(part))
        return cls(ids, (len(parts[0]), len(parts[1]), len(parts[2])))

    @cached_property
    def undeclaring(self) -> frozenset[bytes]:
        """Those that declare no streams."""
        return self._between(0, self.counts[0] + self.counts[1])

    @cached_property
    def dropped(self) -> frozenset[bytes]:
        """Those that the byte screen drops."""
        return self._between(self.counts[0], sum(self.counts))

    def _between(self, first: int, end: int) -> frozenset[bytes]:
        ids, total = self.ids, sum(self.counts)
        width = len(ids) // total if total else 1
        return frozenset([ids[at : at + width] for at in range(first * width, end * width, width)])
