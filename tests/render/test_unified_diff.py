"""The unified diff, judged by `git apply` and by difflib."""

from __future__ import annotations

import difflib
import os
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gitops_streams.render import unified_diff
from gitops_streams.render.report import Report

DIGEST = "sha256:4b4294fbdc70040748882b79c60e924b53678e4a2566265321a6309019b3449b"


@pytest.fixture(scope="module")
def planner(plan_files, stream):
    declared = stream("web", prod="quay.io/acme/web:1.4")
    return lambda files: plan_files(files | {"streams.json": declared})


def apply(files: dict[str, bytes], diff: bytes) -> dict[str, bytes]:
    """Let Git apply a diff to files in an empty folder; what it says against it fails the test."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True, capture_output=True)
        paths = {path: Path(folder, os.fsdecode(path.encode("utf-8", "surrogateescape"))) for path in files}
        for path, place in paths.items():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(files[path])
        for option in (["--check"], []):
            command = ["git", "-c", "core.autocrlf=false", "apply", "--verbose", *option, "-"]
            done = subprocess.run(command, cwd=folder, input=diff, capture_output=True, check=False)
            assert done.returncode == 0, done.stderr.decode()
            # Git would look for a hunk whose line numbers are wrong, and say so.
            assert b"offset" not in done.stderr
        return {path: place.read_bytes() for path, place in paths.items()}


def rendered(planned) -> bytes:
    return unified_diff.render(Report(planned.plan)).encode("utf-8", "surrogateescape")


def test_of_one_file(planner):
    planned = planner({"a.yaml": "a: 1\nb: 2\nc: 3\nd: 4\nimage: quay.io/acme/web:1.4 # why\ne: 5"})
    assert rendered(planned).decode() == (
        "diff --git a/a.yaml b/a.yaml\n"
        "--- a/a.yaml\n"
        "+++ b/a.yaml\n"
        "@@ -2,5 +2,5 @@\n"
        " b: 2\n"
        " c: 3\n"
        " d: 4\n"
        "-image: quay.io/acme/web:1.4 # why\n"
        f"+image: quay.io/acme/web:1.4@{DIGEST} # why\n"
        " e: 5\n"
        "\\ No newline at end of file\n"
    )


def test_of_an_insertion_at_the_end_of_a_file_without_a_final_line_end(planner):
    planned = planner({"kustomization.yaml": "images:\r\n- name: quay.io/acme/web\r\n  newTag: '1.4'"})
    assert rendered(planned).decode() == (
        "diff --git a/kustomization.yaml b/kustomization.yaml\n"
        "--- a/kustomization.yaml\n"
        "+++ b/kustomization.yaml\n"
        "@@ -1,3 +1,4 @@\n"
        " images:\r\n"
        " - name: quay.io/acme/web\r\n"
        "-  newTag: '1.4'\n"
        "\\ No newline at end of file\n"
        "+  newTag: '1.4'\r\n"
        f"+  digest: {DIGEST}\n"
        "\\ No newline at end of file\n"
    )


def test_puts_a_tab_behind_names_with_blanks_as_git_does(planner):
    planned = planner({"a b.yaml": "image: quay.io/acme/web:1.4\n"})
    assert rendered(planned).startswith(b"diff --git a/a b.yaml b/a b.yaml\n--- a/a b.yaml\t\n+++ b/a b.yaml\t\n@@")


def test_of_nothing_is_nothing(planner):
    assert rendered(planner({"a.yaml": "a: 1\n"})) == b""


@pytest.mark.parametrize(
    "name",
    [
        "with blank.yaml",
        " leading.yaml",
        'quo"te.yaml',
        "back\\slash.yaml",
        "tab\there.yaml",
        "line\nend.yaml",
        "escape\x1b[31m.yaml",
        "größe-☃.yaml",
        "not-utf8-\udcff.yaml",
        "-dash.yaml",
        "a b/c d/e f.yaml",
        "'$(x)`.yaml",
        "b/a/ b/x.yaml",
        "emoji-🙂.yaml",
        "\u202eright-to-left.yaml",
    ],
)
def test_names_every_file_as_git_does(planner, name):
    files = {name: b"image: quay.io/acme/web:1.4\n"}
    planned = planner(files)
    diff = rendered(planned)
    assert apply(files, diff)[name] == planned.files[name]
    assert b"\x1b" not in diff
    assert diff.count(b"\n") == 6


fillers = st.sampled_from(["a: 1", "", "# note", "- -- ++ @@", "\\ No newline at end of file", "  - x", "+++ b/x", "-"])


@st.composite
def texts(draw):
    """Documents of many lines: images here and there, kustomization entries, every line ending."""
    ending = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    lines: list[str] = ["text: |", "  start"]
    for number in range(draw(st.integers(1, 5))):
        lines += [f"  {line}" for line in draw(st.lists(fillers, max_size=9))]
        form = draw(st.integers(0, 3))
        if form == 0:
            lines += [f"k{number}:", "  image: quay.io/acme/web:1.4"]
        elif form == 1:
            lines += [f"k{number}:", "  image: quay.io/acme/web:1.4", "  baseImage: 'quay.io/acme/web:1.4'"]
        elif form == 2:
            lines += [f"k{number}: [{{image: quay.io/acme/web:1.4}}, {{image: quay.io/acme/web:1.4}}]"]
        else:
            entry = ["- name: quay.io/acme/web", "  newTag: '1.4'"]
            lines += ["---", "images:", *entry, *draw(st.sampled_from([[], entry])), f"k{number}:"]
        lines += [f"t{number}: |", "  start"]
    lines += [f"  {line}" for line in draw(st.lists(fillers, max_size=9))]
    final = draw(st.sampled_from([ending, ""]))
    return draw(st.sampled_from(["", "\ufeff"])) + ending.join(lines) + final


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(texts(), min_size=1, max_size=3))
@example(["image: quay.io/acme/web:1.4"])
@example(["image: quay.io/acme/web:1.4\r"])
def test_git_applies_it_and_difflib_agrees(planner, contents):
    files = {f"dir {number}/kustomization.yaml": text.encode() for number, text in enumerate(contents)}
    planned = planner(files)
    diff = rendered(planned)
    if any("image" in text for text in contents):
        assert diff
        assert apply(files, diff) == {path: planned.files[path] for path in files}
    # Line by line, no more is taken out and put in than has to be.
    ours = Counter(line for line in _body(diff) if line[:1] in {"+", "-"})
    theirs: Counter[str] = Counter()
    for path, before in files.items():
        lines = [content.decode().split("\n") for content in (before, planned.files[path])]
        unterminated = [[*content[:-1], content[-1] + "\0"] if content[-1] else content[:-1] for content in lines]
        theirs += Counter(line for line in _difference(*unterminated))
    assert ours == theirs


def _difference(before: list[str], after: list[str]) -> list[str]:
    found = difflib.unified_diff(before, after, lineterm="", n=0)
    return [line for number, line in enumerate(found) if number > 1 and line[0] in "+-"]


def _body(diff: bytes) -> list[str]:
    """The lines of all hunks; a line without a line end gets a NUL."""
    lines: list[str] = []
    left = (0, 0)
    for line in diff.decode().split("\n"):
        if line.startswith("\\"):
            lines[-1] += "\0"
        elif left == (0, 0):
            if line.startswith("@@"):
                old, new = line.split(" ")[1:3]
                left = (int(old.split(",")[1]), int(new.split(",")[1]))
        else:
            lines.append(line)
            left = (left[0] - (line[0] in " -"), left[1] - (line[0] in " +"))
    return lines
