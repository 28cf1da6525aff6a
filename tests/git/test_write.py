from __future__ import annotations

import os
import stat
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gitops_streams.errors import PlanRefused, WriteFailed
from gitops_streams.git.write import FileEdit, remove_file, remove_leftovers, write_files

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    (folder / "deploy").mkdir(parents=True)
    (folder / "deploy/web.yaml").write_bytes(b"old\n")
    (folder / "api.yaml").write_bytes(b"old api\n")
    return folder


WEB = FileEdit("deploy/web.yaml", b"old\n", b"new\n")
API = FileEdit("api.yaml", b"old api\n", b"new api\n")


def names(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())


def test_files_are_replaced_and_made(root: Path) -> None:
    made = FileEdit(".gitops-streams/status/_/web.lock", None, b"items: []\n")
    assert write_files(root, [WEB, API, made]) == [WEB.path, API.path, made.path]
    assert (root / "deploy/web.yaml").read_bytes() == b"new\n"
    assert (root / made.path).read_bytes() == b"items: []\n"
    assert names(root) == [made.path, "api.yaml", "deploy/web.yaml"]


def test_a_second_time_changes_nothing(root: Path) -> None:
    write_files(root, [WEB, API])
    before = (root / "api.yaml").stat()
    assert write_files(root, [WEB, API]) == []
    assert (root / "api.yaml").stat().st_ino == before.st_ino


@pytest.mark.parametrize("mode", [0o644, 0o755, 0o640, 0o600])
def test_the_mode_stays(root: Path, mode: int) -> None:
    (root / "api.yaml").chmod(mode)
    write_files(root, [API])
    assert stat.S_IMODE((root / "api.yaml").stat().st_mode) == mode


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can own files of others")
def test_the_owner_stays(root: Path) -> None:
    os.chown(root / "api.yaml", 1234, 2345)
    write_files(root, [API])
    status = (root / "api.yaml").stat()
    assert (status.st_uid, status.st_gid) == (1234, 2345)


@pytest.mark.parametrize("there", [b"somebody's work\n", b"old\nand more", b"ol", None])
def test_a_file_that_has_changed_refuses_the_whole_plan(root: Path, there: bytes | None) -> None:
    if there is None:
        (root / WEB.path).unlink()
    else:
        (root / WEB.path).write_bytes(there)
    with pytest.raises(PlanRefused, match=r"deploy/web\.yaml"):
        write_files(root, [API, WEB])
    assert (root / API.path).read_bytes() == b"old api\n"


def test_a_new_file_that_is_there_already_refuses_the_plan(root: Path) -> None:
    with pytest.raises(PlanRefused, match=r"api\.yaml"):
        write_files(root, [FileEdit("api.yaml", None, b"new")])


@pytest.mark.parametrize(
    "path", ["../x", "/tmp/x", "a/../../x", ".git/config", "vendor/.git/hooks/x", "", ".", "a\0b", "deploy"]
)
def test_paths_outside_are_refused(root: Path, path: str) -> None:
    with pytest.raises((PlanRefused, WriteFailed)):
        write_files(root, [FileEdit(path, None, b"x")])
    assert names(root) == ["api.yaml", "deploy/web.yaml"]


def test_links_are_not_followed(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.yaml").write_bytes(b"old\n")
    (root / "folder").symlink_to(outside)
    (root / "link.yaml").symlink_to(outside / "x.yaml")
    for path in ("folder/x.yaml", "link.yaml"):
        with pytest.raises(WriteFailed, match=path) as caught:
            write_files(root, [FileEdit(path, b"old\n", b"new\n")])
        assert "link" in str(caught.value.hint)
    with pytest.raises(WriteFailed):
        write_files(root, [FileEdit("folder/new/y.yaml", None, b"new\n")])
    assert names(outside) == ["x.yaml"]
    assert (outside / "x.yaml").read_bytes() == b"old\n"


@pytest.mark.parametrize(("error", "advice"), [(30, "read-only"), (13, "permissions"), (1, "attributes")])
def test_an_unwritable_place_is_named(root: Path, monkeypatch: pytest.MonkeyPatch, error: int, advice: str) -> None:
    real = os.open

    def closed(path: str, flags: int, *arguments: int, **options: int) -> int:
        if flags & os.O_CREAT:
            raise OSError(error, os.strerror(error))
        return real(path, flags, *arguments, **options)

    monkeypatch.setattr(os, "open", closed)
    with pytest.raises(WriteFailed, match=r"deploy/web\.yaml was not written") as caught:
        write_files(root, [WEB])
    assert advice in str(caught.value.hint)
    assert (root / WEB.path).read_bytes() == b"old\n"


def test_a_rename_that_fails_leaves_the_others_whole(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.replace

    def once(source: str, target: str, **options: int) -> None:
        if target == "web.yaml":
            raise PermissionError(13, "Permission denied")
        real(source, target, **options)

    monkeypatch.setattr(os, "replace", once)
    with pytest.raises(WriteFailed, match=r"deploy/web\.yaml"):
        write_files(root, [API, WEB])
    assert names(root) == ["api.yaml", "deploy/web.yaml"]
    assert (root / "deploy/web.yaml").read_bytes() == b"old\n"
    assert (root / "api.yaml").read_bytes() == b"new api\n"
    monkeypatch.undo()
    assert write_files(root, [API, WEB]) == [WEB.path]


def test_a_read_only_file_is_the_owners_wish(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Asked by "access", since root may write it all the same.
    monkeypatch.setattr(os, "access", lambda path, _: str(path) != str(root / "api.yaml"))
    with pytest.raises(WriteFailed, match=r"api\.yaml was not written: Permission denied"):
        write_files(root, [API])
    assert (root / "api.yaml").read_bytes() == b"old api\n"


def test_a_limit_on_file_sizes(root: Path) -> None:
    code = (
        "import resource, sys\nfrom pathlib import Path\n"
        "from gitops_streams.git.write import FileEdit, write_files\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "small = FileEdit('api.yaml', b'old api\\n', b'new api\\n')\n"
        "large = FileEdit('deploy/new/large.yaml', None, b'x' * 200_000)\n"
        "try:\n    write_files(Path(sys.argv[1]), [small, large])\n"
        "except Exception as error:\n    print(type(error).__name__, error, '|', error.hint)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(root)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("WriteFailed deploy/new/large.yaml was not written: File too large | raise the limit")
    assert names(root) == ["api.yaml", "deploy/web.yaml"]
    assert not (root / "deploy/new").exists()
    assert (root / "api.yaml").read_bytes() == b"old api\n"


@contextmanager
def _mounted(folder: Path, *options: str) -> Iterator[None]:
    if (
        os.geteuid() != 0
        or subprocess.run(["mount", *options, str(folder)], capture_output=True, check=False).returncode
    ):
        pytest.skip("file systems cannot be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk(tmp_path: Path) -> None:
    root = tmp_path / "disk"
    root.mkdir()
    with _mounted(root, "-t", "tmpfs", "-o", "size=64k", "none"):
        (root / "api.yaml").write_bytes(b"old api\n")
        edits = [API, *(FileEdit(f"status/{number}.lock", None, b"x" * 16_000) for number in range(8))]
        with pytest.raises(WriteFailed, match="No space left on device") as caught:
            write_files(root, edits)
        assert "free some space" in str(caught.value.hint)
        assert names(root) == ["api.yaml"]
        assert not (root / "status").exists()
        assert (root / "api.yaml").read_bytes() == b"old api\n"


def test_a_read_only_file_system(root: Path) -> None:
    with _mounted(root, "--bind", str(root)):
        subprocess.run(["mount", "-o", "remount,bind,ro", str(root)], check=True, capture_output=True)
        with pytest.raises(WriteFailed, match="was not written"):
            write_files(root, [WEB])
        assert names(root) == ["api.yaml", "deploy/web.yaml"]


def test_what_a_killed_run_left_is_removed_and_nothing_else(root: Path) -> None:
    for name in (".gitops-streams-abc.tmp0", ".gitops-streams-abc.tmp1", ".gitops-streams-other.tmp0", "abc.tmp"):
        (root / "deploy" / name).write_bytes(b"half")
    (root / ".gitops-streams-abc.tmp7").write_bytes(b"half")
    remove_leftovers(root, ["deploy/web.yaml", "api.yaml", "gone/x.yaml"], token="abc")
    assert names(root) == ["api.yaml", "deploy/.gitops-streams-other.tmp0", "deploy/abc.tmp", "deploy/web.yaml"]


def test_removing(root: Path) -> None:
    remove_file(root, "deploy/web.yaml")
    remove_file(root, "deploy/web.yaml")
    assert names(root) == ["api.yaml"]
    (root / "link").symlink_to(root / "deploy")
    with pytest.raises(WriteFailed):
        remove_file(root, "link/web.yaml")
