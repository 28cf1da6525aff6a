"""Runs the tools of one stage in turn, round after round, so that other load falls on all of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from .judging import Verdict
from .measure import Cost, Failed, cost
from .peers.peer import Peer, Scene


@dataclass(frozen=True, slots=True)
class Row:
    """What one tool cost and did in one stage.

    Attributes:
        tool: its name.
        costs: its measured runs.
        largest: the most memory that one process had in any run, in KiB.
        together: the most memory that all of its processes had together in a sampled run, in KiB.
        requests: what each measured run asked the registry; empty where that cannot be counted.
        verdict: how right it is; ``None`` where there is nothing to judge.
        failure: why it has no figures; empty when it has.
        note: what its reader must know.
    """

    tool: str
    costs: tuple[Cost, ...]
    largest: int
    together: int
    requests: tuple[int, ...]
    verdict: Verdict | None
    failure: str
    note: str


@dataclass(frozen=True, slots=True)
class Table:
    """All rows of one stage, and the machine's load while they were measured."""

    title: str
    places: int
    questions: int
    rows: tuple[Row, ...]
    load: tuple[float, float]


def run_stage(
    scene: Scene,
    peers: Sequence[Peer],
    *,
    rounds: int,
    slow_rounds: int,
    requests: Callable[[], int] | None,
) -> Table:
    """Run every tool that takes part in a stage.

    A quick tool's first run is not timed: it warms what it can, and its memory is sampled. A slow tool's runs are all
    timed, and sampled too, which takes little beside them. Each round begins with another tool.
    """
    taking_part = [peer for peer in peers if scene.stage in peer.stages and not peer.missing()]
    runs = {peer.name: _Runs(peer, _own(scene, number), requests) for number, peer in enumerate(taking_part)}
    load = os.getloadavg()[0]
    for number in range(rounds + 1):
        shift = number % len(taking_part)
        for peer in taking_part[shift:] + taking_part[:shift]:
            if peer.slow and not 1 <= number <= slow_rounds:
                continue
            runs[peer.name].once(timed=number > 0, sampled=number == 0 or peer.slow)
    rows = tuple(runs[peer.name].row() for peer in taking_part)
    return Table(scene.stage.value, len(scene.expected), len(scene.questions), rows, (load, os.getloadavg()[0]))


def _own(scene: Scene, number: int) -> Scene:
    work = scene.work / f"{scene.stage.name.lower()}-{number}"
    work.mkdir()
    return replace(scene, work=work)


class _Runs:
    """The runs of one tool in one stage."""

    def __init__(self, peer: Peer, scene: Scene, requests: Callable[[], int] | None) -> None:
        self._peer = peer
        self._scene = scene
        self._requests = requests
        self._costs: list[Cost] = []
        self._asked: list[int] = []
        self._largest = self._together = 0
        self._failure = ""
        self._output = b""

    def once(self, *, timed: bool, sampled: bool) -> None:
        if self._failure:
            return
        command = self._peer.prepare(self._scene)
        self._scene = replace(self._scene, first=False)
        before = self._requests() if self._requests else 0
        try:
            took = cost(command, sampled=sampled)
        except Failed as failed:
            self._failure = str(failed)
            print(f"  {self._peer.name}: {failed}", file=sys.stderr)
            return
        print(f"  {self._scene.stage.value}: {self._peer.name}: {took.wall:.2f} s", file=sys.stderr, flush=True)
        self._largest, self._together = max(self._largest, took.largest), max(self._together, took.together)
        self._output = took.output
        if timed:
            self._costs.append(replace(took, output=b""))
            self._asked += [self._requests() - before] if self._requests else []

    def row(self) -> Row:
        verdict = None if self._failure else self._peer.judge(self._scene, self._output)
        figures = (self._largest, self._together, tuple(self._asked))
        return Row(self._peer.name, tuple(self._costs), *figures, verdict, self._failure, self._peer.note)
