"""Lists the work tree's files with the blobs that they are known to be the same as, without reading any of them.

Git's index knows which files have not been touched since they were equal to a blob; ``diff-files`` compares
sizes and times and says which have. A file that a filter converts on its way is never taken for its blob.
"""

from __future__ import annotations

import hashlib
import operator
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gitops_streams.errors import RepositoryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gitops_streams.git.process import Git

_ATTRIBUTES_NAME = ".gitattributes"
_ATTRIBUTES = (_ATTRIBUTES_NAME, f"*/{_ATTRIBUTES_NAME}")
_NAMES = (sys.getfilesystemencoding(), sys.getfilesystemencodeerrors())
"""How ``os.fsdecode`` decodes the names of files, and they are everywhere: by them files are opened."""
_LISTED = re.compile(r"(.) (...)... ([0-9a-f]+) ([0-3])\t([^\0]*)\0")
"""What ``ls-files -s -v -z`` writes of a file: a tag, the mode, the blob, the stage, the path."""
_CONVERSIONS = ("filter", "working-tree-encoding", "ident")
"""Attributes that make of one blob different files, at different times."""


class WorkTreeInventory:
    """Which files a work tree has; what git lists is taken apart when somebody asks for it."""

    def __init__(self, git: Git, root: Path, pathspecs: Sequence[str], is_regular: Callable[[str], bool]) -> None:
        """Have git list the files.

        Args:
            git: git in ``root``.
            root: the top of the work tree.
            pathspecs: which files.
            is_regular: whether a path leads to a regular file, and through no symbolic link.

        Raises:
            RepositoryError: git fails.
        """
        self._git = git
        self._is_regular = is_regular
        wanted = (*pathspecs, *_ATTRIBUTES)
        unsure: set[str] = set()
        # The three run beside each other: the last one alone walks all directories.
        with (
            git.start("ls-files", "-z", "-o", "--exclude-standard", "--", *wanted) as untracked,
            git.start("diff-files", "-z", "--name-only", "--ignore-submodules=all", "--", *pathspecs) as touched,
        ):
            self._listing = git.run("ls-files", "-s", "-v", "-z", "--", *wanted).stdout
            fingerprint = hashlib.sha256(self._listing).digest()
            for process in (touched, untracked):
                listed, complaint = process.communicate()
                if process.returncode != 0:
                    raise RepositoryError(f"git cannot list files: {complaint.decode('utf-8', 'replace').strip()}")
                unsure.update(listed.decode(*_NAMES).split("\0")[:-1])
        attributes = {path for path in unsure if path.endswith(_ATTRIBUTES_NAME)}
        self._unsure = unsure - attributes
        attributes.update(_listed_attributes(self._listing))
        self._converts = any(_speaks(path) for path in _attributes(git, root, attributes))
        self.fingerprint = None if self._converts else fingerprint
        """See ``Inventory.fingerprint``."""
        self._listed: dict[str, bytes | None] | None = None
        self._files: dict[str, bytes | None] | None = None

    def __len__(self) -> int:
        """Return about how many files there are."""
        return self._listing.count(b"\0") + len(self._unsure)

    def listed(self) -> Mapping[str, bytes | None]:
        """See ``Inventory.listed``."""
        if self._listed is None:
            self._listed = {}
            from_hex = bytes.fromhex
            # Decoded at once, and taken apart at once: a hundred thousand short strings take five times as long.
            for tag, mode, object_id, stage, path in _LISTED.findall(self._listing.decode(*_NAMES)):
                if mode == "100":
                    # Any other tag than H: git was told not to look at the file, or it has a conflict.
                    self._listed[path] = from_hex(object_id) if tag == "H" and stage == "0" else None
            for path in _listed_attributes(self._listing):
                self._listed.pop(path, None)
        return self._listed

    def files(self, listed: Mapping[str, bytes | None] | None = None) -> Mapping[str, bytes | None]:
        """See ``Inventory.files``."""
        if listed is not None:
            return self._there(listed)
        if self._files is None:
            self._files = self._there(self.listed())
        return self._files

    def _there(self, listed: Mapping[str, bytes | None]) -> dict[str, bytes | None]:
        files = dict(listed)
        unsure = self._unsure.union([path for path, blob in files.items() if blob is None])
        if self._converts:
            unsure |= _converted(self._git, files)
        for path in unsure:
            if self._is_regular(path):
                files[path] = None
            else:
                files.pop(path, None)
        paths = list(files)
        # Git sorts as we do, but for names that are not UTF-8, and for what was added behind.
        return files if all(map(operator.lt, paths, paths[1:])) else dict(sorted(files.items()))


def _listed_attributes(listing: bytes) -> list[str]:
    """Find the attribute files in a listing without taking it apart."""
    found = []
    ending = _ATTRIBUTES_NAME.encode() + b"\0"
    at = listing.find(ending)
    while at >= 0:
        line = listing[listing.rfind(b"\0", 0, at) + 1 : at + len(ending) - 1]
        found.append(os.fsdecode(line.partition(b"\t")[2]))
        at = listing.find(ending, at + 1)
    return found


def _converted(git: Git, files: Iterable[str]) -> set[str]:
    """Return the files that attributes convert."""
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
