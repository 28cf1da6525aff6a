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
import copy
import gc
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
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
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
_MOST_CAUSES = 200
_MOST_DEATHS = 5
_REPORTED = 500
"""Documents after which a worker writes its report anew."""
_PROGRESS_SECONDS = 30.0
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
        self.causes: Counter[str] = Counter()
        self.edits: Counter[str] = Counter()
        self.findings: dict[str, str] = {}
        # Nodes of documents live for one document: looking for cycles among them each time takes a tenth of it all.
        gc.set_threshold(50_000, 20, 50)

    def judge(self, judge: Callable[[bytes, int], Any], data: bytes) -> None:
        seed = zlib.crc32(data)
        self.ledger.enter(self.done, seed, data)
        # Whatever hangs, libyaml's C included, is ended by the signal's default action; the parent tells which.
        signal.setitimer(signal.ITIMER_VIRTUAL, CPU_SECONDS)
        try:
            judgement = judge(data, seed)
            self.verdicts[judgement.verdict] += 1
            if judgement.cause:
                self.causes[f"{judgement.verdict}: {judgement.cause}"[:160]] += 1
            if judgement.edits:
                self.edits[judgement.edits] += 1
        except Exception as error:  # noqa: BLE001  any exception is a finding
            self._keep(error, data)
        self.done += 1
        if self.done >= self.most or time.monotonic() > self.until or len(self.findings) >= _MOST_FINDINGS:
            self.finish()
        elif self.done % _REPORTED == 0:
            self.report()

    def report(self) -> None:
        """Write down what is known so far, should this process not live to finish."""
        report = {
            "done": self.done,
            "verdicts": self.verdicts,
            "causes": dict(self.causes.most_common(_MOST_CAUSES)),
            "edits": dict(self.edits.most_common(_MOST_CAUSES)),
            "findings": self.findings,
            "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10,
        }
        path = _report(self.folder, self.number)
        path.with_suffix(".new").write_text(json.dumps(report))
        path.with_suffix(".new").replace(path)

    def finish(self) -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        self.report()
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
    chooser, weights = random.Random(seed), seeds.weights(known)
    while True:
        (drawn,) = chooser.choices(known, cum_weights=weights)
        worker.judge(oracle.judge, mutation.mutate(drawn, known, chooser))


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


@dataclass
class Total:
    """What all workers did so far."""

    done: int = 0
    peak: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)
    edits: Counter[str] = field(default_factory=Counter)
    findings: dict[str, str] = field(default_factory=dict)

    def add(self, report: Path, done: int) -> None:
        """Add what a worker reported, and what it has done since."""
        said = json.loads(report.read_text()) if report.is_file() else {}
        self.done += max(done, said.get("done", 0))
        self.peak = max(self.peak, said.get("peak", 0))
        self.findings |= said.get("findings", {})
        for name in ("verdicts", "causes", "edits"):
            getattr(self, name).update(said.get(name, {}))

    def as_json(self, took: float, *, ended: bool) -> dict[str, Any]:
        """Return all of it."""
        counts = {name: dict(getattr(self, name).most_common()) for name in ("verdicts", "causes", "edits")}
        rate = round(self.done / took, 1) if took else 0.0
        return {
            "ended": ended,
            "documents": self.done,
            "seconds": round(took, 1),
            "per_second": rate,
            "peak_mib": self.peak >> 20,
            "findings": self.findings,
            **counts,
        }

    def line(self, took: float) -> str:
        """Say it on one line."""
        shares = ", ".join(f"{count} {verdict}" for verdict, count in sorted(self.verdicts.items()))
        wrong = len(self.findings) or "nothing"
        rate = self.done / took
        return (
            f"{self.done} documents in {took:.0f} s ({rate:.0f}/s), peak {self.peak >> 20} MiB: {shares}; {wrong} wrong"
        )


def run(arguments: argparse.Namespace) -> int:
    """Start the workers, wait, and tell what they found; 1 if that is anything."""
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    started = told = time.monotonic()
    each = -(-arguments.documents // arguments.jobs)
    print(f"fuzzing with {arguments.engine}: {arguments.documents} documents, {arguments.jobs} workers", flush=True)
    ended = Total()
    deaths = 0
    running = {number: _start(arguments, number, each, 0.0) for number in range(arguments.jobs)}
    left = dict.fromkeys(running, each)
    while running:
        time.sleep(0.05)
        for number, process in list(running.items()):
            if process.poll() is None:
                continue
            del running[number]
            output = process.communicate()[0]
            done, _, data = Ledger(_ledger(folder, number)).read()
            if process.returncode == 0:
                ended.add(_report(folder, number), 0)
                continue
            ended.add(_report(folder, number), done)
            why = "took too long" if process.returncode == -signal.SIGVTALRM else f"ended with {process.returncode}"
            ended.findings[f"worker {number} {why} (its last words: {output[-300:]!r})"] = keep(folder, data)
            deaths += 1
            left[number] -= done + 1
            if left[number] > 0 and deaths < _MOST_DEATHS:
                running[number] = _start(arguments, number, left[number], time.monotonic() - started, deaths * 1000)
        if running and time.monotonic() > told + _PROGRESS_SECONDS:
            told = time.monotonic()
            _tell(arguments, ended, running, told - started)
    took = time.monotonic() - started
    _summarise(arguments, ended, took, ended=True)
    print(ended.line(took))
    for name, count in ended.causes.most_common(12):
        print(f"  {count:8} {name}")
    for name, path in ended.findings.items():
        print(f"FOUND {name}\n      {path}")
    print("nothing wrong" if not ended.findings else f"{len(ended.findings)} wrong")
    return 1 if ended.findings else 0


def _tell(arguments: argparse.Namespace, ended: Total, running: Iterable[int], took: float) -> None:
    """Print how far the workers are."""
    total = copy.deepcopy(ended)
    for number in running:
        total.add(_report(arguments.folder, number), Ledger(_ledger(arguments.folder, number)).read()[0])
    print(total.line(took), flush=True)
    _summarise(arguments, total, took, ended=False)


def _summarise(arguments: argparse.Namespace, total: Total, took: float, *, ended: bool) -> None:
    said = {"engine": arguments.engine, "seed": arguments.seed, "wanted": arguments.documents}
    text = json.dumps({**said, **total.as_json(took, ended=ended)}, indent=2)
    (arguments.folder / "summary.json").write_text(text + "\n")


def _start(
    arguments: argparse.Namespace, number: int, documents: int, spent: float, later: int = 0
) -> subprocess.Popen[bytes]:
    Ledger.create(_ledger(arguments.folder, number))
    _report(arguments.folder, number).unlink(missing_ok=True)
    command = [sys.executable, __file__, "--worker", str(number), "--documents", str(documents)]
    command += ["--seconds", str(arguments.seconds - spent), "--seed", str(arguments.seed + later)]
    command += ["--engine", arguments.engine, "--folder", str(arguments.folder)]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests' / 'support'}", "PYTHONHASHSEED": "0"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, cwd=ROOT)


def _report(folder: Path, number: int) -> Path:
    return folder / f"report-{number}.json"


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
