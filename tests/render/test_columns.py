"""Columns look as tabulate draws them cell by cell."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tabulate import tabulate

from gitops_streams.render.columns import columns
from gitops_streams.render.inert import line

HEADERS = ("OUTCOME", "A", "PLACE")
TEXTS = st.text(alphabet=st.sampled_from(list("ab1.- \t\n中é\u00a0\u2028\x85\x1b|")), max_size=12).map(line)
ROWS = st.lists(st.tuples(TEXTS.filter(str.strip), TEXTS, TEXTS), min_size=1, max_size=8)


@given(ROWS)
def test_rows_are_drawn_as_tabulate_draws_each_cell(rows):
    assert columns(HEADERS, rows) == tabulate(rows, headers=HEADERS, tablefmt="plain", disable_numparse=True)
