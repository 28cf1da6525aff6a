"""What a merge would give, as a tree: no work tree, index or ref is touched.

``git merge-tree --write-tree`` (git 2.38) does it as ``git merge`` would. For an older git, the
three trees are read into an index of our own and files that both sides changed are merged by
``git merge-file``; renames are not followed there, so it finds a conflict where the new one may not.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from gitops_streams.git.command import Commands

_BASE, _OURS, _THEIRS = "1", "2", "3"


def merged_tree(commands: Commands, scratch: Path, ours: str, theirs: str) -> str | None:
    """Return the tree that merging two commits gives, or ``None`` where they conflict.

    Args:
        commands: Git.
        scratch: a directory of this run's own.
        ours: a commit.
        theirs: another one; the two have a common history.

    Raises:
        RepositoryError: git failed.
    """
    done = commands.attempt("merge-tree", "--write-tree", "--no-messages", ours, theirs)
    if done.status in {0, 1}:
        return done.line.partition("\n")[0] if done.status == 0 else None
    return merge_by_index(commands, scratch, ours, theirs)


def merge_by_index(commands: Commands, scratch: Path, ours: str, theirs: str) -> str | None:
    """Merge as ``merged_tree`` does, with what git 2.30 has."""
    base = commands.run("merge-base", ours, theirs).line
    index = scratch / "merge-index"
    index.unlink(missing_ok=True)
    environment = {"GIT_INDEX_FILE": str(index)}
    commands.run("read-tree", "-i", "-m", "--aggressive", base, ours, theirs, environment=environment)
    listed = commands.run("ls-files", "--unmerged", "-z", environment=environment).stdout
    entries = []
    for path, stages in _by_path(listed.split(b"\0")).items():
        merged = _merge_file(commands, scratch, stages)
        if merged is None:
            return None
        mode, object_id = merged
        entries.append(f"0 {'0' * len(object_id)} 0\t".encode() + path + b"\0")
        entries.append(f"{mode} {object_id} 0\t".encode() + path + b"\0")
    if entries:
        commands.run("update-index", "-z", "--index-info", stdin=b"".join(entries), environment=environment)
    return commands.run("write-tree", environment=environment).line


def _by_path(lines: Iterable[bytes]) -> dict[bytes, dict[str, tuple[str, str]]]:
    """Group the lines of ``ls-files --unmerged``: path → stage → mode and object id."""
    found: dict[bytes, dict[str, tuple[str, str]]] = {}
    for line in lines:
        if line:
            head, _, path = line.partition(b"\t")
            mode, object_id, stage = head.decode("ascii").split(" ")
            found.setdefault(path, {})[stage] = (mode, object_id)
    return found


def _merge_file(commands: Commands, scratch: Path, stages: dict[str, tuple[str, str]]) -> tuple[str, str] | None:
    """Merge one file that both sides changed; ``None`` where that is a conflict."""
    if set(stages) != {_BASE, _OURS, _THEIRS} or any(not mode.startswith("100") for mode, _ in stages.values()):
        return None
    modes = {stage: mode for stage, (mode, _) in stages.items()}
    mode = modes[_THEIRS] if modes[_OURS] == modes[_BASE] else modes[_OURS]
    names = {}
    for stage, (_, object_id) in stages.items():
        names[stage] = scratch / f"merge-{stage}"
        names[stage].write_bytes(commands.run("cat-file", "blob", object_id).stdout)
    files = [os.fspath(names[stage]) for stage in (_OURS, _BASE, _THEIRS)]
    done = commands.attempt("merge-file", "-p", *files)
    if done.status != 0:
        return None
    return mode, commands.run("hash-object", "-w", "--no-filters", "--stdin", stdin=done.stdout).line
