"""Lists the work tree's files with the blobs that they are known to be the same as, without reading any of them.

Git's index knows which files have not been touched since they were equal to a blob; ``diff-files`` compares
sizes and times and says which have. A file that a filter converts on its way is never taken for its blob.
"""

from __future__ import annotations

import operator
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_streams.errors import RepositoryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gitops_streams.git.process import Git

_ATTRIBUTES = (".gitattributes", "*/.gitattributes")
_NAMES = (sys.getfilesystemencoding(), sys.getfilesystemencodeerrors())
"""How ``os.fsdecode`` decodes the names of files, and they are everywhere: by them files are opened."""
_LISTED = re.compile(r"(.) (...)... ([0-9a-f]+) ([0-3])\t([^\0]*)\0")
"""What ``ls-files -s -v -z`` writes of a file: a tag, the mode, the blob, the stage, the path."""
_CONVERSIONS = ("filter", "working-tree-encoding", "ident")
"""Attributes that make of one blob different files, at different times."""


def list_work_tree(
    git: Git, root: Path, pathspecs: Sequence[str], is_regular: Callable[[str], bool]
) -> dict[str, bytes | None]:
    """Return the regular files of the work tree, sorted, each with its blob's id.

    Args:
        git: git in ``root``.
        root: the top of the work tree.
        pathspecs: which files.
        is_regular: whether a path leads to a regular file, and through no symbolic link.

    Returns:
        Tracked files, and untracked ones that git does not ignore. ``None``: what is in the file is not known.

    Raises:
        RepositoryError: git fails.
    """
    files: dict[str, bytes | None] = {}
    attributes: list[str] = []
    wanted = (*pathspecs, *_ATTRIBUTES)
    unsure: set[str] = set()
    from_hex = bytes.fromhex
    # The three run beside each other: the last one alone walks all directories.
    with (
        git.start("ls-files", "-z", "-o", "--exclude-standard", "--", *wanted) as untracked,
        git.start("diff-files", "-z", "--name-only", "--ignore-submodules=all", "--", *pathspecs) as touched,
    ):
        listing = git.run("ls-files", "-s", "-v", "-z", "--", *wanted).stdout
        # Decoded at once, and taken apart at once: a hundred thousand short strings take five times as long.
        for tag, mode, object_id, stage, path in _LISTED.findall(listing.decode(*_NAMES)):
            if mode != "100":
                continue
            if path.endswith(".gitattributes"):
                attributes.append(path)
                continue
            # Any other tag than H: git was told not to look at the file, or it has a conflict.
            if tag != "H" or stage != "0":
                unsure.add(path)
            files[path] = from_hex(object_id)
        for process in (touched, untracked):
            listed, complaint = process.communicate()
            if process.returncode != 0:
                raise RepositoryError(f"git cannot list files: {complaint.decode('utf-8', 'replace').strip()}")
            unsure.update(listed.decode(*_NAMES).split("\0")[:-1])
    attributes += [path for path in unsure if path.endswith(".gitattributes")]
    unsure.difference_update(attributes)
    unsure |= _converted(git, root, files, attributes)
    for path in unsure:
        if path in files or is_regular(path):
            files[path] = None
    for path in [path for path in unsure if path in files and not is_regular(path)]:
        del files[path]
    paths = list(files)
    # Git sorts as we do, but for names that are not UTF-8, and for what was added behind.
    return files if all(map(operator.lt, paths, paths[1:])) else dict(sorted(files.items()))


def _converted(git: Git, root: Path, files: dict[str, bytes | None], attributes: Iterable[str]) -> set[str]:
    """Return the files that attributes convert; git is asked only where attributes speak of it at all."""
    if not files or not any(_speaks(path) for path in _attributes(git, root, attributes)):
        return set()
    request = b"".join(os.fsencode(path) + b"\0" for path in files)
    fields = git.run("check-attr", "-z", "--stdin", *_CONVERSIONS, stdin=request).stdout.split(b"\0")
    # Path, attribute, value; path, attribute, value; …
    return {
        os.fsdecode(path)
        for path, value in zip(fields[0::3], fields[2::3], strict=False)
        if value not in {b"unspecified", b"unset"}
    }


def _attributes(git: Git, root: Path, listed: Iterable[str]) -> list[Path]:
    """Return where attributes may be written: in the repository, beside it, the user's, the system's."""
    beside = git.run("rev-parse", "--git-path", "info/attributes").line
    own = git.run("config", "--type=path", "--get", "core.attributesFile", accept=(0, 1)).line
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser())
    found = [root / path for path in listed]
    return [*found, root / beside, Path(own) if own else home / "git" / "attributes", Path("/etc/gitattributes")]


def _speaks(path: Path) -> bool:
    try:
        text = path.read_bytes()
    except OSError:
        return False
    return any(name.encode() in text for name in _CONVERSIONS)
