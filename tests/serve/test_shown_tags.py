"""Stream tags are shown as they are, and what has not changed is not made anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from serve_values import key, view
from serve_world import FakeClock

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Reference
from gitops_streams.oci.resolution import Cause, Method, Question, Resolved, Unresolvable
from gitops_streams.registry import RegistryClient, RegistrySettings
from gitops_streams.serve import shown_tags
from gitops_streams.serve.answers import Answers
from gitops_streams.serve.known_answers import KnownAnswers
from gitops_streams.serve.pace import Pace
from gitops_streams.serve.shown_tags import ShownTags

REPOSITORY = Reference.parse("registry.example/acme/web").repository
QUESTIONS = [Question(REPOSITORY, str(number)) for number in range(4)]
NAMES = [f"shop/web:{number}" for number in range(6)]
"""Two more than are asked for."""
PACE = Pace(900.0, 0.0)


class Shown:
    """Six stream tags, and the answers that four of them rest on."""

    def __init__(self, client):
        self.clock = FakeClock()
        self.ahead = self.clock.time() - self.clock.monotonic()
        self.answers = Answers(client, self.clock, PACE)
        self.known: KnownAnswers = self.answers._known  # noqa: SLF001  what registries say is not the point here
        self.tags = tuple(view(name) for name in NAMES)
        questions = dict(zip(map(key, NAMES), QUESTIONS, strict=False))
        self.shown = ShownTags(self.tags, questions, self.answers)

    def views(self):
        return self.shown.views(self.ahead)

    def tell(self, number, *, fails=False):
        answer = (
            Unresolvable(Cause.DENIED, "no")
            if fails
            else Resolved(Digest.of(b"x"), "application/vnd.oci.image.index.v1+json", "registry.example", Method.HEAD)
        )
        now = self.clock.now
        self.known.keep(QUESTIONS[number], answer, self.clock.time(), now, stale=False)

    def anew(self):
        """Make every view without remembering anything: what is to be shown."""
        found = []
        for place, tag in enumerate(self.tags):
            checked = self.answers.checked(QUESTIONS[place]) if place < len(QUESTIONS) else None
            if checked is not None:
                at, due = (datetime.fromtimestamp(each, tz=UTC) for each in (checked.at, checked.due + self.ahead))
                tag = replace(tag, checked_at=at, next_check=due)  # noqa: PLW2901
            found.append(tag)
        return tuple(found)


@pytest.fixture
def client(tmp_path):
    with RegistryClient(RegistrySettings(), {}, tmp_path) as client:
        yield client


@pytest.fixture
def made(monkeypatch):
    """Every view that is made."""
    made = []
    real = shown_tags._timed  # noqa: SLF001  it makes each view

    def count(tag, *rest):
        made.append(str(tag.key))
        return real(tag, *rest)

    monkeypatch.setattr(shown_tags, "_timed", count)
    return made


def test_without_a_change_no_view_is_made(client, made):
    here = Shown(client)
    here.tell(1)
    first = here.views()
    assert made == NAMES
    made.clear()
    here.clock.now += 60
    here.ahead += 0.001  # clocks drift
    assert here.views() is first
    assert made == []


def test_an_answer_makes_its_own_views_anew(client, made):
    here = Shown(client)
    for number in range(4):
        here.tell(number)
    first = here.views()
    made.clear()
    here.clock.now += 60
    here.tell(2)
    second = here.views()
    assert made == [NAMES[2]]
    assert [place for place in range(6) if second[place] is not first[place]] == [2]
    assert (second[2].checked_at - first[2].checked_at).total_seconds() == 60


def test_an_answer_of_somebody_else_changes_nothing(client, made):
    here = Shown(client)
    first = here.views()
    made.clear()
    here.known.keep(
        Question(REPOSITORY, "other"),
        Resolved(Digest.of(b"x"), "application/vnd.oci.image.index.v1+json", "registry.example", Method.HEAD),
        1.0,
        1.0,
        stale=False,
    )
    assert here.views() is first
    assert made == []


def test_a_time_of_day_that_jumps_is_followed(client):
    here = Shown(client)
    here.tell(0)
    before = here.views()[0].next_check
    here.ahead += 86400
    assert (here.views()[0].next_check - before).total_seconds() == 86400
    assert here.views() == here.anew()


STEPS = st.one_of(
    st.tuples(st.just("tell"), st.integers(0, 3)),
    st.tuples(st.just("fail"), st.integers(0, 3)),
    st.tuples(st.just("soon"), st.integers(0, 3)),
    st.tuples(st.just("forget"), st.sets(st.integers(0, 3))),
    st.tuples(st.just("recall"), st.none()),
    st.tuples(st.just("pass by"), st.integers(1, 2000)),
    st.tuples(st.just("jump"), st.integers(2, 100_000)),
    st.tuples(st.just("show"), st.none()),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=30))
def test_whatever_happens_is_shown_at_once(client, steps):
    here = Shown(client)
    for step, value in steps:
        match step:
            case "tell" | "fail":
                here.tell(value, fails=step == "fail")
            case "soon":
                here.answers.expect(QUESTIONS[value], Digest.of(b"another"))
            case "forget":
                here.answers.due([QUESTIONS[number] for number in value])
            case "recall":
                here.known.recall({REPOSITORY.domain}, here.clock.now)
            case "pass by":
                here.clock.now += value
            case "jump":
                here.ahead += value
        assert here.views() == here.anew()
