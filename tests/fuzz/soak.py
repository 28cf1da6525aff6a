"""Fuzz `yamledit` and the scan: a million mutated documents by default, each within bounds of time and memory.

Every worker is a process of its own. Before it looks at a document it writes it into a file that it shares with
this process, so that what kills it is kept; a document gets `CPU_SECONDS` of processor time, and a worker
`MEMORY` bytes. Where Atheris is installed, coverage of our code and of both pure-Python parsers
guides what is tried next; else (or with `--engine random`) seeds are mutated at random, reproducibly.

    python tests/fuzz/soak.py --documents 1000000 --jobs 2
    python tests/fuzz/soak.py --replay build/fuzz/found/FILE
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import mmap
import os
import random
import resource
import signal
import struct
import subprocess
import sys
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("GITOPS_STREAMS_SHARED") or ROOT.parent / "shared")
CPU_SECONDS = 10.0
MEMORY = 2 << 30
_HEADER = struct.Struct("<QQI")
"""Documents that were judged, the seed of the current one, its length."""
_LARGEST = 1 << 16
_MOST_FINDINGS = 20
_INSTRUMENTED = ["gitops_streams.yamledit", "gitops_streams.manifests", "ruamel.yaml", "yaml"]


class Ledger:
    """What a worker is at, in a file that outlives it."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _HEADER.size + _LARGEST)

    @staticmethod
    def create(path: Path) -> None:
        path.write_bytes(bytes(_HEADER.size + _LARGEST))

    def enter(self, done: int, seed: int, data: bytes) -> None:
        data = data[:_LARGEST]
        self._map[: _HEADER.size + len(data)] = _HEADER.pack(done, seed, len(data)) + data

    def read(self) -> tuple[int, int, bytes]:
        done, seed, length = _HEADER.unpack_from(self._map)
        return done, seed, self._map[_HEADER.size : _HEADER.size + length]


class Worker:
    """Judges documents until it has judged enough, and keeps what is wrong."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.folder: Path = arguments.folder
        self.number: int = arguments.worker
        self.most: int = arguments.documents
        self.until = time.monotonic() + arguments.seconds
        self.ledger = Ledger(_ledger(self.folder, self.number))
        self.done = 0
        self.verdicts: Counter[str] = Counter()
        self.findings: dict[str, str] = {}

    def judge(self, judge: Callable[[bytes, int], Any], data: bytes) -> None:
        seed = zlib.crc32(data)
        self.ledger.enter(self.done, seed, data)
        # Whatever hangs, libyaml's C included, is ended by the signal's default action; the parent tells which.
        signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS)
        try:
            self.verdicts[str(judge(data, seed))] += 1
        except Exception as error:  # noqa: BLE001  any exception is a finding
            self._keep(error, data)
        self.done += 1
        if self.done >= self.most or time.monotonic() > self.until or len(self.findings) >= _MOST_FINDINGS:
            self.finish()

    def finish(self) -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        report = {
            "done": self.done,
            "verdicts": self.verdicts,
            "findings": self.findings,
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10,
        }
        (self.folder / f"report-{self.number}.json").write_text(json.dumps(report))
        sys.stdout.flush()
        os._exit(0)  # libFuzzer has no other way to stop

    def _keep(self, error: Exception, data: bytes) -> None:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "atheris" not in frame.filename]
        place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}"
        name = f"{type(error).__name__} in {place}: {str(error).splitlines()[0][:120] if str(error) else ''}"
        if name not in self.findings:
            self.findings[name] = keep(self.folder, data)


def keep(folder: Path, data: bytes) -> str:
    """Write a document that broke something where it is not lost."""
    path = folder / "found" / f"{zlib.crc32(data):08x}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return str(path)


def work(arguments: argparse.Namespace) -> None:
    """Be a worker."""
    signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    worker = Worker(arguments)
    (_with_atheris if arguments.engine == "atheris" else _at_random)(worker, arguments.seed + arguments.worker)


def _at_random(worker: Worker, seed: int) -> None:
    from yaml_fuzz import mutation, oracle, seeds  # noqa: PLC0415  not before Atheris

    known = seeds.load(SHARED / "cases" / "corpus")
    for data in known:
        worker.judge(oracle.judge, data)
    chooser = random.Random(seed)
    while True:
        worker.judge(oracle.judge, mutation.mutate(chooser.choice(known), known, chooser))


def _with_atheris(worker: Worker, seed: int) -> None:
    import atheris  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415  Linux on x86 alone has it

    with atheris.instrument_imports(include=_INSTRUMENTED):
        import ruamel.yaml  # noqa: F401, PLC0415  the proof imports it late
        from yaml_fuzz import mutation, oracle, seeds  # noqa: PLC0415
    known = seeds.load(SHARED / "cases" / "corpus")
    corpus = worker.folder / f"corpus-{worker.number}"
    corpus.mkdir(exist_ok=True)
    for number, data in enumerate(known):
        (corpus / f"seed-{number}").write_bytes(data)

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        chooser = random.Random(seed)
        if chooser.random() < 0.3:
            return bytes(atheris.Mutate(data, most))
        return mutation.mutate(bytes(data), known, chooser)[:most]

    options = ["-max_len=20000", "-len_control=0", f"-seed={seed + 1}", "-rss_limit_mb=0", "-print_final_stats=0"]
    atheris.Setup(
        ["soak", *options, "-verbosity=0", str(corpus)],
        lambda data: worker.judge(oracle.judge, bytes(data)),
        custom_mutator=mutate,
    )
    atheris.Fuzz()


def run(arguments: argparse.Namespace) -> int:
    """Start the workers, wait, and tell what they found; 1 if that is anything."""
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    each = -(-arguments.documents // arguments.jobs)
    print(f"fuzzing with {arguments.engine}: {arguments.documents} documents, {arguments.jobs} workers", flush=True)
    done, verdicts, findings, peak = 0, Counter[str](), dict[str, str](), 0
    running = {}
    for number in range(arguments.jobs):
        running[number] = _start(arguments, number, each)
    for number, process in running.items():
        output, _ = process.communicate()
        report = folder / f"report-{number}.json"
        if process.returncode == 0 and report.is_file():
            said = json.loads(report.read_text())
            done += said["done"]
            verdicts.update(said["verdicts"])
            findings |= said["findings"]
            peak = max(peak, said["peak"])
            continue
        count, _, data = Ledger(_ledger(folder, number)).read()
        done += count
        why = "took too long" if process.returncode == -signal.SIGVTALRM else f"ended with {process.returncode}"
        findings[f"worker {number} {why} (its last words: {output[-300:]!r})"] = keep(folder, data)
    took = time.monotonic() - started
    shares = ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
    print(f"{done} documents in {took:.0f} s ({done / took:.0f}/s), peak {peak >> 20} MiB: {shares}")
    for name, path in findings.items():
        print(f"FOUND {name}\n      {path}")
    print("nothing wrong" if not findings else f"{len(findings)} wrong")
    return 1 if findings else 0


def _start(arguments: argparse.Namespace, number: int, documents: int) -> subprocess.Popen[bytes]:
    Ledger.create(_ledger(arguments.folder, number))
    (arguments.folder / f"report-{number}.json").unlink(missing_ok=True)
    command = [sys.executable, __file__, "--worker", str(number), "--documents", str(documents)]
    command += ["--seconds", str(arguments.seconds), "--seed", str(arguments.seed), "--engine", arguments.engine]
    command += ["--folder", str(arguments.folder)]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests' / 'support'}", "PYTHONHASHSEED": "0"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, cwd=ROOT)


def _ledger(folder: Path, number: int) -> Path:
    return folder / f"ledger-{number}"


def replay(path: Path) -> int:
    """Judge one file once more, and let its exception show."""
    sys.path.insert(0, str(ROOT / "tests" / "support"))
    from yaml_fuzz import oracle  # noqa: PLC0415

    data = path.read_bytes()
    print(oracle.judge(data, zlib.crc32(data)))
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line and fuzz."""
    atheris = "atheris" if importlib.util.find_spec("atheris") is not None else "random"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after this time")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0, help="another seed tries other documents")
    parser.add_argument("--engine", choices=("atheris", "random"), default=atheris)
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "fuzz", help="what is found, and the corpus")
    parser.add_argument("--replay", type=Path, help="judge one file")
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args(argv)
    arguments.folder = arguments.folder.resolve()
    if arguments.replay is not None:
        return replay(arguments.replay)
    if arguments.worker is not None:
        work(arguments)
        return 0
    return run(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
