"""Retries, pauses that a registry asks for, budgets, and hosts that are left alone."""

from __future__ import annotations

from email.utils import formatdate

import pytest

from gitops_streams.oci.resolution import Cause, Resolved, Unresolvable
from gitops_streams.registry import HostSettings
from gitops_streams.registry.limits import Gate
from gitops_streams.registry.retry import retry_after


@pytest.mark.parametrize("status", [408, 429, 499, 500, 502, 503, 504, 522])
def test_statuses_that_may_pass_are_tried_again(fault, make_client, image_digest, status):
    replies = [fault.Reply(status), fault.manifest()]
    fault.answer = lambda _: replies.pop(0)
    assert make_client().resolve(fault.question()).digest == image_digest


@pytest.mark.parametrize("status", [402, 406, 410, 418, 501])
def test_other_statuses_are_not(fault, make_client, status):
    fault.answer = lambda _: fault.Reply(status)
    assert isinstance(make_client().resolve(fault.question()), Unresolvable)
    assert fault.count() == 1


def test_retry_after_in_seconds_is_waited_out_by_all_of_the_host(fault, make_client, clock):
    replies = [fault.Reply(429, {"Retry-After": "7"})]
    fault.answer = lambda _: replies.pop() if replies else fault.manifest()
    answers = make_client().resolve_all(fault.question(tag=str(number)) for number in range(20))
    assert all(isinstance(answer, Resolved) for answer in answers.values())
    assert 7 <= sum(clock.slept) < 9


def test_retry_after_as_a_date(clock):
    assert retry_after(formatdate(clock.time() + 30, usegmt=True), clock) == pytest.approx(30, abs=1)
    assert retry_after(formatdate(clock.time() - 30, usegmt=True), clock) == 0
    assert retry_after("12", clock) == 12
    assert retry_after("soon", clock) is None
    assert retry_after("9" * 50, clock) is not None
    assert retry_after("", clock) is None


def test_a_pause_beyond_the_budget_defers_the_host(fault, make_client, clock):
    fault.answer = lambda _: fault.Reply(429, {"Retry-After": "3600"}, b"slow down")
    client = make_client()
    answers = client.resolve_all(fault.question(tag=str(number)) for number in range(20))
    assert {answer.cause for answer in answers.values()} == {Cause.RATE_LIMITED}
    assert (client.requests, clock.slept) == (1, [])
    reasons = {answer.reason for answer in answers.values()}
    assert any("not asked again" in reason for reason in reasons)
    assert all(reason.startswith(f"{fault.host}: 429") for reason in reasons)
    # The host is asked again when its time has come.
    fault.answer = lambda _: fault.manifest()
    clock.now += 3600 * 1.3
    assert isinstance(client.resolve(fault.question()), Resolved)


def test_a_429_for_ever_is_no_retry_storm(fault, make_client):
    fault.answer = lambda _: fault.Reply(429)
    client = make_client()
    client.resolve_all(fault.question(tag=str(number)) for number in range(40))
    assert client.requests == 3


def test_500_for_one_repository_is_not_500_for_all(fault, make_client):
    fault.answer = lambda seen: fault.Reply(500) if "bad" in seen.target else fault.manifest()
    questions = [fault.question("acme/bad"), *(fault.question(f"acme/good{number}") for number in range(9))]
    bad, *good = make_client(hosts={fault.host: HostSettings(concurrency=1)}).resolve_all(questions).values()
    assert bad.cause is Cause.UNAVAILABLE
    assert all(isinstance(answer, Resolved) for answer in good)


def test_500_for_all_ends_soon(fault, make_client):
    fault.answer = lambda _: fault.Reply(503)
    client = make_client()
    answers = client.resolve_all(fault.question(tag=str(number)) for number in range(200))
    assert {answer.cause for answer in answers.values()} == {Cause.UNAVAILABLE}
    assert client.requests < 30


def test_the_retry_budget_bounds_all_waiting(fault, make_client, clock):
    fault.answer = lambda seen: fault.Reply(500) if int(seen.target[-1]) % 2 else fault.manifest()
    client = make_client(hosts={fault.host: HostSettings(concurrency=1)}, retry_budget=20.0)
    client.resolve_all(fault.question(tag=str(number)) for number in range(100))
    assert sum(clock.slept) < 21
    # A new run has a new budget.
    clock.slept.clear()
    clock.now += 61
    client.resolve_all(fault.question(tag=str(number)) for number in range(10))
    assert clock.slept


def test_requests_per_second(fault, make_client, clock):
    fault.answer = lambda _: fault.manifest()
    client = make_client(hosts={fault.host: HostSettings(requests_per_second=2, concurrency=1)})
    started = clock.now
    client.resolve_all(fault.question(tag=str(number)) for number in range(11))
    assert clock.now - started == pytest.approx(5)


def test_pauses_grow_and_are_capped(clock):
    gate = Gate("registry.test", clock, budget=1e9, jitter=0.0)
    failure = Unresolvable(Cause.UNAVAILABLE, "x")
    lengths = []
    for attempt in range(1, 9):
        before = clock.now
        assert gate.pause(attempt, failure) is None
        assert gate.enter() is None
        gate.leave()
        lengths.append(clock.now - before)
    assert lengths == pytest.approx([1, 2.5, 6.25, 15.625, 39.0625, 60, 60, 60])


def test_warnings_of_a_registry_are_told_once(fault, make_client):
    fault.answer = lambda _: fault.manifest(Warning='299 - "this registry \x1b[31mcloses\x07 soon"')
    client = make_client()
    client.resolve_all(fault.question(tag=str(number)) for number in range(9))
    assert client.warnings == (f"{fault.host} warns: this registry [31mcloses soon",)


def test_a_host_that_was_down_is_asked_at_once_when_there_is_a_sign_of_life(fault, make_client):
    fault.answer = lambda _: fault.Reply(503)
    client = make_client()
    client.resolve_all(fault.question(tag=str(number)) for number in range(20))
    assert "not asked again" in client.resolve(fault.question()).reason
    fault.answer = lambda _: fault.manifest()
    client.reopen(fault.host)
    client.reopen("elsewhere.test")
    assert isinstance(client.resolve(fault.question()), Resolved)


def test_a_rest_that_a_host_asked_for_is_given_whatever_the_signs_are(fault, make_client):
    fault.answer = lambda _: fault.Reply(429, {"Retry-After": "3600"})
    client = make_client()
    client.resolve(fault.question())
    fault.answer = lambda _: fault.manifest()
    client.reopen(fault.host)
    assert client.resolve(fault.question(tag="other")).cause is Cause.RATE_LIMITED
    assert client.requests == 1
