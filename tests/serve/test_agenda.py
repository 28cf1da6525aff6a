"""Which repository is due when: nothing is visited twice at a time, nothing that is wanted is forgotten."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gitops_streams.serve.agenda import Agenda, Trigger

NAMES = ("a", "b", "c")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wanted"), st.sampled_from(NAMES), st.integers(0, 20), st.sampled_from(Trigger)),
        st.tuples(st.just("take"), st.integers(0, 5)),
        st.tuples(st.just("done"), st.sampled_from(NAMES), st.integers(1, 20)),
    ),
    max_size=60,
)


@given(STEPS)
def test_every_wish_is_granted_in_time_and_none_twice_at_once(steps):
    agenda, now = Agenda(NAMES, 0.0), 0.0
    running: set[str] = set()
    wishes = dict.fromkeys(NAMES, 0.0)  # the earliest time at which each is wanted
    for step in steps:
        match step:
            case ("wanted", name, delay, trigger):
                agenda.wanted(name, now + delay, trigger)
                wishes[name] = min(wishes[name], now + delay)
            case ("take", passed):
                now += passed
                taken = [name for name, _ in agenda.take(now)]
                assert sorted(taken) == sorted(name for name in NAMES if name not in running and wishes[name] <= now)
                running.update(taken)
                wishes.update(dict.fromkeys(taken, float("inf")))
            case ("done", name, delay) if name in running:
                running.discard(name)
                agenda.done(name, now + delay, Trigger.POLL)
                wishes[name] = min(wishes[name], now + delay)
        waiting = [wishes[name] for name in NAMES if name not in running]
        assert agenda.next_at == min(waiting, default=None)


def test_the_most_urgent_comes_first():
    agenda = Agenda(NAMES, 10.0)
    agenda.wanted("a", 5.0, Trigger.POLL)
    agenda.wanted("b", 6.0, Trigger.CHECK_NOW)
    assert agenda.take(10.0) == [("b", Trigger.CHECK_NOW), ("a", Trigger.POLL), ("c", Trigger.START)]


def test_what_is_wanted_during_a_visit_is_visited_afterwards():
    agenda = Agenda(("a",), 0.0)
    assert agenda.take(0.0) == [("a", Trigger.START)]
    assert agenda.due("a") is None
    assert agenda.wanted("a", 1.0, Trigger.WEBHOOK)
    assert not agenda.wanted("a", 1.0, Trigger.WEBHOOK)
    assert agenda.take(1.0) == []
    agenda.done("a", 900.0, Trigger.POLL)
    assert agenda.take(1.0) == [("a", Trigger.WEBHOOK)]
