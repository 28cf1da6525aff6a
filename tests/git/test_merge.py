from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitops_streams.git.merge import merge_by_index, merged_tree
from gitops_streams.git.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gitops_streams.git.command import Commands

    Git = Callable[..., str]
    Merge = Callable[..., str | None]

LINES = "".join(f"line {number}\n" for number in range(20))


@pytest.fixture
def commands(clone: Path) -> Iterator[Commands]:
    with Repository.discover(clone) as repository:
        yield repository.commands()


@pytest.fixture(params=[merged_tree, merge_by_index], ids=["merge-tree", "index"])
def merge(request: pytest.FixtureRequest, commands: Commands, tmp_path: Path) -> Merge:
    """Merge by git 2.38 and by what older ones have; both must agree."""
    return lambda ours, theirs: request.param(commands, tmp_path, ours, theirs)


def commit(clone: Path, git: Git, branch: str, **files: str | None) -> str:
    """Commit files on a branch that starts at main; ``None`` removes one."""
    git(clone, "checkout", "--quiet", "-B", branch, "main")
    for name, content in files.items():
        path = clone / name.replace("_", ".")
        path.unlink(missing_ok=True)
        if content is not None:
            path.write_text(content)
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--allow-empty", f"--message={branch}")
    return git(clone, "rev-parse", "HEAD")


@pytest.fixture
def base(clone: Path, git: Git) -> Path:
    (clone / "both.yaml").write_text(LINES)
    (clone / "gone.yaml").write_text("gone\n")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message=base")
    return clone


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"both_yaml": LINES.replace("line 2\n", "ours\n")}, {"both_yaml": LINES.replace("line 17\n", "theirs\n")}),
        ({"both_yaml": LINES + "ours\n"}, {"new_yaml": "new\n"}),
        ({"gone_yaml": None}, {"both_yaml": LINES + "theirs\n"}),
        ({"gone_yaml": None}, {"gone_yaml": None}),
        ({"new_yaml": "same\n"}, {"new_yaml": "same\n"}),
        ({}, {}),
    ],
)
def test_changes_beside_each_other_merge_as_git_merges_them(
    base: Path, git: Git, merge: Merge, ours: dict[str, str | None], theirs: dict[str, str | None]
) -> None:
    one, other = commit(base, git, "ours", **ours), commit(base, git, "theirs", **theirs)
    tree = merge(one, other)
    git(base, "checkout", "--quiet", "ours")
    git(base, "merge", "--quiet", "--no-edit", "theirs")
    assert tree == git(base, "rev-parse", "HEAD^{tree}")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"both_yaml": LINES + "ours\n"}, {"both_yaml": LINES + "theirs\n"}),
        ({"gone_yaml": None}, {"gone_yaml": "changed\n"}),
        ({"new_yaml": "ours\n"}, {"new_yaml": "theirs\n"}),
    ],
)
def test_changes_of_the_same_place_conflict(
    base: Path, git: Git, merge: Merge, ours: dict[str, str | None], theirs: dict[str, str | None]
) -> None:
    before = git(base, "rev-parse", "HEAD")
    one, other = commit(base, git, "ours", **ours), commit(base, git, "theirs", **theirs)
    git(base, "checkout", "--quiet", "--detach", before)
    assert merge(one, other) is None
    assert git(base, "status", "--porcelain") == ""


def test_the_mode_that_one_side_gives_stays(base: Path, git: Git, merge: Merge) -> None:
    git(base, "checkout", "--quiet", "-B", "ours", "main")
    (base / "both.yaml").chmod(0o755)
    (base / "both.yaml").write_text(LINES.replace("line 1\n", "ours\n"))
    git(base, "commit", "--quiet", "--all", "--message=ours")
    theirs = commit(base, git, "theirs", both_yaml=LINES + "theirs\n")
    tree = merge(git(base, "rev-parse", "ours"), theirs)
    assert git(base, "ls-tree", str(tree), "both.yaml").startswith("100755 ")
