"""The program as a process among others: terminals, pipes, locales, signals, what --help costs."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gitops_streams.cli.options import FORMATS as NAMES
from gitops_streams.demo.exchange import Stall
from gitops_streams.render.formats import FORMATS

PROGRAM = Path(sys.executable).with_name("gitops-streams")
FULL = Path("/dev/full")
MODULES = "json.dumps(sorted({m.partition('.')[0] for m in sys.modules}))"


def test_the_formats_that_help_names_are_those_that_there_are():
    assert tuple(FORMATS) == NAMES


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["reconcile", "--help"], ["nonsense"], []], ids=" ".join
)
def test_help_imports_click_and_the_standard_library_alone(arguments):
    script = (
        "import sys, json, atexit\n"
        "sys.argv[1:] = json.loads(sys.argv[1])\n"
        f"atexit.register(lambda: print({MODULES}, file=sys.stderr))\n"
        "from gitops_streams.cli import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, json.dumps(arguments)], capture_output=True, text=True, check=False, timeout=240
    )
    loaded = set(json.loads(done.stderr.splitlines()[-1]))
    site = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys, json; print({MODULES})",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    foreign = loaded - sys.stdlib_module_names - set(json.loads(site.stdout))
    assert {name for name in foreign if not name.startswith("_")} <= {"click", "gitops_streams"}


def test_the_entry_point_and_the_module_are_one(process):
    entry = subprocess.run(
        [PROGRAM, "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert entry.stdout == process("--version").out
    assert entry.stdout.startswith("gitops-streams, version ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell):
    done = subprocess.run(
        [PROGRAM],
        env={**os.environ, "_GITOPS_STREAMS_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"_GITOPS_STREAMS_COMPLETE={shell}_complete" in done.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("gitops-streams re", {"reconcile", "resolve", "resume"}),
        ("gitops-streams reconcile --pub", {"--publish"}),
        ("gitops-streams reconcile --publish p", {"push", "pull-request"}),
        ("gitops-streams diff -o json", {"json", "json-patch"}),
    ],
)
def test_completions(process, words, expected):
    env = {"_GITOPS_STREAMS_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    done = subprocess.run(
        [PROGRAM],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=True,
    )
    assert {line.partition(",")[2] for line in done.stdout.splitlines()} == expected


# Encodings.

LOCALES = [
    {"LC_ALL": "C"},
    {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "latin-1"},
    {"PYTHONIOENCODING": "cp1252:strict"},
]


@pytest.mark.parametrize("env", LOCALES, ids=lambda env: " ".join(f"{k}={v}" for k, v in env.items()))
def test_a_locale_that_is_no_utf8(workspace, registry, env):
    path, digest = workspace.follow(registry, "web")
    workspace.write("deploy/ünï-日本.yaml", workspace.read(path).decode().replace("one line", "einzige Zeile — 唯一"))
    workspace.commit()
    done = workspace.process("reconcile", "-v", env=env)
    assert done.code == 0, done.text
    assert "wrote 2 manifests and 1 status file" in done.out
    assert str(digest).encode() in workspace.read("deploy/ünï-日本.yaml")


@pytest.mark.parametrize("env", LOCALES, ids=lambda env: " ".join(f"{k}={v}" for k, v in env.items()))
def test_a_diff_is_the_files_bytes_in_every_locale(workspace, registry, env, argv):
    path, _ = workspace.follow(registry, "web")
    workspace.write("deploy/ü.yaml", workspace.read(path).decode().replace("one line", "einzige Zeile — 唯一"))
    workspace.commit()
    done = subprocess.run(
        argv("diff", "-C", workspace.folder, "-o", "diff"), env={**os.environ, **env}, capture_output=True, check=True
    )
    subprocess.run(["git", "apply", "--check", "-"], cwd=workspace.folder, input=done.stdout, check=True)


def test_errors_in_a_locale_that_is_no_utf8(process, tmp_path):
    folder = tmp_path / "ünï"
    folder.mkdir()
    done = process("diff", "-C", folder, env={"PYTHONIOENCODING": "ascii"})
    assert done.code == 1
    assert "is not in a git repository" in done.err


def test_a_folder_whose_name_is_no_utf8(new_workspace, workspace, registry, tmp_path, argv):
    workspace.follow(registry, "web")
    moved = os.fsencode(tmp_path) + b"/caf\xe9"
    workspace.folder.rename(os.fsdecode(moved))
    done = subprocess.run([*argv("reconcile", "-C"), moved], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    done = subprocess.run([*argv("check", "-C"), moved], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


# Pipes, and output that cannot be written.


@pytest.fixture
def many(workspace, registry):
    path, _ = workspace.follow(registry, "web")
    content = workspace.read(path)
    for number in range(300):
        workspace.write(f"many/{number:03}/a-name-that-fills-the-buffer-of-a-pipe-sooner.yaml", content)
    return workspace


@pytest.mark.parametrize("arguments", [("diff",), ("diff", "-o", "diff"), ("reconcile", "-o", "json")], ids=" ".join)
def test_a_reader_that_leaves(many, argv, arguments):
    verb, *rest = arguments
    with subprocess.Popen(
        argv(verb, "-C", many.folder, *rest), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.read(1)
        process.stdout.close()
        errors = process.stderr.read()
        process.wait(60)
    assert errors == b""


def test_a_reader_that_was_never_there(many, argv):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(argv("diff", "-C", many.folder), stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert done.stderr == b""


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full")
@pytest.mark.parametrize("arguments", [["--help"], ["diff"], ["status"]], ids=" ".join)
def test_standard_output_on_a_full_disk(workspace, registry, argv, arguments):
    workspace.follow(registry, "web")
    with FULL.open("wb") as full:
        done = subprocess.run(argv(*arguments), cwd=workspace.folder, stdout=full, stderr=subprocess.PIPE, check=False)
    errors = done.stderr.decode().splitlines()
    assert errors == ["error: No space left on device", "hint: free some space on that disk, then run again"]
    assert done.returncode == 1


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_streams_that_are_closed(workspace, registry, argv, closed):
    path, digest = workspace.follow(registry, "web")
    workspace.commit()
    done = subprocess.run(
        ["sh", "-c", f'"$@" {closed}', "sh", *argv("reconcile", "-C", workspace.folder, "--publish", "commit")],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    assert str(digest).encode() in workspace.read(path)
    assert workspace.git("status", "--porcelain") == ""
    workspace.git("fsck", "--strict")


# Terminals.


def on_a_terminal(command, env=None, cwd=None):
    """Run a command whose output is a terminal; return its exit code and all that it printed."""
    child, terminal = pty.fork()
    if child == 0:  # pragma: no cover
        os.chdir(cwd or "/")
        os.execve(command[0], command, {**os.environ, "TERM": "xterm", **(env or {})})
    printed = b""
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # the other side has ended
            break
        if not chunk:
            break
        printed += chunk
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), printed.decode(errors="replace")


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize(
    ("arguments", "env", "colored"),
    [
        ([], {"NO_COLOR": ""}, True),
        ([], {"NO_COLOR": "1"}, False),
        (["--color", "never"], {"NO_COLOR": ""}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        ([], {"NO_COLOR": "", "GITOPS_STREAMS_COLOR": "never"}, False),
        (["-o", "json"], {"NO_COLOR": ""}, False),
        (["-o", "markdown"], {"NO_COLOR": ""}, False),
        (["-o", "diff"], {"NO_COLOR": ""}, True),
    ],
)
def test_colours_on_a_terminal(workspace, registry, argv, arguments, env, colored):
    workspace.follow(registry, "web")
    code, printed = on_a_terminal(argv("diff", "-C", workspace.folder, *arguments), env)
    assert code == 0
    assert ("\x1b[" in printed) == colored


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize(
    ("arguments", "env", "colored"),
    [
        ([], {"NO_COLOR": ""}, True),
        ([], {"NO_COLOR": "1"}, False),
        (["--color", "never"], {"NO_COLOR": ""}, False),
    ],
)
def test_the_colour_of_an_error_on_a_terminal(workspace, argv, arguments, env, colored):
    workspace.config("pni: digest\n")
    code, printed = on_a_terminal(argv("diff", "-C", workspace.folder, *arguments), env)
    assert code == 1
    assert ("\x1b[31m" in printed) == colored


def test_colours_in_a_file(workspace, registry):
    workspace.follow(registry, "web")
    assert "\x1b[" not in workspace.process("diff", env={"NO_COLOR": ""}).out
    assert "\x1b[" in workspace.process("diff", "--color", "always").out
    plain = workspace.process("diff", "-o", "diff").out
    painted = workspace.process("diff", "-o", "diff", "--color", "always").out
    assert re.sub(r"\x1b\[\d*m", "", painted) == plain


# Signals.


@pytest.fixture
def stalled(workspace, registry):
    """A repository whose registry is silent; an event says when it has been asked."""
    workspace.follow(registry, "web")
    workspace.commit()
    asked = threading.Event()

    def silence(_):
        asked.set()
        return Stall(60)

    registry.intercept = silence
    return workspace, asked


@pytest.mark.parametrize("publish", ["worktree", "commit"])
def test_ctrl_c(stalled, argv, publish):
    workspace, asked = stalled
    before = workspace.files()
    with subprocess.Popen(
        argv("reconcile", "-C", workspace.folder, "--publish", publish), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert asked.wait(60)
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=120)
        took = time.monotonic() - started
    assert process.returncode == 130
    assert errors == b"interrupted; no file is half-written\n"
    assert out == b""
    assert workspace.files() == before
    assert workspace.git("status", "--porcelain") == ""
    # Not a matter of speed: waiting for the silent registry would take its whole time limit.
    assert took < 15


def test_ctrl_c_while_nothing_is_asked(workspace, registry, argv):
    """At any moment: what is printed is our line, or Python had not come to us yet."""
    workspace.follow(registry, "web")
    for delay in (0.15, 0.3):
        process = subprocess.Popen(
            argv("reconcile", "-C", workspace.folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
        assert process.returncode in {0, 1, 130, -signal.SIGINT}
    workspace.git("fsck", "--strict")


@pytest.mark.parametrize("publish", ["worktree", "commit"])
def test_killed_and_run_again(stalled, registry, argv, publish):
    workspace, asked = stalled
    before = workspace.files()
    with subprocess.Popen(
        argv("reconcile", "-C", workspace.folder, "--publish", publish),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert asked.wait(60)
        process.kill()
    assert workspace.files() == before
    registry.intercept = None
    assert workspace.run("reconcile", "--publish", publish).code == 0
    assert workspace.files() != before


def test_ctrl_c_ends_a_demonstration_that_waits(argv, tmp_path):
    with subprocess.Popen(
        argv("demo", "--folder", tmp_path / "demo", "--wait"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        for line in process.stdout:
            if "Ctrl-C ends it" in line:
                break
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 0
    assert errors == ""
