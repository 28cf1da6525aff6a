"""Both snapshots, the work tree and a commit, keep one contract; each test states it once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_streams.errors import RepositoryError
from gitops_streams.git.repository import Repository
from gitops_streams.git.snapshot import Absent, Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitops_streams.git.snapshot import Snapshot

NEEDLE = "quay.io/acme"


@pytest.fixture
def tree(tmp_path: Path, git: Callable[..., str]) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=main")
    return folder


@pytest.fixture(params=["work tree", "commit"])
def snapshot(request: pytest.FixtureRequest, tree: Path, git: Callable[..., str]) -> Callable[[], Snapshot]:
    """Return what takes a snapshot of ``tree`` as it is now."""

    def take() -> Snapshot:
        if request.param == "commit":
            git(tree, "add", "--all")
            git(tree, "commit", "--quiet", "--allow-empty", "--message=Now")
        repository = Repository.discover(tree)
        return repository.at("HEAD") if request.param == "commit" else repository.work_tree()

    return take


def put(folder: Path, path: str, content: bytes = b"image: quay.io/acme/web\n") -> None:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


def test_files_are_found_by_their_bytes(tree: Path, snapshot: Callable[[], Snapshot]) -> None:
    put(tree, "b/web.yaml")
    put(tree, "a.yml", b"no line end " + NEEDLE.encode())
    put(tree, "c.json", b"{}\0" + NEEDLE.encode())
    put(tree, "invalid.yaml", b"\xff\xfe\n\xff" + NEEDLE.encode() + b"\xff")
    put(tree, "none.yaml", b"image: quay.io/other\n")
    put(tree, "notes.txt")
    taken = snapshot()
    assert taken.containing(["quay.io/acme/", NEEDLE]) == ["a.yml", "b/web.yaml", "c.json", "invalid.yaml"]
    assert taken.containing([NEEDLE], ["*.txt"]) == ["notes.txt"]
    assert taken.containing(["nowhere"]) == []
    assert taken.containing([]) == []


def test_a_needle_is_no_pattern(tree: Path, snapshot: Callable[[], Snapshot]) -> None:
    put(tree, "dot.yaml", b"a.c*[x](y)\\d")
    put(tree, "other.yaml", b"abc")
    put(tree, "dash.yaml", b"--help")
    put(tree, "umlaut.yaml", "größe".encode())
    taken = snapshot()
    assert taken.containing(["a.c*[x](y)\\d"]) == ["dot.yaml"]
    assert taken.containing(["a.c"]) == ["dot.yaml"]
    assert taken.containing(["--help"]) == ["dash.yaml"]
    assert taken.containing(["größe"]) == ["umlaut.yaml"]


NAMES = [
    "with space.yaml",
    "new\nline.yaml",
    '"quoted".yaml',
    "größe.yaml",
    "-rf.yaml",
    ":(top).yaml",
    "tab\t.yaml",
    "*.yaml",
]


def test_names_may_be_anything(tree: Path, snapshot: Callable[[], Snapshot]) -> None:
    names = [*NAMES, os.fsdecode(b"latin-\xe9.yaml"), "dir\nwith/a b.yaml"]
    for name in names:
        put(tree, name, NEEDLE.encode() + os.fsencode(name))
    taken = snapshot()
    assert taken.containing([NEEDLE]) == sorted(names)
    assert taken.listing("") == sorted(names)
    assert dict(taken.read(names, 1000)) == {name: NEEDLE.encode() + os.fsencode(name) for name in names}


def test_links_are_not_followed(tree: Path, tmp_path: Path, snapshot: Callable[[], Snapshot]) -> None:
    put(tmp_path, "outside/secret.yaml")
    put(tree, "real.yaml")
    (tree / "file.yaml").symlink_to(tmp_path / "outside/secret.yaml")
    (tree / "inside.yaml").symlink_to("real.yaml")
    (tree / "folder").symlink_to(tmp_path / "outside")
    taken = snapshot()
    assert taken.containing([NEEDLE]) == ["real.yaml"]
    assert taken.listing("") == ["real.yaml"]
    read = dict(taken.read(["file.yaml", "folder/secret.yaml"], 1000))
    assert all(isinstance(content, Unreadable) for content in read.values())
    assert isinstance(taken.read_one("inside.yaml"), Unreadable)


def test_reading(tree: Path, snapshot: Callable[[], Snapshot]) -> None:
    put(tree, "a.yaml", b"\xef\xbb\xbfa: 1\r\n")
    put(tree, "empty.yaml", b"")
    put(tree, "large.yaml", b"x" * 101)
    put(tree, "fits.yaml", b"x" * 100)
    taken = snapshot()
    read = list(taken.read(["large.yaml", "a.yaml", "gone.yaml", "empty.yaml", "fits.yaml", "a.yaml"], 100))
    assert [path for path, _ in read] == ["large.yaml", "a.yaml", "gone.yaml", "empty.yaml", "fits.yaml", "a.yaml"]
    contents = [content for _, content in read]
    assert contents[0] == Unreadable("larger than the limit of 100 bytes: it has 101")
    assert contents[1] == contents[5] == b"\xef\xbb\xbfa: 1\r\n"
    assert isinstance(contents[2], Unreadable)
    assert contents[3] == b""
    assert contents[4] == b"x" * 100


def test_reading_may_stop_early(tree: Path, snapshot: Callable[[], Snapshot]) -> None:
    for number in range(50):
        put(tree, f"{number}.yaml", b"x" * 100_000)
    reading = snapshot().read([f"{number}.yaml" for number in range(50)], 1_000_000)
    assert next(reading) == ("0.yaml", b"x" * 100_000)
    reading.close()  # type: ignore[attr-defined]


def test_one_file(tree: Path, snapshot: Callable[[], Snapshot]) -> None:
    put(tree, "folder/a.yaml", b"a")
    taken = snapshot()
    assert taken.read_one("folder/a.yaml") == b"a"
    assert taken.read_one("folder/b.yaml") == Absent()
    assert taken.read_one("folder/a.yaml/b") == Absent()
    assert taken.read_one("nowhere/a.yaml") == Absent()


@pytest.mark.parametrize(
    "path", ["../outside.yaml", "/etc/hostname", "a/../../b", ".git/config", "sub/.GIT/x", "", "a\0b", "./a"]
)
def test_paths_that_leave_the_repository(tree: Path, path: str) -> None:
    (tree.parent / "outside.yaml").write_text("secret")
    with Repository.discover(tree) as repository:
        assert isinstance(repository.work_tree().read_one(path), Unreadable)


def test_a_listing_is_of_one_directory(tree: Path, snapshot: Callable[[], Snapshot]) -> None:
    for path in ("status/b.lock", "status/a/x.lock", "status.yaml", "statusx/c", "other"):
        put(tree, path)
    taken = snapshot()
    assert taken.listing("status/") == taken.listing("status") == ["status/a/x.lock", "status/b.lock"]
    assert taken.listing("missing") == []


def test_submodules_belong_to_others(
    tree: Path, tmp_path: Path, git: Callable[..., str], snapshot: Callable[[], Snapshot]
) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=main", "library")
    put(tmp_path / "library", "inner.yaml")
    git(tmp_path / "library", "add", "--all")
    git(tmp_path / "library", "commit", "--quiet", "--message=x")
    git(tree, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(tmp_path / "library"), "vendor")
    git(tree, "config", "submodule.recurse", "true")
    put(tree, "own.yaml")
    taken = snapshot()
    assert taken.containing([NEEDLE]) == ["own.yaml"]
    assert isinstance(dict(taken.read(["vendor"], 100))["vendor"], Unreadable)


def test_the_work_tree_is_tracked_and_untracked_but_not_ignored(tree: Path, git: Callable[..., str]) -> None:
    put(tree, ".gitignore", b"ignored.yaml\nforced.yaml\nout/\n")
    for path in ("tracked.yaml", "forced.yaml", "ignored.yaml", "untracked.yaml", "out/made.yaml", "deleted.yaml"):
        put(tree, path)
    git(tree, "add", "--force", "tracked.yaml", "forced.yaml", "deleted.yaml", ".gitignore")
    (tree / "deleted.yaml").unlink()
    put(tree, "nested/.git/HEAD", b"ref: refs/heads/main\n")
    with Repository.discover(tree) as repository:
        work_tree = repository.work_tree()
        assert work_tree.containing([NEEDLE]) == ["forced.yaml", "tracked.yaml", "untracked.yaml"]
        assert work_tree.listing("") == [".gitignore", "forced.yaml", "tracked.yaml", "untracked.yaml"]
        assert work_tree.commit is None


def test_a_directory_that_became_a_link_is_not_followed(tree: Path, tmp_path: Path, git: Callable[..., str]) -> None:
    put(tree, "deploy/web.yaml")
    git(tree, "add", "--all")
    shutil.move(tree / "deploy", tmp_path / "moved")
    (tree / "deploy").symlink_to(tmp_path / "moved")
    with Repository.discover(tree) as repository:
        assert repository.work_tree().containing([NEEDLE]) == []
        assert isinstance(repository.work_tree().read_one("deploy/web.yaml"), Unreadable)


def test_special_files_are_not_opened(tree: Path) -> None:
    os.mkfifo(tree / "pipe.yaml")
    (tree / "folder.yaml").mkdir()
    with Repository.discover(tree) as repository:
        read = dict(repository.work_tree().read(["pipe.yaml", "folder.yaml"], 100))
    assert read == {"pipe.yaml": Unreadable("not a regular file"), "folder.yaml": Unreadable("not a regular file")}


def test_a_commit_is_not_the_work_tree(clone: Path) -> None:
    (clone / "deploy/web.yaml").write_text("changed")
    (clone / "new.yaml").write_text(NEEDLE)
    with Repository.discover(clone / "deploy") as repository:
        tree = repository.at("HEAD")
        assert tree.containing([NEEDLE]) == ["deploy/api.yaml", "deploy/web.yaml"]
        assert tree.read_one("deploy/web.yaml") == b"kind: Deployment\nimage: quay.io/acme/web:1.4\n"


def test_a_sparse_and_shallow_clone(clone: Path, git: Callable[..., str]) -> None:
    (clone / "other.yaml").write_text("second commit")
    git(clone, "commit", "--quiet", "--all", "--message=Second")
    git(clone, "push", "--quiet")
    git(clone.parent, "clone", "--quiet", "--depth=1", "--sparse", f"file://{clone.parent}/origin.git", "sparse")
    with Repository.discover(clone.parent / "sparse") as repository:
        assert repository.work_tree().containing([NEEDLE]) == []
        assert repository.at("HEAD").containing([NEEDLE]) == ["deploy/api.yaml", "deploy/web.yaml"]
        with pytest.raises(RepositoryError, match="names no commit"):
            repository.at("HEAD^")


def test_a_missing_object_is_said(clone: Path, git: Callable[..., str]) -> None:
    blob = git(clone, "rev-parse", "HEAD:deploy/web.yaml")
    (clone / ".git/objects" / blob[:2] / blob[2:]).unlink()
    with Repository.discover(clone) as repository:
        read = dict(repository.at("HEAD").read(["deploy/api.yaml", "deploy/web.yaml"], 1000))
    assert read["deploy/api.yaml"] == b"kind: Deployment\nimage: quay.io/acme/api:2\n"
    assert read["deploy/web.yaml"] == Unreadable("its object is missing; git fsck says more")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user to whom a file is closed")
def test_a_closed_file_is_returned_so_that_reading_says_why(git: Callable[..., str]) -> None:
    with _as_somebody_else() as (folder, run):
        git(folder, "init", "--quiet")
        put(folder, "open.yaml")
        put(folder, "closed.yaml", b"whatever")
        (folder / "closed.yaml").chmod(0)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, 65534, 65534)
        assert (
            run(
                "taken = Repository.discover(Path('.')).work_tree()\n"
                "paths = taken.containing(['quay.io/acme'])\n"
                "print(paths, dict(taken.read(paths, 100))['closed.yaml'].reason)"
            )
            == "['closed.yaml', 'open.yaml'] permission denied\n"
        )


@contextmanager
def _as_somebody_else() -> Iterator[tuple[Path, Callable[[str], str]]]:
    """Give a folder that "nobody" may enter, and a way to run Python in it as that user."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        folder = Path(name) / "tree"
        folder.mkdir()

        def run(code: str) -> str:
            # The modules are loaded while still root: "nobody" need not be able to read them.
            code = (
                "import os\nfrom pathlib import Path\nimport git\n"
                "from gitops_streams.git.repository import Repository\n"
                f"os.setgid(65534); os.setuid(65534); os.chdir({str(folder)!r})\n{code}"
            )
            done = subprocess.run(
                [sys.executable, "-c", code], capture_output=True, text=True, check=False,
                env=os.environ | {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder)},
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            return done.stdout

        yield folder, run


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    contents=st.lists(st.binary(max_size=12) | st.text("ab:/.\r\n\0é", max_size=12).map(str.encode), max_size=6),
    needles=st.lists(st.text("ab:/.é", min_size=1, max_size=3), min_size=1, max_size=3),
)
def test_the_search_agrees_with_a_literal_one(
    tree: Path, git: Callable[..., str], contents: list[bytes], needles: list[str]
) -> None:
    for old in tree.glob("*.yaml"):
        old.unlink()
    for number, content in enumerate(contents):
        put(tree, f"{number}.yaml", content)
    git(tree, "add", "--all")
    git(tree, "commit", "--quiet", "--allow-empty", "--message=x")
    expected = [
        f"{number}.yaml"
        for number, content in enumerate(contents)
        if any(needle.encode() in content for needle in needles)
    ]
    with Repository.discover(tree) as repository:
        assert repository.work_tree().containing(needles) == expected
        assert repository.at("HEAD").containing(needles) == expected


def test_contents_names_the_blobs_that_files_are_known_to_hold(tree: Path, git: Callable[..., str]) -> None:
    for name in ("clean", "dirty", "assumed", "gone", "converted", "staged"):
        (tree / f"{name}.yaml").write_text(f"{name}: 1\n")
    (tree / "link.yaml").symlink_to("clean.yaml")
    (tree / ".gitignore").write_text("ignored*\n")
    (tree / ".gitattributes").write_text("converted.yaml filter=unknown\n")
    git(tree, "add", "-A")
    git(tree, "commit", "-q", "-m", "x")
    git(tree, "update-index", "--assume-unchanged", "assumed.yaml")
    (tree / "dirty.yaml").write_text("dirty: 2222\n")
    (tree / "staged.yaml").write_text("staged: 2222\n")
    git(tree, "add", "staged.yaml")
    (tree / "gone.yaml").unlink()
    (tree / "untracked.yaml").write_text("u: 1\n")
    (tree / "ignored.yaml").write_text("i: 1\n")
    with Repository.discover(tree) as repository:
        here = repository.work_tree().inventory().files()
        there = repository.at("HEAD").inventory().files()
        blobs = {
            name: bytes.fromhex(git(tree, "hash-object", "--no-filters", name).strip())
            for name in ("clean.yaml", "staged.yaml")
        }
    assert here == {
        "assumed.yaml": None,
        "clean.yaml": blobs["clean.yaml"],
        "converted.yaml": None,
        "dirty.yaml": None,
        "staged.yaml": blobs["staged.yaml"],
        "untracked.yaml": None,
    }
    assert list(here) == sorted(here)
    assert there["clean.yaml"] == blobs["clean.yaml"]
    assert sorted(there) == [f"{name}.yaml" for name in ("assumed", "clean", "converted", "dirty", "gone", "staged")]


def test_a_listing_ahead_is_used_once_and_for_what_it_lists(tree: Path) -> None:
    (tree / "a.yaml").write_text("a: 1\n")
    (tree / "b.txt").write_text("b")
    with Repository.discover(tree) as repository:
        snapshot = repository.work_tree()
        snapshot.list_ahead(["*.yaml"])
        assert [*snapshot.inventory(["*.yaml"]).files()] == ["a.yaml"]
        assert threading.active_count() == 1, "or no second process could be forked"
        (tree / "c.yaml").write_text("c: 1\n")
        assert [*snapshot.inventory(["*.yaml"]).files()] == ["a.yaml", "c.yaml"]
        snapshot.list_ahead(["*.yaml"])
        assert [*snapshot.inventory(["*.txt"]).files()] == ["b.txt"]


def test_a_listing_ahead_that_fails_is_told_of_when_it_is_needed(tree: Path) -> None:
    with Repository.discover(tree) as repository:
        snapshot = repository.work_tree()
        (tree / ".git" / "index").write_bytes(b"broken")
        snapshot.list_ahead(["*.yaml"])
        with pytest.raises(RepositoryError, match="git"):
            snapshot.inventory(["*.yaml"])
