"""Events that come close together are one burst, which is over in bounded time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.serve.burst import LONGEST, QUIET, Burst


@given(st.lists(st.tuples(st.floats(0, 0.5), st.integers(0, 3)), min_size=1, max_size=50))
def test_every_event_is_taken_once_and_soon(events):
    burst: Burst[int, float] = Burst()
    now, told, taken = 0.0, {}, []
    for pause, what in events:
        now += pause
        if burst.over_at is not None and burst.over_at <= now:
            found = burst.take(now)
            assert set(found) == set(told)
            taken.append(found)
            told.clear()
        assert burst.add(what, now, now) == (what not in told)
        told[what] = now
        over = burst.over_at
        assert over is not None
        assert now < over <= min(told.values()) + LONGEST or over <= now + QUIET
        assert burst.take(now) == {}
    assert set(burst.take(now + LONGEST)) == set(told)
    assert burst.over_at is None
    assert len(burst) == 0


def test_the_last_word_counts():
    burst: Burst[str, int] = Burst()
    burst.add("a", 1, 0.0)
    burst.add("a", 2, 0.1)
    assert burst.take(0.25) == {}
    assert burst.take(0.31) == {"a": 2}


def test_a_burst_that_never_is_quiet_ends():
    burst: Burst[int, None] = Burst()
    now = 0.0
    while burst.take(now) == {}:
        burst.add(int(now * 100), None, now)
        now += 0.1
    assert LONGEST <= now <= LONGEST + 0.2
