"""Comments that say something of a value: the one behind it on its line, and those that stand behind none."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from gitops_streams.yamledit.locate import Located
from gitops_streams.yamledit.nodes import Mapping, Scalar, walk

_BEHIND = re.compile(r"[ \t,}\]]*[ \t]#(?P<comment>[^\r\n]*)")
_WHOLE = re.compile(r"[ \t\ufeff]*#")
_HEADER = re.compile(r"[|>][0-9+-]*[ \t]+#(?P<comment>[^\r\n]*)")


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A text in a comment that stands behind no value."""

    position: int
    line: int
    """1-based."""
    whole_line: bool
    """Whether the comment has its line for itself."""


def behind(scalar: Scalar, text: str) -> re.Match[str] | None:
    """Match the comment behind a scalar on its line, group ``comment`` without its ``#``; behind a block, none."""
    return None if scalar.is_block else _BEHIND.match(text, scalar.end)


def behind_header(scalar: Scalar, text: str) -> re.Match[str] | None:
    """Match the comment behind the ``|`` or ``>`` of a block scalar."""
    return _HEADER.search(text, scalar.start, line_end(text, scalar.start)) if scalar.is_block else None


def elsewhere(located: Located, needle: re.Pattern[str], read: Collection[int]) -> Iterator[Elsewhere]:
    """Yield where comments match ``needle`` on lines on which nobody has read one.

    Args:
        located: the file.
        needle: what to look for.
        read: the starts of the lines whose comments have been read.
    """
    text = located.text
    scalars: list[Scalar] = []
    for document in located.documents:
        for _, node in walk(document.root):
            if isinstance(node, Scalar):
                scalars.append(node)
            elif isinstance(node, Mapping):
                scalars += [entry.key for entry in node.entries if isinstance(entry.key, Scalar)]
    scalars.sort(key=lambda scalar: scalar.start)
    starts = [scalar.start for scalar in scalars]
    start, line, counted = 0, 1, 0
    for match in needle.finditer(text):
        position = match.start()
        # From the match before, and not from the start of the text, or of a line as long as that.
        start = text.rfind("\n", counted, position) + 1 or start
        line, counted = line + text.count("\n", counted, position), position
        around = bisect_right(starts, position) - 1
        in_scalar = around >= 0 and position < scalars[around].end
        if in_scalar and scalars[around].is_block:  # behind its "|" stands a comment, its text begins on the next line
            in_scalar = scalars[around].start < start
        if not in_scalar and start not in read:
            opened = _WHOLE.match(text, start)
            yield Elsewhere(position, line, opened is not None and opened.end() <= position)


def line_start(text: str, position: int) -> int:
    """Return where the line of a position starts."""
    return text.rfind("\n", 0, position) + 1


def line_end(text: str, position: int) -> int:
    """Return where the line of a position ends."""
    end = text.find("\n", position)
    return len(text) if end < 0 else end
