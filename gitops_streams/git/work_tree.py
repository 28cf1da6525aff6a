"""The files as they lie in the work tree, tracked or not, as long as git does not ignore them."""

from __future__ import annotations

import errno
import logging
import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_streams.errors import RepositoryError
from gitops_streams.git.inventory import WorkTreeInventory
from gitops_streams.git.snapshot import MANIFESTS, SIZE_LIMIT, Absent, Unreadable, misplaced, patterns, too_large

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from gitops_streams.git.process import Finished, Git
    from gitops_streams.git.snapshot import Inventory

_log = logging.getLogger(__name__)
_GREP = ("grep", "-l", "-z", "-a", "-F", "--no-recurse-submodules", "--full-name", "-f", "-")
# What git grep says of a file that it cannot open, ending with the cause.
_UNSEARCHED = re.compile(r"error: (?:failed to stat )?'(?P<path>.+)': .*")

_ORDINARY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
"""Names that cannot be anything but a file's; others are looked at more closely."""
_READING = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class _Ahead:
    """A listing that was asked for before it was needed."""

    pathspecs: tuple[str, ...]
    thread: ThreadPoolExecutor
    inventory: Future[Inventory]


class WorkTree:
    """A snapshot of the work tree; it is read when it is asked, not when it is made."""

    def __init__(self, root: Path, git: Git) -> None:
        self.root = root
        # Thousands of paths are made from it; joining strings costs a tenth of joining `Path`s.
        self._top = f"{os.fspath(root).rstrip('/')}/"
        self._git = git
        self._ahead: _Ahead | None = None

    @property
    def commit(self) -> str | None:
        """Always ``None``: the work tree is no commit."""
        return None

    def containing(self, needles: Sequence[str], pathspecs: Sequence[str] = MANIFESTS) -> list[str]:
        """See ``Snapshot.containing``; tracked files and untracked ones that are not ignored."""
        if not needles:
            return []
        wanted = patterns(needles)
        # Both run at once. "--untracked" walks the directories without the index, and therefore
        # misses tracked files that an ignore rule matches; those are rare, hence the second search.
        with self._git.start("ls-files", "-z", "-c", "-i", "--exclude-standard", "--", *pathspecs) as listing:
            found = self._grep(wanted, "--untracked", "--exclude-standard", pathspecs=pathspecs)
            ignored, complaint = listing.communicate()
        if listing.returncode != 0:
            raise RepositoryError(f"git ls-files: {complaint.decode('utf-8', 'replace').strip()}")
        if ignored:
            found |= self._grep(wanted, pathspecs=pathspecs)
        return self._regular(found)

    def list_ahead(self, pathspecs: Sequence[str] = MANIFESTS) -> None:
        """Have git list the files while the caller does something else; ``inventory`` then has them."""
        thread = ThreadPoolExecutor(max_workers=1)
        self._ahead = _Ahead(tuple(pathspecs), thread, thread.submit(self._list, pathspecs))

    def inventory(self, pathspecs: Sequence[str] = MANIFESTS) -> Inventory:
        """See ``Snapshot.inventory``; tracked files, and untracked ones that git does not ignore."""
        ahead, self._ahead = self._ahead, None
        if ahead is None:
            return self._list(pathspecs)
        # Without its thread, so that this process may be forked.
        ahead.thread.shutdown()
        return ahead.inventory.result() if ahead.pathspecs == tuple(pathspecs) else self._list(pathspecs)

    def _list(self, pathspecs: Sequence[str]) -> Inventory:
        plain: set[str] = set()
        return WorkTreeInventory(self._git, self.root, pathspecs, lambda path: self._is_regular(path, plain))

    def read(self, paths: Iterable[str], limit: int = SIZE_LIMIT) -> Iterator[tuple[str, bytes | Unreadable]]:
        """See ``Snapshot.read``."""
        plain: set[str] = set()
        for path in paths:
            content = self._read(path, limit, plain)
            yield path, Unreadable("the file has vanished") if isinstance(content, Absent) else content

    def read_one(self, path: str, limit: int = SIZE_LIMIT) -> bytes | Unreadable | Absent:
        """See ``Snapshot.read_one``."""
        return self._read(path, limit, set())

    def listing(self, prefix: str) -> list[str]:
        """See ``Snapshot.listing``; tracked files and untracked ones that are not ignored."""
        below = [f":(literal){prefix.rstrip('/')}"] if prefix.rstrip("/") else []
        listed = self._git.run("ls-files", "-z", "-c", "-o", "--exclude-standard", "--", *below)
        return self._regular({os.fsdecode(path) for path in listed.stdout.split(b"\0") if path})

    def _grep(self, wanted: bytes, *options: str, pathspecs: Sequence[str]) -> set[str]:
        searched = self._git.run(*_GREP, *options, "--", *pathspecs, stdin=wanted, accept=(0, 1))
        return {os.fsdecode(path) for path in searched.stdout.split(b"\0") if path} | self._unsearched(searched)

    def _unsearched(self, searched: Finished) -> set[str]:
        """Return the files that git could not open; anything else that it complains of is logged."""
        paths = set()
        for line in searched.stderr.splitlines():
            match = _UNSEARCHED.fullmatch(line)
            if match is not None and (self.root / match["path"]).is_file():
                paths.add(match["path"])
            else:
                _log.warning("git grep: %s", line)
        return paths

    def _regular(self, paths: Iterable[str]) -> list[str]:
        plain: set[str] = set()
        return [path for path in sorted(set(paths)) if self._is_regular(path, plain)]

    def _is_regular(self, path: str, plain: set[str]) -> bool:
        if self._parents(path, plain) is not None:
            return False
        try:
            return stat.S_ISREG(os.lstat(self._top + path).st_mode)
        except OSError:
            return False

    def _parents(self, path: str, plain: set[str]) -> Unreadable | Absent | None:
        """Say what is wrong with the directories of a path; ``plain`` collects those that are known to be right."""
        directory = path.rpartition("/")[0]
        if not directory or directory in plain:
            return None
        wrong = self._parents(directory, plain)
        if wrong is not None:
            return wrong
        try:
            mode = os.lstat(self._top + directory).st_mode
        except OSError as error:
            return _failed(error)
        if stat.S_ISLNK(mode):
            return Unreadable(f"the directory {directory} is a symbolic link, which is not followed")
        if not stat.S_ISDIR(mode):
            return Absent()
        plain.add(directory)
        return None

    def _read(self, path: str, limit: int, plain: set[str]) -> bytes | Unreadable | Absent:
        directory, _, name = path.rpartition("/")
        # A directory that is known to be right leaves the name to look at: for most of a hundred thousand files.
        if directory not in plain or not _ORDINARY.fullmatch(name):
            reason = misplaced(path)
            if reason is not None:
                return Unreadable(reason)
            wrong = self._parents(path, plain)
            if wrong is not None:
                return wrong
        try:
            # Not blocking: opening a FIFO would wait for its writer.
            descriptor = os.open(self._top + path, _READING)
        except OSError as error:
            return _failed(error)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return Unreadable("not a regular file")
            if status.st_size > limit:
                return too_large(status.st_size, limit)
            content = _read_all(descriptor, status.st_size + 1)
        except OSError as error:
            return _failed(error)
        finally:
            os.close(descriptor)
        return too_large(len(content), limit) if len(content) > limit else content


def _read_all(descriptor: int, size: int) -> bytes:
    """Read to the end, at most a byte more than the size that was announced."""
    content = os.read(descriptor, size)
    if len(content) == size - 1:
        return content  # as announced, and no byte more was there
    while content and len(content) < size and (chunk := os.read(descriptor, size - len(content))):
        content += chunk
    return content


def _failed(error: OSError) -> Unreadable | Absent:
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return Absent()
        case errno.ELOOP:
            return Unreadable("a symbolic link, which is not followed")
        case errno.EISDIR | errno.ENXIO:
            return Unreadable("not a regular file")
        case errno.EACCES | errno.EPERM:
            return Unreadable("permission denied")
        case _:
            return Unreadable(error.strerror or str(error))
