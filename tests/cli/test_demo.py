"""The newcomer's two minutes, under the real entry point."""

from __future__ import annotations

import re
import shlex
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gitops_streams.cli.group import VERBS

PROGRAM = Path(sys.executable).with_name("gitops-streams")


def demo(folder, **settings):
    return subprocess.run(
        [PROGRAM, "demo", "--folder", folder], capture_output=True, text=True, timeout=240, check=False, **settings
    )


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """Run the demonstration once; give what it printed, and its folder."""
    folder = tmp_path_factory.mktemp("demo") / "a folder"
    done = demo(folder)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout, folder


def test_every_command_that_it_prints_exists(shown, cli):
    out, _ = shown
    commands = [re.split(r" {3,}", line.strip())[0] for line in out.splitlines() if line.strip().startswith("$ ")]
    assert len(commands) >= 8
    for command in commands:
        program, *arguments = shlex.split(command.removeprefix("$ "))
        assert program in {"gitops-streams", "git", "cd"}
        if program == "gitops-streams":
            assert arguments[0] in VERBS
            options = [argument for argument in arguments[1:] if argument.startswith("--")]
            if options:
                help_text = cli(arguments[0], "--help").out
                assert [option for option in options if option not in help_text] == []
        elif program == "git":
            assert subprocess.run(["git", arguments[0], "-h"], capture_output=True, check=False).returncode == 129


def test_the_folder_is_left_and_in_order(shown, git):
    out, folder = shown
    assert f"$ cd {shlex.quote(str(folder))}" in out
    assert git(folder, "status", "--porcelain") == ""
    assert len(git(folder, "log", "--format=%s").splitlines()) == 5
    for verb in ("check", "status"):
        done = subprocess.run([PROGRAM, verb], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
    assert "3/3" not in done.stdout
    assert done.stdout.count("1/1") == 3
    git(folder, "fsck", "--strict")


def test_the_way_back_needs_no_registry_and_lasts(shown, git, tmp_path):
    """The held stream tag stays where it is, though its registry is gone; resumed, it would be asked about."""
    _, original = shown
    folder = tmp_path / "copy"
    shutil.copytree(original, folder)
    before = (folder / "apps/web/deployment.yaml").read_bytes()
    assert (
        before
        == subprocess.run(
            ["git", "-C", folder, "show", "HEAD~3:apps/web/deployment.yaml"], capture_output=True, check=True
        ).stdout
    ), "it is what it was before the move"
    (folder / ".gitops-streams/config.yaml").write_text("registry: {retryBudget: 0}\n")
    done = subprocess.run([PROGRAM, "reconcile"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 3, "the other two fail"
    assert "2 failed" in done.stdout
    assert "shop/web:prod: held at" in done.stdout
    assert (folder / "apps/web/deployment.yaml").read_bytes() == before
    subprocess.run([PROGRAM, "resume", "shop/web:prod"], cwd=folder, capture_output=True, check=True)
    done = subprocess.run([PROGRAM, "diff"], cwd=folder, capture_output=True, text=True, check=False)
    assert "3 failed" in done.stdout


def test_its_registry_has_ended(shown):
    out, _ = shown
    host, _, port = re.search(r"A registry runs on (\S+),", out)[1].partition(":")
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((host, int(port)), timeout=5)


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_a_folder_that_exists(tmp_path, kind):
    folder = tmp_path / "there"
    match kind:
        case "folder":
            folder.mkdir()
        case "file":
            folder.touch()
        case "link":
            folder.symlink_to(tmp_path / "nowhere")
    done = demo(folder)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        f"error: {folder} cannot be made: File exists",
        "hint: name a folder that does not exist",
    ]
    assert done.stdout == ""


def test_no_git(tmp_path):
    done = demo(tmp_path / "demo", env={"PATH": str(tmp_path)})
    assert done.returncode == 1
    assert "error: git is not installed" in done.stderr


def test_a_hostile_environment_changes_nothing(tmp_path, monkeypatch):
    """What a user's shell, a hook or a CI system may have set."""
    monkeypatch.setenv("GITOPS_STREAMS_OUTPUT", "json")
    monkeypatch.setenv("GITOPS_STREAMS_DRY_RUN", "1")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    done = demo(tmp_path / "demo")
    assert done.returncode == 0, done.stderr
    assert "committed 3 manifests and 3 status files" in done.stdout
