"""Advice on a reference, worked out once somebody asks: a tree may hold thousands, and a table shows ten."""

from __future__ import annotations

from collections.abc import Callable


class Advice:
    """The line for the configuration that would have a reference edited; the same whenever it is asked for."""

    __slots__ = ("_line",)

    def __init__(self, line: str | Callable[[], str] = "") -> None:
        """Take the line, or what works it out: a pure function, called once at most and then let go."""
        self._line = line

    @property
    def line(self) -> str:
        """The line; empty where none would."""
        line = self._line
        if not isinstance(line, str):
            line = self._line = line()  # two threads may both do so
        return line

    def __eq__(self, other: object) -> bool:
        """Two are equal that say the same."""
        return self.line == other.line if isinstance(other, Advice) else NotImplemented

    def __hash__(self) -> int:
        """See ``__eq__``."""
        return hash(self.line)

    def __repr__(self) -> str:
        """``Advice('…')``."""
        return f"Advice({self.line!r})"

    def __reduce__(self) -> tuple[type[Advice], tuple[str]]:
        """Send the line to another process, and nothing that it is made of."""
        return Advice, (self.line,)


NO_ADVICE = Advice()
