"""How soon something is done again."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.serve.duplicates import Seen
from gitops_streams.serve.pace import Pace


@given(st.floats(0.1, 1e6), st.floats(0, 0.9), st.integers(), st.integers(1, 10_000))
def test_no_pause_is_longer_than_the_interval_allows(interval, jitter, seed, failures):
    pace = Pace(interval, jitter, Random(seed))
    longest = interval * (1 + jitter) * 1.000001
    assert interval * (1 - jitter) * 0.999999 <= pace.next() <= longest
    assert 0 < pace.retry(failures) <= longest


def test_failures_are_tried_again_sooner_and_then_ever_later():
    pace = Pace(900.0, 0.0)
    assert [pace.retry(failures) for failures in range(1, 10)] == [5, 10, 20, 40, 80, 160, 320, 640, 900]


@given(st.lists(st.integers(0, 30), max_size=200), st.integers(1, 20))
def test_the_memory_of_what_was_seen_is_bounded(things, most):
    seen = Seen(most)
    order: list[int] = []
    for thing in things:
        assert seen.again(thing) == (thing in order[-most:])
        order = [other for other in order if other != thing] + [thing]
        assert len(seen) <= most
