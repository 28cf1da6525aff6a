"""The benchmark: what a dry run costs beside the bare requests that it cannot do without.

    python tests/benchmarks/run.py                 its own tree, docker-registry if that is installed
    python tests/benchmarks/run.py --tree DIR --expected FILE     a tree whose registry runs already

Timings on a shared machine mean little on their own, so every figure is taken in turn with what it
is compared with, and the medians and the ratio are printed. Nothing here fails for being slow.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dataset

from gitops_streams.oci.manifest import SUPPORTED_TYPES

ACCEPT = ",".join(sorted(SUPPORTED_TYPES))
PROGRAM = [sys.executable, "-m", "gitops_streams"]

_HEADS = """
import http.client, json, sys
connections = {}
for host, path, tag in json.load(sys.stdin):
    connection = connections.setdefault(host, http.client.HTTPConnection(host))
    connection.request("HEAD", f"/v2/{path}/manifests/{tag}", headers={"Accept": sys.argv[1]})
    connection.getresponse().read()
"""

_EVENTS = """
import sys
from pathlib import Path
import yaml
from yaml._yaml import CParser
for path in Path(sys.argv[1]).rglob("*.yaml"):
    parser = CParser(path.read_bytes())
    while type(parser.get_event()) is not yaml.StreamEndEvent:
        pass
"""

_LOCATE = """
import sys
from pathlib import Path
from gitops_streams.yamledit.locate import decode, locate
for path in Path(sys.argv[1]).rglob("*.yaml"):
    locate(decode(path.read_bytes()))
"""


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tree", type=Path, help="a repository whose registry is running")
    parser.add_argument("--expected", type=Path, help="its ground truth: JSON objects with file, line, digest")
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--repositories", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gitops-streams-benchmark-") as folder:
        home = Path(folder, "home")
        home.mkdir()
        os.environ |= {"HOME": str(home), "GIT_CONFIG_GLOBAL": os.devnull, "NO_PROXY": "127.0.0.1"}
        if arguments.tree is not None:
            measure("the tree", arguments.tree, dataset.read_expected(arguments.expected), arguments.rounds)
            return
        with registry(Path(folder)) as host:
            size = {"files": arguments.files, "count": arguments.repositories}
            plain = dataset.write_tree(Path(folder, "plain"), host, pinned=False, **size)
            pinned = dataset.write_tree(Path(folder, "pinned"), host, pinned=True, **size)
            dataset.push(host, plain.used | pinned.used)
            measure("nothing pinned", plain.root, plain.expected, arguments.rounds)
            measure("everything pinned", pinned.root, pinned.expected, arguments.rounds)
            writing(Path(folder), plain.root)


def measure(title: str, tree: Path, expected: list[dataset.Expected], rounds: int) -> None:
    """Print what a dry run of one tree costs, and whether it is right."""
    plan = json.loads(output([*PROGRAM, "diff", "-C", str(tree), "-o", "json"]))
    results = plan["results"]
    found = {(site["file"], site["line"]): (r["newDigest"], site["after"]) for r in results for site in r["sites"]}
    right = sum(
        found.get((place.file, place.line), ("", ""))[0] == place.digest
        and place.digest in found[place.file, place.line][1]
        for place in expected
    )
    questions = sorted({(*r["image"].split("/", 1), r["sourceTag"]) for r in results if r["newDigest"] is not None})
    print(f"\n{title}: {tree}")
    print(f"  {right} of {len(expected)} sites right, {len(found) - right} others")
    print(f"  {plan['summary']['requests']} requests for {len(questions)} distinct references")
    heads = json.dumps(questions).encode()
    compare(
        "diff / bare HEADs over one connection",
        lambda: output([*PROGRAM, "diff", "-C", str(tree)]),
        lambda: output([sys.executable, "-c", _HEADS, ACCEPT], heads),
        rounds,
    )
    compare(
        "--help / import click",
        lambda: output([*PROGRAM, "--help"]),
        lambda: output([sys.executable, "-c", "import click"]),
        rounds,
    )
    compare(
        "locate / libyaml events",
        lambda: output([sys.executable, "-c", _LOCATE, str(tree)]),
        lambda: output([sys.executable, "-c", _EVENTS, str(tree)]),
        rounds,
    )
    print(f"  peak memory of diff: {peak([*PROGRAM, 'diff', '-C', str(tree)]) / 1024:.0f} MiB")


def writing(folder: Path, tree: Path) -> None:
    """Print what it costs to write and prove every edit of a tree."""
    clone = folder / "clone"
    output(["git", "clone", "--quiet", str(tree), str(clone)])
    start = time.perf_counter()
    output([*PROGRAM, "reconcile", "-C", str(clone)])
    first = time.perf_counter() - start
    start = time.perf_counter()
    output([*PROGRAM, "reconcile", "-C", str(clone)])
    second = time.perf_counter() - start
    print(f"\nreconcile in the work tree: {first:.2f} s to prove and write all, {second:.2f} s for the second run")


def compare(title: str, ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> None:
    """Time two things in turn and print medians and the median of the ratios."""
    pairs = []
    for number in range(rounds + 1):
        pair = (seconds(ours), seconds(theirs))
        if number:  # the first round fills caches
            pairs.append(pair)
    first, second = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(mine / other for mine, other in pairs)
    print(f"  {title}: {first:.3f} s / {second:.3f} s = {ratio:.2f}")


def seconds(action: Callable[[], object]) -> float:
    """Time one run."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def output(command: list[str], stdin: bytes = b"") -> bytes:
    """Run a command that must succeed."""
    return subprocess.run(command, input=stdin, stdout=subprocess.PIPE, check=True).stdout


def peak(command: list[str]) -> int:
    """Return the largest resident size of a command in KiB; the largest single process counts."""
    script = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True);"
    script += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    return int(output([sys.executable, "-c", script, *command]))


@contextmanager
def registry(folder: Path) -> Iterator[str]:
    """Run docker-registry if it is installed, else the embedded registry in a process of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{probe.getsockname()[1]}"
    if shutil.which("docker-registry"):
        config = folder / "registry.json"
        storage = {"filesystem": {"rootdirectory": str(folder / "store")}, "cache": {"blobdescriptor": "inmemory"}}
        log = {"level": "error", "accesslog": {"disabled": True}}
        config.write_text(json.dumps({"version": 0.1, "log": log, "storage": storage, "http": {"addr": host}}))
        command = ["docker-registry", "serve", str(config)]
    else:
        print("docker-registry is not installed: the embedded registry stands in, which is slower")
        script = "import sys, threading; from gitops_streams.demo.registry import Registry\n"
        script += "with Registry(port=int(sys.argv[1])): threading.Event().wait()"
        command = [sys.executable, "-c", script, host.rpartition(":")[2]]
    environment = {**os.environ, "OTEL_TRACES_EXPORTER": "none"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                connection = http.client.HTTPConnection(host, timeout=1)
                connection.request("GET", "/v2/")
                connection.getresponse().read()
                break
            except OSError:
                time.sleep(0.1)
        yield host
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
