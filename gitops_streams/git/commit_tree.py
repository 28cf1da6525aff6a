"""The files of one commit, read from the object store: nothing of the work tree, its filters or its links counts."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from gitops_streams.errors import RepositoryError
from gitops_streams.git.process import redact
from gitops_streams.git.snapshot import MANIFESTS, SIZE_LIMIT, Absent, Unreadable, patterns, too_large

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gitops_streams.git.process import Git

_CHUNK = 1024 * 1024


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


class CommitTree:
    """A snapshot of a commit; it never changes."""

    def __init__(self, commit: str, git: Git) -> None:
        self._commit = commit
        self._git = git
        self._listed: dict[str, TreeEntry] | None = None

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

    def read(self, paths: Iterable[str], limit: int = SIZE_LIMIT) -> Iterator[tuple[str, bytes | Unreadable]]:
        """See ``Snapshot.read``."""
        wanted = list(paths)
        entries = self.entries()
        ids = [entries[path].object_id for path in wanted if path in entries and entries[path].regular]
        # A file as standard input cannot deadlock, as two pipes can.
        with tempfile.TemporaryFile() as request:
            request.writelines(f"{object_id}\n".encode() for object_id in ids)
            request.seek(0)
            with self._git.start("cat-file", "--batch", "--buffer", stdin=request) as process:
                if process.stdout is None or process.stderr is None:  # pragma: no cover - both are pipes
                    raise RepositoryError("git cat-file has no output")
                for path in wanted:
                    entry = entries.get(path)
                    if entry is None:
                        yield path, Unreadable("not in the commit")
                    elif not entry.regular:
                        yield path, Unreadable(_irregular(entry))
                    else:
                        yield path, _next_object(process.stdout, process.stderr, limit)

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
        if self._listed is None:
            listed = self._git.run("ls-tree", "-r", "-z", "--full-tree", self._commit).stdout
            entries = {}
            for line in listed.split(b"\0"):
                if line:
                    head, _, path = line.partition(b"\t")
                    mode, _, object_id = head.decode("ascii").split(" ")
                    entries[os.fsdecode(path)] = TreeEntry(mode, object_id)
            self._listed = entries
        return self._listed


def _irregular(entry: TreeEntry) -> str:
    return "a symbolic link, which is not followed" if entry.mode == "120000" else "a submodule"


def _next_object(stdout: IO[bytes], stderr: IO[bytes], limit: int) -> bytes | Unreadable:
    """Take the next answer of ``cat-file --batch``: ``<id> <type> <size>``, the content, a line end."""
    header = stdout.readline().split()
    if len(header) != 3:  # noqa: PLR2004 - the three fields of the docstring
        if header[1:] == [b"missing"]:
            return Unreadable("its object is missing; git fsck says more")
        complaint = redact(stderr.read().decode("utf-8", "replace")).strip()
        raise RepositoryError(f"git cat-file: {complaint or 'its answer ended early'}")
    size = int(header[2])
    if size > limit:
        left = size + 1
        while left and (skipped := stdout.read(min(left, _CHUNK))):
            left -= len(skipped)
        return too_large(size, limit)
    content = stdout.read(size)
    if len(content) != size or stdout.read(1) != b"\n":
        raise RepositoryError("git cat-file: its answer ended early")
    return content
