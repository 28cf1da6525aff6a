"""The files of one commit, read from the object store: nothing of the work tree, its filters or its links counts."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_streams.git.objects import read_objects
from gitops_streams.git.snapshot import MANIFESTS, SIZE_LIMIT, Absent, Unreadable, patterns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gitops_streams.git.process import Git


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """An entry of the commit's tree that is no directory."""

    mode: str
    """``100644``, ``100755``, ``120000`` (symbolic link) or ``160000`` (submodule)."""
    object_id: str

    @property
    def regular(self) -> bool:
        """Whether it is a file, and not a link or a submodule."""
        return self.mode.startswith("100")


@dataclass(frozen=True, slots=True)
class CommitInventory:
    """The files of a commit: all are known, and none is touched."""

    blobs: Mapping[str, bytes]
    """Their ids, sorted by path."""

    @property
    def fingerprint(self) -> None:
        """Always ``None``: the tree is read whole for its files' contents anyhow."""

    def __len__(self) -> int:
        """Return how many files there are."""
        return len(self.blobs)

    def listed(self) -> Mapping[str, bytes | None]:
        """See ``Inventory.listed``."""
        return self.blobs

    def files(self, listed: Mapping[str, bytes | None] | None = None) -> Mapping[str, bytes | None]:
        """See ``Inventory.files``."""
        return self.blobs if listed is None else listed


class CommitTree:
    """A snapshot of a commit; it never changes."""

    def __init__(self, commit: str, git: Git) -> None:
        self._commit = commit
        self._git = git
        self._listed: dict[str, TreeEntry] | None = None
        self._listing = threading.Lock()

    @property
    def commit(self) -> str:
        """The commit's object id."""
        return self._commit

    def containing(self, needles: Sequence[str], pathspecs: Sequence[str] = MANIFESTS) -> list[str]:
        """See ``Snapshot.containing``."""
        if not needles:
            return []
        # Without "--full-name" and with the top as directory, the answer is "<commit>:<path>".
        options = ("-l", "-z", "-a", "-F", "--no-recurse-submodules", "-f", "-")
        searched = self._git.run(
            "grep", *options, self._commit, "--", *pathspecs, stdin=patterns(needles), accept=(0, 1)
        )
        prefix = len(self._commit) + 1
        return sorted(os.fsdecode(line)[prefix:] for line in searched.stdout.split(b"\0") if line)

    def inventory(self, pathspecs: Sequence[str] = MANIFESTS) -> CommitInventory:
        """See ``Snapshot.inventory``; of pathspecs, those with one ``*`` at their start are understood."""
        endings = tuple(pathspec.removeprefix("*") for pathspec in pathspecs)
        return CommitInventory(
            {
                path: bytes.fromhex(entry.object_id)
                for path, entry in sorted(self.entries().items())
                if entry.regular and path.endswith(endings)
            }
        )

    def read(self, paths: Iterable[str], limit: int = SIZE_LIMIT) -> Iterator[tuple[str, bytes | Unreadable]]:
        """See ``Snapshot.read``."""
        wanted = list(paths)
        entries = self.entries()
        ids = [entries[path].object_id for path in wanted if path in entries and entries[path].regular]
        contents = read_objects(self._git, ids, limit)
        for path in wanted:
            entry = entries.get(path)
            if entry is None:
                yield path, Unreadable("not in the commit")
            elif not entry.regular:
                yield path, Unreadable(_irregular(entry))
            else:
                yield path, next(contents)

    def read_one(self, path: str, limit: int = SIZE_LIMIT) -> bytes | Unreadable | Absent:
        """See ``Snapshot.read_one``."""
        if path not in self.entries():
            return Absent()
        return next(content for _, content in self.read([path], limit))

    def listing(self, prefix: str) -> list[str]:
        """See ``Snapshot.listing``."""
        below = f"{prefix.rstrip('/')}/" if prefix.rstrip("/") else ""
        return sorted(path for path, entry in self.entries().items() if entry.regular and path.startswith(below))

    def entries(self) -> dict[str, TreeEntry]:
        """Return the whole tree, by path; listed once.

        Raises:
            RepositoryError: the commit's trees cannot be read.
        """
        with self._listing:
            if self._listed is None:
                self._listed = self._list()
            return self._listed

    def _list(self) -> dict[str, TreeEntry]:
        listed = self._git.run("ls-tree", "-r", "-z", "--full-tree", self._commit).stdout
        entries = {}
        for line in listed.split(b"\0"):
            if line:
                head, _, path = line.partition(b"\t")
                mode, _, object_id = head.decode("ascii").split(" ")
                entries[os.fsdecode(path)] = TreeEntry(mode, object_id)
        return entries


def _irregular(entry: TreeEntry) -> str:
    return "a symbolic link, which is not followed" if entry.mode == "120000" else "a submodule"
