"""Asking in the background while more questions are still being found."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from gitops_streams.demo.images import Image
from gitops_streams.oci.resolution import Question, Resolved
from gitops_streams.registry import RegistryClient, RegistrySettings
from gitops_streams.registry.asking import Asking

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitops_streams.demo.registry import Registry


@pytest.fixture
def client(hermetic: Path) -> Iterator[RegistryClient]:
    with RegistryClient(RegistrySettings(), dict(os.environ), hermetic) as opened:
        yield opened


def questions(registry: Registry, count: int) -> list[Question]:
    found = []
    for number in range(count):
        registry.push("acme/web", f"1.{number}", Image.build("web", f"1.{number}"))
        found.append(Question(registry.reference("acme/web", "x").repository, f"1.{number}"))
    return found


def test_each_distinct_question_is_asked_once_however_often_it_is_found(
    client: RegistryClient, registry: Registry
) -> None:
    asked = questions(registry, 12)
    with Asking(client) as asking:
        for question in asked:
            asking.ask([question, asked[0]])
        asking.ask(asked)
        answers = asking.answers()
    assert list(answers) == asked
    assert all(isinstance(answer, Resolved) for answer in answers.values())
    assert len({str(answer.digest) for answer in answers.values() if isinstance(answer, Resolved)}) == len(asked)
    assert client.requests == registry.count("HEAD") == len(asked)


def test_the_registry_is_asked_before_all_questions_are_known(client: RegistryClient, registry: Registry) -> None:
    first, second = questions(registry, 2)
    arrived = threading.Event()
    registry.intercept = lambda _: arrived.set()
    with Asking(client) as asking:
        asking.ask([first])
        assert arrived.wait(10)
        asking.ask([second])
        assert set(asking.answers()) == {first, second}


def test_no_question_is_no_thread_and_no_request(client: RegistryClient) -> None:
    before = threading.active_count()
    with Asking(client) as asking:
        asking.ask([])
        assert threading.active_count() == before
        assert asking.answers() == {}
    assert client.requests == 0


def test_a_caller_that_fails_leaves_no_thread_behind(client: RegistryClient, registry: Registry) -> None:
    asked = questions(registry, 3)
    before = threading.active_count()

    def scan() -> None:
        with Asking(client) as asking:
            asking.ask(asked)
            raise KeyError("the scan failed")

    with pytest.raises(KeyError, match="the scan failed"):
        scan()
    assert not [thread for thread in threading.enumerate() if thread.name == "asking"]
    assert threading.active_count() <= before + len(asked)


def test_what_fails_in_the_background_is_raised_where_the_answers_are_wanted(
    client: RegistryClient, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(client, "resolve_all", broken)
    with Asking(client) as asking:
        asking.ask(questions(registry, 1))
        with pytest.raises(RuntimeError, match="broken"):
            asking.answers()


def test_progress_counts_the_round_not_the_batch(client: RegistryClient, registry: Registry) -> None:
    told: list[tuple[int, int]] = []
    asked = questions(registry, 6)
    with Asking(client, lambda done, total: told.append((done, total))) as asking:
        for question in asked:
            asking.ask([question])
        asking.answers()
    assert told[-1] == (6, 6)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
