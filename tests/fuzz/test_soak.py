"""A short run of the fuzzer, and that what it looks for would be found."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from yaml_fuzz import editing, oracle, seeds, structure, witness
from yaml_fuzz.oracle import Verdict, Wrong, judge

from gitops_streams.yamledit.edit import Conflict, Edit, splice
from gitops_streams.yamledit.locate import Located, decode, locate

SOAK = Path(__file__).with_name("soak.py")
EDITABLE = b"image: nginx:1\ntag: 2\nother: [a, b]\n"


def soak(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SOAK), "--folder", str(folder), "--jobs", "1", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)


def test_nothing_is_wrong_with_mutated_documents(tmp_path):
    done = soak(tmp_path, "--engine", "random", "--documents", "1000", "--seed", "7")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "report-0.json").read_text())
    assert report["done"] == 1000
    # The run is worth something: many documents were edited, many were broken.
    assert report["verdicts"]["proven"] > 600
    assert report["verdicts"]["unreadable"] > 70
    made = " ".join(report["edits"])
    assert all(kind in made for kind in ("replace", "insert", "comment", "word, 1 deep", "replace, 1 deep", "scanned"))
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["ended"]
    assert summary["documents"] == 1000
    assert summary["verdicts"] == report["verdicts"]
    assert sum(count for cause, count in summary["causes"].items() if cause.startswith("unreadable")) > 70


@pytest.mark.parametrize("number", range(len(seeds.SEEDS)))
def test_every_seed_is_judged(number):
    for seed in range(5):
        assert judge(seeds.SEEDS[number].encode(), seed).verdict in Verdict


def test_a_wrong_byte_that_a_scan_led_to_is_found(monkeypatch):
    def careless(text: str, edits: list[Edit]) -> str | Conflict:
        after = splice(text, edits)
        return after if isinstance(after, Conflict) else after.replace("other", "othes")

    monkeypatch.setattr(oracle, "SCANNED", 1)
    judgement = judge(EDITABLE, 1)
    assert (judgement.verdict, judgement.edits) == (Verdict.PROVEN, "scanned: replace")
    monkeypatch.setattr(oracle, "splice", careless)
    with pytest.raises(Wrong, match="cannot be proven"):
        judge(EDITABLE, 1)


@pytest.mark.parametrize("mutation", [structure.restyle, structure.invent, structure.touch])
def test_most_of_what_is_changed_by_structure_stays_readable(mutation):
    chooser, known = random.Random(3), seeds.load()
    texts = [decode(mutation(chooser.choice(known), known, chooser)) for _ in range(300)]
    assert sum(isinstance(text, str) and isinstance(locate(text), Located) for text in texts) > 200
    assert len(set(texts)) > 250


def test_a_wrong_byte_is_found(monkeypatch):
    def careless(text: str, edits: list[Edit]) -> str | Conflict:
        after = splice(text, edits)
        return after if isinstance(after, Conflict) else after.replace("other", "othes")

    monkeypatch.setattr(oracle, "SCANNED", 0)
    assert judge(EDITABLE, 1).verdict is Verdict.PROVEN
    monkeypatch.setattr(editing, "splice", careless)
    with pytest.raises(Wrong, match="cannot be proven"):
        judge(EDITABLE, 1)


def test_what_the_proof_overlooks_the_witness_sees(monkeypatch):
    # A proof that lets everything pass, and an edit that says something else than was wanted.
    def credulous(path: str, located: Located, edits: list[Edit]) -> str:
        return located.text.replace("nginx:1", "nginx:9")

    monkeypatch.setattr(oracle, "SCANNED", 0)
    monkeypatch.setattr(oracle, "check_edits", credulous)
    with pytest.raises(Wrong, match="third parser sees another change"):
        judge(EDITABLE, 1)


def test_the_witness_sees_order_anchors_and_tags():
    assert witness.read("a: 1\nb: 2\n") != witness.read("b: 2\na: 1\n")
    assert witness.read("a: &x 1\n") != witness.read("a: 1\n")
    assert witness.read("a: !x 1\n") != witness.read("a: 1\n")
    assert witness.read("a: 1\na: 2\n") != witness.read("a: 2\n")
    with pytest.raises(witness.Refused):
        witness.read("a: *undefined\n")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("while True: pass", "took too long", id="a hang"),
        pytest.param("bytearray(4 << 30)", "MemoryError", id="a blow-up"),
        pytest.param("raise KeyError('lost')", "KeyError", id="an exception"),
        pytest.param("import os; os.abort()", "ended with -6", id="a crash"),
    ],
)
def test_what_a_document_does_to_a_worker_is_kept(body, expected, tmp_path):
    support = tmp_path / "support"
    (support / "yaml_fuzz").mkdir(parents=True)
    (support / "yaml_fuzz" / "__init__.py").write_text("")
    (support / "yaml_fuzz" / "oracle.py").write_text(f"def judge(data, seed):\n    {body}\n")
    (support / "yaml_fuzz" / "seeds.py").write_text("def load(corpus):\n    return [b'image: nginx:1']\n")
    (support / "yaml_fuzz" / "mutation.py").write_text("")
    program = (
        "import importlib.util, pathlib, sys\n"
        f"spec = importlib.util.spec_from_file_location('soak', {str(SOAK)!r})\n"
        "soak = sys.modules['soak'] = importlib.util.module_from_spec(spec); spec.loader.exec_module(soak)\n"
        "soak.CPU_SECONDS = 0.3\n"
        f"sys.path.insert(0, {str(support)!r})\n"
        "real = soak.subprocess.Popen\n"
        "def here(command, **options):\n"
        f"    options['env']['PYTHONPATH'] = {str(support)!r}\n"
        "    return real([command[0], __file__, *command[2:]], **options)\n"
        "soak.subprocess.Popen = here\n"
        "raise SystemExit(soak.main())\n"
    )
    (tmp_path / "program.py").write_text(program)
    command = [sys.executable, str(tmp_path / "program.py"), "--folder", str(tmp_path / "out"), "--jobs", "1"]
    command += ["--engine", "random", "--documents", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert expected in done.stdout
    assert [path.read_bytes() for path in (tmp_path / "out" / "found").iterdir()] == [b"image: nginx:1"]
