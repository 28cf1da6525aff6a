"""What is right, false and missed, on edits of our own making, some of them deliberately wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from comparison.judging import Proposal, Verdict, edits_between, judge_edits, judge_proposals
from dataset import Expected

ONE, TWO = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
DEPLOYMENT = """\
# shop
image: "example.com/shop/api:1.0"  # the API
image: example.com/shop/web:1.0
notes: |
  image: example.com/shop/web:1.0
"""
KUSTOMIZATION = "images:\n  - name: example.com/shop/api\n    newTag: '1.0'\n  - name: example.com/shop/web\n"
EXPECTED = (
    Expected("deploy.yaml", 2, ONE, "example.com/shop/api:1.0"),
    Expected("deploy.yaml", 3, TWO, "example.com/shop/web:1.0"),
    Expected("kustomization.yaml", 3, ONE, "example.com/shop/api:1.0"),
)
PINNED = DEPLOYMENT.replace("api:1.0", f"api:1.0@{ONE}").replace(
    "image: example.com/shop/web:1.0\nn", f"image: example.com/shop/web:1.0@{TWO}\nn"
)
TAGGED = KUSTOMIZATION.replace("'1.0'", f"'1.0@{ONE}'")


@pytest.fixture
def before(tmp_path: Path) -> Path:
    return _tree(tmp_path / "before", DEPLOYMENT, KUSTOMIZATION)


def _tree(root: Path, deployment: str, kustomization: str) -> Path:
    root.mkdir()
    (root / "deploy.yaml").write_bytes(deployment.encode())
    (root / "kustomization.yaml").write_bytes(kustomization.encode())
    (root / ".git").mkdir()
    (root / ".git" / "index").write_text(deployment)  # never compared
    return root


@pytest.mark.parametrize(
    ("deployment", "kustomization", "verdict"),
    [
        pytest.param(PINNED, TAGGED, Verdict(3, 0, 0), id="all as it must be"),
        pytest.param(
            PINNED,
            KUSTOMIZATION.replace("'1.0'\n", f"'1.0'\n    digest: {ONE}\n"),
            Verdict(3, 0, 0),
            id="the digest on a line of its own",
        ),
        pytest.param(DEPLOYMENT, KUSTOMIZATION, Verdict(0, 0, 3), id="nothing done"),
        pytest.param(
            DEPLOYMENT.replace("web:1.0", f"web:1.0@{TWO}"), TAGGED, Verdict(2, 1, 1), id="a place in prose, too"
        ),
        pytest.param(PINNED.replace(TWO, ONE), TAGGED, Verdict(2, 1, 1), id="another image's digest"),
        pytest.param(PINNED.replace("  # the API", ""), TAGGED, Verdict(2, 1, 1), id="a comment lost on the way"),
        pytest.param(PINNED.replace('"', "'"), TAGGED, Verdict(2, 1, 1), id="other quotes"),
        pytest.param(PINNED.replace("web:1.0@", "web:2.0@", 1), TAGGED, Verdict(2, 1, 1), id="another tag"),
        pytest.param(PINNED.replace("# shop\n", ""), TAGGED, Verdict(3, 1, 0), id="a line lost elsewhere"),
        pytest.param(PINNED.replace("# shop\n", "# shop\r\n"), TAGGED, Verdict(3, 1, 0), id="another line end"),
        pytest.param(PINNED + "# done\n", TAGGED, Verdict(3, 1, 0), id="a line too many"),
        pytest.param(
            PINNED,
            KUSTOMIZATION + f"    digest: {ONE}\n",
            Verdict(2, 1, 1),
            id="the right digest below the wrong entry",
        ),
        pytest.param(
            PINNED.replace(f"api:1.0@{ONE}", f"api:1.0@{ONE}@{ONE}"), TAGGED, Verdict(2, 1, 1), id="pinned twice over"
        ),
    ],
)
def test_changed_trees_are_judged(before, tmp_path, deployment, kustomization, verdict):
    after = _tree(tmp_path / "after", deployment, kustomization)
    (after / ".git" / "index").write_text("another")
    assert judge_edits(edits_between(before, after), EXPECTED) == verdict


def test_files_that_come_and_go_are_false_edits(before, tmp_path):
    after = _tree(tmp_path / "after", PINNED, TAGGED)
    (after / "backup.orig").write_text("")
    (before / "service.yaml").write_text("")
    assert judge_edits(edits_between(before, after), EXPECTED) == Verdict(3, 2, 0)


def test_a_moved_digest_is_right_where_it_was_and_only_there(tmp_path):
    before = _tree(tmp_path / "before", PINNED, TAGGED)
    after = _tree(tmp_path / "after", PINNED.replace(ONE, TWO), TAGGED)
    moved = (Expected("deploy.yaml", 2, TWO), Expected("kustomization.yaml", 3, TWO))
    assert judge_edits(edits_between(before, after), moved) == Verdict(1, 0, 1)
    assert judge_edits(edits_between(before, after), ()) == Verdict(0, 1, 0)


def test_proposals_count_as_often_as_a_file_has_the_image():
    twice = (*EXPECTED[:1], Expected("deploy.yaml", 9, ONE, "example.com/shop/api:1.0"))
    proposal = Proposal("deploy.yaml", "example.com/shop/api:1.0", ONE)
    assert judge_proposals([proposal], twice) == Verdict(1, 0, 1)
    assert judge_proposals([proposal] * 2, twice) == Verdict(2, 0, 0)
    assert judge_proposals([proposal] * 3, twice) == Verdict(2, 1, 0)
    assert judge_proposals([Proposal("deploy.yaml", "example.com/shop/api:1.0", TWO)], twice) == Verdict(0, 1, 2)
    assert judge_proposals([Proposal("notes.yaml", "example.com/shop/api:1.0", ONE)], twice) == Verdict(0, 1, 2)
