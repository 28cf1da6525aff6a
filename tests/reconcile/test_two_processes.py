"""Work that is shared out over two processes is all done, whatever becomes of the second."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence

import pytest

from gitops_streams.reconcile import two_processes
from gitops_streams.reconcile.two_processes import mapped, may_fork, shared_out

NUMBERS = list(range(100))
PARENT = os.getpid()


@pytest.fixture(autouse=True)
def _two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)


def _squares(part: Sequence[int]) -> Iterator[tuple[int, int]]:
    return ((number * number, os.getpid()) for number in part)


def _dies(part: Sequence[int]) -> Iterator[tuple[int, int]]:
    if os.getpid() != PARENT:
        os._exit(9)
    return _squares(part)


def _fails(part: Sequence[int]) -> Iterator[tuple[int, int]]:
    if 1 in part:
        raise ValueError("the second half")
    return _squares(part)


@pytest.mark.parametrize("work", [_squares, _dies])
@pytest.mark.parametrize("enough", [0, 1000])
def test_everything_is_done_once(work: object, enough: int) -> None:
    done = list(shared_out(NUMBERS, work, enough=enough))  # type: ignore[arg-type]
    assert sorted(square for square, _ in done) == [number * number for number in NUMBERS]
    forked = work is _squares and enough == 0 and may_fork()
    assert len({process for _, process in done}) == (2 if forked else 1)


def test_what_fails_in_the_second_fails_here() -> None:
    with pytest.raises(ValueError, match="the second half"):
        list(shared_out(NUMBERS, _fails, enough=0))


def test_no_fork_beside_a_thread() -> None:
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    try:
        assert not may_fork()
    finally:
        end.set()
        thread.join()


def test_leaving_early_ends_the_second() -> None:
    some = shared_out(NUMBERS, _squares, enough=0)
    next(some)
    some.close()  # type: ignore[attr-defined]
    assert two_processes.may_fork() is (threading.active_count() == 1)


def test_results_are_in_the_order_of_the_items() -> None:
    results = mapped(lambda number: (number, os.getpid()), NUMBERS)
    assert [number for number, _ in results] == NUMBERS
    assert len({process for _, process in results}) == (2 if may_fork() else 1)


def test_an_error_of_one_item_is_raised_whichever_process_meets_it() -> None:
    for bad in (0, 1):
        with pytest.raises(ZeroDivisionError):
            mapped(lambda number, bad=bad: 1 // (number - bad), NUMBERS)
