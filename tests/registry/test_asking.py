"""Asking while more questions are still being found, in this process or in a forked helper."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from gitops_streams.demo.images import Image
from gitops_streams.oci.resolution import Question, Resolved, Unresolvable
from gitops_streams.registry import RegistryClient, RegistrySettings
from gitops_streams.registry.asking import Asking

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitops_streams.demo.registry import Registry

_HELPED = """
import json, os, signal, sys, time
from pathlib import Path
from gitops_streams.oci.reference import Reference
from gitops_streams.oci.resolution import Question, Resolved
from gitops_streams.registry import RegistryClient, RegistrySettings
from gitops_streams.registry.asking import Asking

repository, count, accident = Reference.parse(sys.argv[1]).repository, int(sys.argv[2]), sys.argv[3]
questions = [Question(repository, f"1.{number}") for number in range(count)]
with RegistryClient(RegistrySettings(), dict(os.environ), Path.home()) as client:
    told = []
    with Asking(client, lambda done, total: told.append((done, total))) as asking:
        started = asking.start_helper()
        for question in questions:
            asking.ask([question, questions[0]])
        if accident == "killed":
            os.kill(asking._helper.pid, signal.SIGKILL)
        if accident == "stopped":  # a terminal sends Ctrl-C to both
            os.kill(asking._helper.pid, signal.SIGINT)
        answers = asking.answers()
        requests = asking.requests
    json.dump({
        "started": started,
        "digests": [str(answers[question].digest) for question in questions],
        "requests": requests,
        "here": client.requests,
        "told": told,
    }, sys.stdout)
"""


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
    asked = questions(registry, 40)
    with Asking(client) as asking:
        for question in asked:
            asking.ask([question, asked[0]])
        asking.ask(asked)
        answers = asking.answers()
        assert asking.requests == registry.count("HEAD") == len(asked)
    assert list(answers) == asked
    assert len({str(answer.digest) for answer in answers.values() if isinstance(answer, Resolved)}) == len(asked)


def test_no_question_is_no_request(client: RegistryClient) -> None:
    with Asking(client) as asking:
        asking.ask([])
        assert asking.answers() == {}
        assert asking.requests == 0


def test_requests_of_an_earlier_round_do_not_count(client: RegistryClient, registry: Registry) -> None:
    asked = questions(registry, 3)
    client.resolve_all(asked)
    with Asking(client) as asking:
        asking.ask(asked[:1])
        asking.answers()
        assert asking.requests == 1


def test_a_failing_question_is_an_answer(client: RegistryClient, registry: Registry) -> None:
    (asked,) = questions(registry, 1)
    missing = Question(asked.repository, "missing")
    with Asking(client) as asking:
        asking.ask([missing, asked])
        answers = asking.answers()
    assert isinstance(answers[missing], Unresolvable)
    assert isinstance(answers[asked], Resolved)


def _run_helped(registry: Registry, count: int, accident: str = "none") -> dict[str, object]:
    command = [sys.executable, "-W", "error", "-c", _HELPED, f"{registry.host}/acme/web", str(count), accident]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found: dict[str, object] = json.loads(done.stdout)
    return found


needs_two_processors = pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2, reason="a helper needs Linux and a second processor"
)


@needs_two_processors
def test_a_helper_asks_for_the_whole_round_and_its_requests_count(registry: Registry) -> None:
    questions(registry, 50)
    found = _run_helped(registry, 50)
    assert found["started"] is True
    assert found["digests"] == [str(Image.build("web", f"1.{number}").digest) for number in range(50)]
    assert found["requests"] == registry.count("HEAD") == 50
    assert found["here"] == 0, "nothing was left for the parent to ask"
    assert found["told"][-1] == [50, 50]


@needs_two_processors
def test_more_than_the_line_holds_does_not_make_both_sides_wait(registry: Registry) -> None:
    """Questions and answers are several times what a socket buffers."""
    image = Image.build("web", "1")
    for number in range(4000):
        registry.push("acme/web", f"1.{number}", image)
    found = _run_helped(registry, 4000)
    assert found["digests"] == [str(image.digest)] * 4000
    assert found["requests"] == registry.count("HEAD") == 4000
    assert found["told"][-1] == [4000, 4000]


@needs_two_processors
@pytest.mark.parametrize("accident", ["killed", "stopped"])
def test_a_helper_that_dies_or_meets_ctrl_c_loses_no_answer(registry: Registry, accident: str) -> None:
    questions(registry, 50)
    found = _run_helped(registry, 50, accident)
    assert found["started"] is True
    assert found["digests"] == [str(Image.build("web", f"1.{number}").digest) for number in range(50)]


def test_a_helper_is_not_forked_beside_threads(client: RegistryClient, registry: Registry) -> None:
    """The embedded registry's threads run in this very process."""
    with Asking(client) as asking:
        assert asking.start_helper() is False
        asking.ask(questions(registry, 20))
        assert len(asking.answers()) == 20
