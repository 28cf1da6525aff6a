"""The change as a unified diff that ``git apply`` accepts, made from the edits themselves."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

from gitops_streams.plan.model import FilePlan
from gitops_streams.render.patch_header import patch_header
from gitops_streams.render.report import Report
from gitops_streams.yamledit.edit import Conflict, splice_pieces

_CONTEXT = 3


def render(report: Report) -> str:
    """Render every file that would be written; nothing if there is none."""
    return "".join(piece for file in report.plan.files for piece in _file(file))


def _file(file: FilePlan) -> Iterator[str]:
    lines = file.text.split("\n")
    yield patch_header(file.path)
    changed = _changed_lines(file, lines)
    shift = 0
    for group in _groups(sorted(changed)):
        first, last = max(0, group[0] - _CONTEXT), min(len(lines) - 1, group[-1] + _CONTEXT)
        if last == len(lines) - 1 and not lines[last] and last not in changed:
            last -= 1  # the empty string behind the final newline is no line
        body: list[str] = []
        removed = added = 0
        for number in range(first, last + 1):
            old = _terminated(lines, number)
            new = changed.get(number, [old])
            if new[0] == old:  # nothing, or lines were only added behind it
                body += [f" {old}", *(f"+{text}" for text in new[1:])]
            else:
                body += [f"-{old}", *(f"+{text}" for text in new)]
            removed, added = removed + 1, added + len(new)
        yield f"@@ -{first + 1},{removed} +{first + 1 + shift},{added} @@\n"
        yield from body
        shift += added - removed


def _changed_lines(file: FilePlan, lines: list[str]) -> dict[int, list[str]]:
    """Return the new lines that take the place of each old one that an edit touches, by its index."""
    starts = [0, *accumulate(len(text) + 1 for text in lines)]
    touched: dict[int, list[tuple[int, int, str]]] = {}
    pieces = splice_pieces(file.edits)
    for span, written in () if isinstance(pieces, Conflict) else pieces:  # a plan holds no conflicts
        number = bisect_right(starts, span.start) - 1
        touched.setdefault(number, []).append((span.start - starts[number], span.end - starts[number], written))
    changed = {}
    for number, pieces_of_line in touched.items():
        old = lines[number]
        new, position = "", 0
        for start, end, written in pieces_of_line:
            new += old[position:start] + written
            position = end
        new += old[position:]
        texts = new.split("\n")
        final = number == len(lines) - 1
        ends = ["\n"] * (len(texts) - 1) + ["\n\\ No newline at end of file\n" if final else "\n"]
        changed[number] = [text + end for text, end in zip(texts, ends, strict=True)]
    return changed


def _terminated(lines: list[str], number: int) -> str:
    return lines[number] + ("\n\\ No newline at end of file\n" if number == len(lines) - 1 else "\n")


def _groups(numbers: list[int]) -> Iterator[list[int]]:
    """Split line numbers into groups whose contexts do not touch."""
    group: list[int] = []
    for number in numbers:
        if group and number - group[-1] > 2 * _CONTEXT:
            yield group
            group = []
        group.append(number)
    if group:
        yield group
