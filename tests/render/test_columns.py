"""Columns: as wide as their widest cell, and no blank at a line's end."""

from __future__ import annotations

from gitops_streams.render.columns import columns


def test_a_column_is_as_wide_as_its_widest_cell() -> None:
    # Two blanks more stand behind a header.
    assert columns(["A", "HEADER", "C"], [["wider", "x", "1"], ["w", "", ""]]).splitlines() == [
        "A      HEADER    C",
        "wider  x         1",
        "w",
    ]


def test_headers_stand_alone_where_there_are_no_rows() -> None:
    assert columns(["A", "B"], []) == "A    B"
