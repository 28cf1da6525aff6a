"""Draws rows of texts in columns. To be imported where there are rows: tabulate costs a run 25 ms."""

from __future__ import annotations

from collections.abc import Sequence

from tabulate import tabulate


def columns(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Draw rows in columns under their headers, flush left; trailing blanks are left out.

    Args:
        headers: one for each column.
        rows: at least one; each has a text for each column, on one line, and none of only blank texts.
    """
    # tabulate guesses what type each cell has. A column that is one cell of many lines looks the same, and
    # thousands of rows are drawn in a third of the time.
    cells = ["\n".join([text.strip() for text in column]) for column in zip(*rows, strict=True)]
    return tabulate([cells], headers=headers, tablefmt="plain", disable_numparse=True, preserve_whitespace=True)
