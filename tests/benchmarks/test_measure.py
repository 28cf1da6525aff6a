"""Costs are those of the command, its children included, and nobody else's."""

from __future__ import annotations

import os
import sys

import pytest
from comparison.measure import Command, Failed, cost

MEBI = 1024  # KiB


def _python(script: str, **more: object) -> Command:
    return Command((sys.executable, "-I", "-S", "-c", script), more.pop("directory"), **more)


def test_output_input_and_environment_are_the_commands(tmp_path):
    script = "import os, sys; print(sys.stdin.read(), os.environ['COLOUR'], os.getcwd())"
    took = cost(_python(script, directory=tmp_path, stdin=b"in", environment={"COLOUR": "red"}), sampled=False)
    assert took.output.decode().split() == ["in", "red", os.path.realpath(tmp_path)]
    assert took.together == 0


def test_failures_have_no_figures(tmp_path):
    with pytest.raises(Failed, match="ended with 3: alas"):
        cost(_python("import sys; sys.stderr.write('alas'); sys.exit(3)", directory=tmp_path), sampled=False)
    cost(_python("raise SystemExit(3)", directory=tmp_path, fine=(0, 3)), sampled=False)
    with pytest.raises(Failed, match="127"):
        cost(Command(("no-such-program-here",), tmp_path), sampled=False)


def test_this_process_own_memory_is_not_counted(tmp_path):
    ballast = bytearray(os.urandom(1)) * (200 * MEBI * 1024)
    took = cost(_python("pass", directory=tmp_path), sampled=False)
    assert len(ballast) // 1024 > 3 * took.largest


@pytest.mark.skipif(not os.path.exists("/proc/self/smaps_rollup"), reason="the kernel does not tell")  # noqa: PTH110
def test_children_count_one_by_one_and_together(tmp_path):
    script = (
        "import os, time\n"
        "for _ in range(2):\n"
        "    if os.fork() == 0:\n"
        "        mine = os.urandom(60 << 20); end = time.process_time() + 0.2\n"
        "        while time.process_time() < end: pass\n"
        "        time.sleep(1); os._exit(0)\n"
        "os.wait(); os.wait()\n"
    )
    took = cost(_python(script, directory=tmp_path), sampled=True)
    assert 60 * MEBI < took.largest < 110 * MEBI
    assert 120 * MEBI < took.together < 220 * MEBI
    assert took.processor > 0.4
