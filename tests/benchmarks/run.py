"""The published benchmark: one command, this program and its peers, the same tree, the same registry.

    python tests/benchmarks/run.py                                  everything that is installed
    python tests/benchmarks/run.py --renovate DIR                   Renovate, installed by npm into DIR
    python tests/benchmarks/run.py --markdown docs/benchmarks.md    and write what was measured into the page
    python tests/benchmarks/run.py --tree DIR --expected FILE       a tree of one's own, whose registry runs already

Timings on a shared machine mean little on their own, so the tools are run in turn, round after round, and processor
time stands beside wall time. Nothing here fails for being slow.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import dataset
from comparison import monorepo, report
from comparison.peers import PEERS
from comparison.peers.peer import Peer, Scene, Stage
from comparison.peers.renovate import FOLDER_VARIABLE
from comparison.registry import registry
from comparison.rounds import Table, run_stage

HEADS = ("bare HEADs, one connection",)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--repositories", type=int, default=200)
    parser.add_argument("--monorepo", type=int, default=100_000, help="files of the large tree; 0: leave it out")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--slow-rounds", type=int, default=2, help="rounds of what takes half a minute or more")
    parser.add_argument("--only", default="", help="only tools whose names contain this; bare HEADs always run")
    parser.add_argument("--renovate", type=Path, help="the folder that npm installed Renovate into")
    parser.add_argument("--embedded-registry", action="store_true", help="even where docker-registry is installed")
    parser.add_argument("--markdown", type=Path, help="a page to write the tables into, between its two comments")
    parser.add_argument("--tree", type=Path, help="a repository whose registry is running")
    parser.add_argument(
        "--expected", type=Path, help="its ground truth: JSON objects with file, line, image, tag, digest"
    )
    return parser.parse_args()


def main() -> None:
    """Run the benchmark."""
    asked = arguments()
    if asked.renovate is not None:
        os.environ[FOLDER_VARIABLE] = str(asked.renovate.resolve())
    peers = tuple(peer for peer in PEERS if asked.only in peer.name or peer.name in HEADS)
    date = time.strftime("%Y-%m-%d")
    with tempfile.TemporaryDirectory(prefix="gitops-streams-benchmark-") as name:
        folder = Path(name)
        (folder / "home").mkdir()
        os.environ |= {"HOME": str(folder / "home"), "GIT_CONFIG_GLOBAL": os.devnull, "NO_PROXY": "127.0.0.1"}
        os.environ.pop("XDG_CACHE_HOME", None)
        absent = tuple(dict.fromkeys(f"{peer.name} ({why})" for peer in peers if (why := peer.missing())))
        found = report.versions(peers)
        print("\n".join(("This machine, and what runs:", *(f"  {line}" for line in found))))
        print("\n".join(f"  absent: {line}" for line in absent))
        tables: list[tuple[Table, tuple[str, ...]]] = []
        measured = _given(asked, folder, peers) if asked.tree is not None else _made(asked, folder, peers)
        for answered_by, table, bases in measured:
            print(f"\n{report.text(table, bases)}", flush=True)
            tables.append((table, bases))
            if asked.markdown is not None:  # after every stage, so that a run that is broken off leaves what it has
                run = report.Run(date, _command_line(asked), answered_by, found, absent, tuple(tables))
                report.write_into(asked.markdown, report.markdown(run))
        print("\n" + "\n".join(report.notes(table for table, _ in tables)))


def _command_line(asked: argparse.Namespace) -> str:
    """Return how this run was called, without the folder that Renovate is in here."""
    given = shlex.join(sys.argv[1:])
    return given if asked.renovate is None else given.replace(str(asked.renovate), "DIR")


Measured = Iterator[tuple[str, Table, tuple[str, ...]]]


def _made(asked: argparse.Namespace, folder: Path, peers: tuple[Peer, ...]) -> Measured:
    """Build registry and trees, and measure the three stages and the large tree."""
    with registry(folder, embedded=asked.embedded_registry) as running:
        host = running.host
        size = {"files": asked.files, "count": asked.repositories}
        plain = dataset.write_tree(folder / "plain", host, pinned=False, **size)
        pinned = dataset.write_tree(folder / "pinned", host, pinned=True, **size)
        print("  pushing images", file=sys.stderr)
        dataset.push(host, plain.used | pinned.used | plain.mentioned)
        moved = dataset.move(pinned.used, 0.03)
        (folder / "work").mkdir()
        unpinned = Scene(Stage.UNPINNED, plain.root, tuple(plain.expected), plain.used, host, folder / "work")
        settled = Scene(Stage.PINNED, pinned.root, (), pinned.used, host, folder / "work")
        yield running.name, _stage(asked, unpinned, peers, running.requests), HEADS
        yield running.name, _stage(asked, settled, peers, running.requests), HEADS
        dataset.push(host, moved, generation=1)
        after = replace(
            settled,
            stage=Stage.MOVED,
            expected=tuple(pinned.after(moved, host)),
            questions=pinned.used | moved,
        )
        yield running.name, _stage(asked, after, peers, running.requests), HEADS
        name = running.name
    if asked.monorepo:
        root, scans = monorepo.write(folder, asked.monorepo, asked.monorepo // 20, max(1, asked.monorepo // 500))
        scene = Scene(Stage.UNPINNED, root, (), {}, "", folder / "large")
        scene.work.mkdir()
        table = _stage(asked, scene, scans, None)
        title = f"finding every reference in {asked.monorepo:,} files, no registry"
        yield name, replace(table, title=title, places=scans[1].sites), ("rg for the names", "git status")


def _given(asked: argparse.Namespace, folder: Path, peers: tuple[Peer, ...]) -> Measured:
    """Measure the first stage on a tree that was given."""
    expected = tuple(dataset.read_expected(asked.expected))
    questions = {}
    for place in expected:
        name, _, tag = place.image.rpartition(":")
        questions[name.split("/", 1)[1], tag] = place.digest
    (folder / "work").mkdir()
    host = expected[0].image.split("/", 1)[0]
    scene = Scene(Stage.UNPINNED, asked.tree.resolve(), expected, questions, host, folder / "work")
    yield "the registry that was given", _stage(asked, scene, peers, None), HEADS


def _stage(
    asked: argparse.Namespace, scene: Scene, peers: tuple[Peer, ...], requests: Callable[[], int] | None
) -> Table:
    return run_stage(scene, peers, rounds=asked.rounds, slow_rounds=asked.slow_rounds, requests=requests)


if __name__ == "__main__":
    main()
