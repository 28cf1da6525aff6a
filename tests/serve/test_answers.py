"""Answers are shared: one question to a registry however many ask, and no answer that is older than a push."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from serve_world import FakeClock

from gitops_streams.demo.exchange import Response
from gitops_streams.demo.images import Image
from gitops_streams.demo.registry import Registry
from gitops_streams.oci.resolution import Question, Resolved, TagsQuestion, Unresolvable
from gitops_streams.registry import RegistryClient, RegistrySettings
from gitops_streams.serve.answers import Answers
from gitops_streams.serve.pace import Pace
from gitops_streams.serve.view import View


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def answers(clock, tmp_path):
    with RegistryClient(RegistrySettings(tries=1), {}, tmp_path, clock=clock) as client:
        yield Answers(client, clock, Pace(900.0, 0.0))


def question(registry, name="acme/web", tag="1"):
    return Question(registry.reference(name, tag).repository, tag)


def test_many_ask_and_the_registry_is_asked_once(registry, answers):
    digests = {f"acme/app-{n}": registry.push(f"acme/app-{n}", "1", Image.build("app", str(n))) for n in range(5)}
    asked = [question(registry, name) for name in digests]
    registry.intercept = lambda _: threading.Event().wait(0.02) and None
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: View(answers).resolve_all(asked), range(20)))
    for each in found:
        assert [answer.digest for answer in each.values()] == list(digests.values())
    assert registry.count("HEAD") == len(digests)


def test_a_view_knows_what_it_used_and_what_it_cost(registry, answers):
    registry.push("acme/web", "1", Image.build("web", "1"))
    first, second = View(answers), View(answers)
    first.resolve_all([question(registry)])
    second.resolve_all([question(registry)])
    assert (first.requests, second.requests) == (1, 0)
    assert first.used == second.used == {question(registry): answers.version(question(registry))}


def test_only_what_was_pushed_is_asked_again(registry, answers):
    for name in ("acme/web", "acme/api"):
        registry.push(name, "1", Image.build("x", name))
        registry.push(name, "2", Image.build("y", name))
    asked = [question(registry, name, tag) for name in ("acme/web", "acme/api") for tag in ("1", "2")]
    View(answers).resolve_all(asked)
    registry.forget()
    new = registry.push("acme/web", "1", Image.build("x", "new"))
    concerned = answers.concerned(asked[0].repository, "1")
    assert concerned == [asked[0]]
    assert answers.refresh(concerned) == {asked[0]}
    assert View(answers).resolve_all(asked)[asked[0]].digest == new
    assert registry.count() == 1
    assert answers.has(asked[0].repository, "1", new)
    assert not answers.has(asked[0].repository, "2", new)


def test_a_list_of_tags_is_concerned_by_every_tag_of_its_repository(registry, answers):
    registry.push("acme/web", "1", Image.build("web", "1"))
    listing = TagsQuestion(question(registry).repository)
    assert View(answers).tags_all([listing])[listing].tags == ("1",)
    registry.push("acme/web", "2", Image.build("web", "2"))
    assert answers.concerned(listing.repository, "2") == [listing]
    assert answers.refresh([listing]) == {listing}
    assert View(answers).tags_all([listing])[listing].tags == ("1", "2")
    assert answers.refresh([listing]) == set()


def test_a_push_while_the_question_is_under_way_makes_the_answer_stale(registry, answers):
    old = registry.push("acme/web", "1", Image.build("web", "1"))
    asked, begun, go_on = question(registry), threading.Event(), threading.Event()
    held = [True]

    def hold(request):
        if not held:
            return None
        held.clear()
        answer = registry.answer(request)  # what the tag is now, told later
        begun.set()
        go_on.wait(10)
        return answer

    registry.intercept = hold
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(View(answers).resolve_all, [asked])
        assert begun.wait(10)
        new = registry.push("acme/web", "1", Image.build("web", "2"))
        answers.outdate([asked])
        go_on.set()
        assert first.result(10)[asked].digest == new != old
    assert registry.count("HEAD") == 2


def test_failures_are_answers_that_are_asked_again_sooner_each_time_later(registry, answers, clock):
    asked = question(registry)
    registry.intercept = lambda _: Response(500)
    assert isinstance(View(answers).resolve_all([asked])[asked], Unresolvable)
    version, times = answers.version(asked), []
    began = clock.now
    while clock.now < began + 3600:
        clock.now += 1
        if answers.due({asked}):
            times.append(clock.now - began)
            assert answers.refresh([asked]) == set()  # another failure of the same cause plans nothing else
    assert times[:4] == [30, 90, 210, 450]
    assert times[-1] - times[-2] == 900
    since = answers.checked(asked).failing_since
    assert since == pytest.approx(clock.time() - 3600)
    assert answers.failing()[registry.host][0] == since
    registry.intercept = None
    digest = registry.push("acme/web", "1", Image.build("web", "1"))
    clock.now += 900
    assert answers.refresh(answers.due({asked})) == {asked}
    assert View(answers).resolve_all([asked])[asked].digest == digest
    assert answers.version(asked) != version
    assert answers.failing() == {}


def test_a_registry_that_is_back_is_asked_when_it_is_time_and_then_for_everything(registry, answers, clock):
    first, second = question(registry), question(registry, "acme/api")
    registry.close()
    answers.refresh([first])
    clock.now += 20
    answers.refresh([second])  # which was left alone, since the registry had failed
    clock.now += 10
    assert answers.due({first, second}) == [first]
    with Registry(port=int(registry.host.rpartition(":")[2])) as again:
        for name in ("acme/web", "acme/api"):
            again.push(name, "1", Image.build(name, "1"))
        # The client leaves a registry alone for a minute after it has failed: that puts nothing off.
        answers.retry(registry.host)
        assert answers.refresh([first]) == {first}
        assert answers.due({first, second}) == [second]
        assert answers.refresh([second]) == {second}


def test_a_registry_that_is_down_is_not_asked_once_more_for_each_question(registry, answers, clock):
    questions = [question(registry, f"acme/app-{number}") for number in range(20)]
    registry.intercept = lambda _: Response(503)
    for asked in questions:
        clock.now += 1
        answers.retry(registry.host)
        answers.refresh([asked])
    assert registry.count() <= 6


def test_what_nobody_wants_is_forgotten(registry, answers, clock):
    registry.push("acme/web", "1", Image.build("web", "1"))
    asked = question(registry)
    View(answers).resolve_all([asked])
    clock.now += 899
    assert answers.due(set()) == []
    assert answers.version(asked)
    clock.now += 2
    assert answers.due(set()) == []
    assert answers.version(asked) == 0
    assert answers.concerned(asked.repository, "1") == []


def test_a_registry_that_does_not_show_a_push_yet_is_asked_once_more(registry, answers, clock):
    registry.push("acme/web", "1", Image.build("web", "1"))
    asked = question(registry)
    View(answers).resolve_all([asked])
    claimed = Image.build("web", "2").digest
    answers.expect(asked, claimed)
    clock.now += 1
    assert answers.due({asked}) == []
    clock.now += 2
    assert answers.due({asked}) == [asked]


def test_a_view_is_answered_without_waiting_where_an_answer_is_merely_due(registry, answers, clock):
    digest = registry.push("acme/web", "1", Image.build("web", "1"))
    asked = question(registry)
    View(answers).resolve_all([asked])
    registry.intercept = lambda _: Response(500)
    clock.now += 10_000
    found = View(answers).resolve_all([asked])[asked]
    assert isinstance(found, Resolved)
    assert found.digest == digest
    assert registry.count() == 1
