"""Diffs of declarations: git itself applies them, whatever the lines hold."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitops_streams.oci.digest import Digest
from gitops_streams.oci.reference import Reference
from gitops_streams.render.declarations import EditedFile, candidates, diff
from gitops_streams.streams.history import Item
from gitops_streams.streams.rollback import Candidates

texts = st.lists(st.sampled_from(["a", "b", "", "-x", "+y", "é\r", " z", "\\ No"]), max_size=14).flatmap(
    lambda lines: st.sampled_from(["\n".join(lines), "\n".join(lines) + "\n"])
)


@given(texts, texts)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_git_applies_what_is_shown(tmp_path, before, after):
    path = tmp_path / "x y.yaml"
    patch = diff([EditedFile("x y.yaml", before, after)])
    if before == after:
        assert patch == ""
        return
    path.write_bytes(before.encode())
    command = ["git", "apply", "--unidiff-zero", "-"]
    done = subprocess.run(command, cwd=tmp_path, input=patch.encode(), capture_output=True, check=False)
    assert done.returncode == 0, (patch, done.stderr)
    # A patch that leaves nothing leaves an empty file here.
    assert (path.read_bytes() if path.exists() else b"") == after.encode()


def test_a_new_file(tmp_path):
    patch = diff([EditedFile("new.yaml", None, "a: 1\nb: 2\n")])
    assert patch == (
        "diff --git a/new.yaml b/new.yaml\nnew file mode 100644\n--- /dev/null\n+++ b/new.yaml\n"
        "@@ -0,0 +1,2 @@\n+a: 1\n+b: 2\n"
    )
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=patch.encode(), check=True)
    assert (tmp_path / "new.yaml").read_text() == "a: 1\nb: 2\n"


@pytest.mark.parametrize("number", [2, 10, 11, 30])
def test_candidates_are_listed_and_cut(number):
    def item(name):
        digest = Digest.of(str(name).encode())
        return Item(Reference.parse(f"quay.io/a/b@{digest}"), digest, "1.4", "")

    items = tuple(map(item, range(number)))
    lines = candidates(Candidates(items[1].image, items, (), (item("other"),)))
    assert lines[0] == f"{items[0].image}  1.4"
    assert lines[1].endswith("  1.4  (current)")
    assert len(lines) == min(number + 1, 11)
    assert ("more" in lines[-1]) == (number + 1 > 10)
