"""A whole run of tiny size: every tool that is quick here, judged by the ground truth, and the tables."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import dataset
import pytest
from comparison.judging import Verdict
from comparison.measure import Cost
from comparison.peers import PEERS
from comparison.peers.bare_heads import BareHeads
from comparison.peers.itself import Diff, Reconcile, SecondRun
from comparison.peers.peer import Scene, Stage
from comparison.peers.skopeo import SkopeoAndSed
from comparison.registry import registry
from comparison.report import BEGIN, END, Run, cells, markdown, ratio, text, write_into
from comparison.rounds import Row, Table, run_stage


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    return tmp_path


def test_three_stages(home):
    with registry(home, embedded=True) as running:
        plain = dataset.write_tree(home / "plain", running.host, files=24, count=3, pinned=False)
        pinned = dataset.write_tree(home / "pinned", running.host, files=24, count=3, pinned=True)
        dataset.push(running.host, plain.used | plain.mentioned)
        scene = Scene(Stage.UNPINNED, plain.root, tuple(plain.expected), plain.used, running.host, home / "work")
        tools = [BareHeads(), Diff("cold", cold=True), Diff("warm", cold=False), Reconcile(), SecondRun()]
        if shutil.which("skopeo"):
            tools.append(SkopeoAndSed())
        rows = _rows(scene, tools, running.requests)
        distinct, places = len(plain.used), len(plain.expected)
        assert rows["bare HEADs, one connection"].verdict == Verdict(distinct, 0, 0)
        for name in ("cold", "warm", Reconcile().name, SecondRun().name):
            assert rows[name].verdict == Verdict(places, 0, 0), name
            assert rows[name].requests == (distinct,), name
        if shutil.which("skopeo"):
            judged = rows[SkopeoAndSed().name].verdict
            assert judged.right + judged.missed == places
            assert judged.right > 0
            assert judged.missed > 0  # kustomize and Helm
            assert judged.false > 0  # ConfigMaps and ImageStreams

        settled = replace(scene, stage=Stage.PINNED, tree=pinned.root, expected=())
        assert {row.verdict for row in _rows(settled, [Diff("cold", cold=True), Reconcile()], None).values()} == {
            Verdict(0, 0, 0)
        }

        moved = dataset.move(pinned.used, 0.2)
        dataset.push(running.host, moved, generation=1)
        expected = tuple(pinned.after(moved, running.host))
        assert 0 < len(expected) < places
        after = replace(settled, stage=Stage.MOVED, expected=expected, questions=pinned.used | moved)
        rows = _rows(after, [BareHeads(), Diff("cold", cold=True), Reconcile()], None)
        assert rows["cold"].verdict == rows[Reconcile().name].verdict == Verdict(len(expected), 0, 0)
        assert rows["bare HEADs, one connection"].verdict == Verdict(distinct, 0, 0)


def _rows(scene, tools, requests):
    table = run_stage(scene, tools, rounds=1, slow_rounds=1, requests=requests)
    assert not [row.failure for row in table.rows if row.failure]
    return {row.tool: row for row in table.rows}


def test_a_tool_that_fails_has_a_row_and_the_others_go_on(home):
    questions = {("shop/api", "1.0"): "sha256:" + "0" * 64}
    (home / "plain").mkdir()
    scene = Scene(Stage.UNPINNED, home / "plain", (), questions, "127.0.0.1:1", home / "work")
    table = run_stage(scene, [BareHeads()], rounds=1, slow_rounds=1, requests=None)
    assert "Connection refused" in table.rows[0].failure
    assert cells(table.rows[0])[:2] == ("bare HEADs, one connection", "failed")


def test_peers_have_names_of_their_own():
    assert len({peer.name for peer in PEERS}) == len(PEERS)


def _row(tool: str, *walls: float, verdict: Verdict | None = None) -> Row:
    costs = tuple(Cost(wall, wall / 2, 10240, 0, b"") for wall in walls)
    return Row(tool, costs, 10240, 51200, (865,) * len(walls), verdict, "", "a note")


TABLE = Table(
    "nothing pinned",
    2660,
    865,
    (_row("heads", 2.0, 1.0, 3.0), _row("ours", 3.0, verdict=Verdict(2660, 0, 0)), _row("late")),
    (0.5, 1.25),
)


def test_cells_are_medians_and_ranges():
    assert cells(TABLE.rows[0]) == ("heads", "2.00 (1.00-3.00)", "1.00", "10 (all: 50)", "865", "", "", "")
    assert cells(TABLE.rows[1])[5:] == ("2,660", "0", "0")
    assert ratio(TABLE.rows[1], TABLE.rows[0]) == "1.50x"
    assert ratio(TABLE.rows[2], TABLE.rows[0]) == ""


def test_pages_are_written_between_their_comments(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    run = Run(
        "2026-11-23", "--rounds 1", "docker-registry", ("2 cores",), ("Renovate (absent)",), ((TABLE, ("heads",)),)
    )
    write_into(page, markdown(run))
    written = page.read_text()
    assert written.startswith(f"before\n{BEGIN}\n")
    assert written.endswith(f"{END}\nafter\n")
    assert "old" not in written
    assert "| ours | 3.00 | 1.50 | 10 (all: 50) | 865 | 2,660 | 0 | 0 | 1.50x |" in written
    assert 'by `make bench BENCH="--rounds 1"`' in written
    assert "Renovate (absent)" in written
    assert "load 0.5 to 1.2" in text(TABLE, ("heads",))
    write_into(page, markdown(run))
    assert page.read_text() == written


def test_a_page_without_comments_is_left_alone(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("nothing\n")
    with pytest.raises(ValueError, match="has no lines"):
        write_into(page, "measured")
    assert page.read_text() == "nothing\n"
