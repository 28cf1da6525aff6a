"""Shares work on many files out over two processes, where that pays.

Measured: a fork costs 20 ms, threads are slower than none, and a third process gains nothing on the machines
that CI systems lend. What the forked half finds is sent back when it is done, so it has to be little.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Item = TypeVar("Item")
Result = TypeVar("Result")

_ENOUGH = 4000
"""Items from which on a second process pays for its start, if each takes some ten microseconds."""
_ENOUGH_LONG_ONES = 100
"""The same, if each takes about a millisecond."""


def shared_out(
    items: Sequence[Item], work: Callable[[Sequence[Item]], Iterable[Result]], *, enough: int = _ENOUGH
) -> Iterator[Result]:
    """Yield what ``work`` yields for all items, in no particular order.

    Args:
        items: what there is to do; each costs about the same.
        work: does a part of it. What it yields is pickled by the forked half.
        enough: how many items are worth a second process.
    """
    if len(items) < enough or not may_fork():
        yield from work(items)
        return
    import multiprocessing  # noqa: PLC0415  small repositories do not pay for it
    import signal  # noqa: PLC0415  the same

    context = multiprocessing.get_context("fork")
    line, theirs = context.Pipe(duplex=False)
    helper = context.Process(target=_help, args=(theirs, line, work, items[1::2]), daemon=True)
    # Ctrl-C is the parent's to handle. The helper is born with it blocked, and so never sees one.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        helper.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    theirs.close()
    try:
        yield from work(items[0::2])
        try:
            results = line.recv()
        except (EOFError, OSError):
            results = None
        # A helper that died, or failed, has cost time only: what it raised is raised here.
        yield from work(items[1::2]) if results is None else results
    finally:
        line.close()
        helper.terminate()
        helper.join()
        helper.close()


def mapped(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Apply a function that takes about a millisecond to all items; return the results in their order."""

    def work(part: Sequence[int]) -> Iterator[tuple[int, Result]]:
        return ((number, function(items[number])) for number in part)

    return [result for _, result in sorted(shared_out(range(len(items)), work, enough=_ENOUGH_LONG_ONES))]


def may_fork() -> bool:
    """Whether a second process is to be had: another thread might hold a lock that nobody would release in it."""
    return sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1 and threading.active_count() == 1


def _help(
    line: Connection[Any, Any],
    theirs: Connection[Any, Any],
    work: Callable[[Sequence[Item]], Iterable[Result]],
    items: Sequence[Item],
) -> None:
    """Be the second process; its end without an answer says that it failed."""
    theirs.close()
    try:
        line.send(list(work(items)))
    except BaseException:  # noqa: BLE001  whatever it is, the parent does this part and meets it too
        os._exit(1)
    os._exit(0)
