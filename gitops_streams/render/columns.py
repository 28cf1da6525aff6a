"""Rows in columns that are as wide as their widest cell: what every table for people at a terminal is made of."""

from __future__ import annotations

from collections.abc import Sequence

_BETWEEN = "  "
_BEHIND_HEADER = 2
"""Blanks more behind a header, which keep narrow columns apart."""


def columns(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write rows below their headers, without a line end after the last one.

    Args:
        headers: one for each column.
        rows: as many cells each, of one line each.
    """
    widths = [
        max([len(header) + _BEHIND_HEADER, *map(len, cells)]) for header, *cells in zip(headers, *rows, strict=True)
    ]
    return "\n".join(_BETWEEN.join(map(str.ljust, cells, widths)).rstrip() for cells in (headers, *rows))
