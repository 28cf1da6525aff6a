"""Lets one publishing run at a time into a clone, and clears away what a killed one left behind.

The lock is a ``flock``: the kernel frees it with its process, so it cannot become stale. Git's own
lock files can. Those that a killed run's git has left are told from other people's by the journal:
it names the ref, was written before the lock file came to be, and its run no longer holds our lock.
``index.lock`` is made by us, not by git, as a second name of a file of ours: the same inode is the proof.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_streams.errors import RepositoryError
from gitops_streams.git.journal import FOLDER, Journal, read_journal, unwritable
from gitops_streams.git.write import new_token, remove_leftovers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitops_streams.git.repository import Repository

WAIT = 10.0
"""Seconds that another run, or another program's lock, is waited for."""
_GRACE = 2.0
"""Seconds in which a killed run's git, which was not killed with it, comes to its own end."""
_PAUSE = 0.05
_HELD = "index.held"
_SCRATCH = "scratch"


@dataclass(frozen=True, slots=True)
class Exclusive:
    """The clone is ours for this run."""

    token: str
    """Names this run's temporary files."""
    scratch: Path
    """An empty directory, gone when the run ends."""
    killed: Journal | None
    """What the run before this one left undone; its temporary files and locks are gone already."""
    wait: float
    """Seconds that another program's lock is waited for."""


@contextmanager
def exclusive(repository: Repository, wait: float = WAIT) -> Iterator[Exclusive]:
    """Keep other publishing runs out of the clone, all its linked work trees included.

    Raises:
        RepositoryError: another run has not finished in ``wait`` seconds.
        WriteFailed: the git directory cannot be written.
    """
    shared, own = repository.common_dir / FOLDER, repository.git_dir / FOLDER
    token = new_token()
    # A name of its own: a git that outlived a killed run may still be writing into that run's directory.
    scratch = own / f"{_SCRATCH}-{token}"
    try:
        shared.mkdir(exist_ok=True)
        own.mkdir(exist_ok=True)
        descriptor = os.open(shared / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise unwritable(shared, error) from error
    try:
        _take(descriptor, wait)
        killed = read_journal(repository.git_dir)
        _clear_away(repository, killed)
        try:
            scratch.mkdir()
        except OSError as error:
            raise unwritable(scratch, error) from error
        try:
            yield Exclusive(token, scratch, killed, wait)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    finally:
        # Closing frees the lock. The file stays: removing it would let two runs lock two files.
        os.close(descriptor)


@contextmanager
def index_lock(git_dir: Path, wait: float) -> Iterator[None]:
    """Hold ``index.lock`` as git does, so that neither git nor an editor changes the index meanwhile.

    Raises:
        RepositoryError: another program holds it for longer than ``wait`` seconds.
        WriteFailed: the git directory cannot be written.
    """
    held, lock = git_dir / FOLDER / _HELD, git_dir / "index.lock"
    deadline = time.monotonic() + wait
    try:
        held.touch()
        while True:
            try:
                os.link(held, lock)
                break
            except FileExistsError:
                if time.monotonic() > deadline:
                    raise RepositoryError(
                        f"{lock} is held: another program is changing the index",
                        hint="wait for it to end; if no git is running, remove that file",
                    ) from None
                time.sleep(_PAUSE)
    except OSError as error:
        raise unwritable(lock, error) from error
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        held.unlink(missing_ok=True)


def _take(descriptor: int, wait: float) -> None:
    deadline = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > deadline:
                holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
                raise RepositoryError(
                    f"another gitops-streams run (process {holder or 'unknown'}) is publishing in this clone",
                    hint="wait for it to end, or give each run a clone of its own",
                ) from None
            time.sleep(_PAUSE)
        else:
            with suppress(OSError):  # A full disk; the number is only for people.
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
            return


def _clear_away(repository: Repository, killed: Journal | None) -> None:
    folder = repository.git_dir / FOLDER
    for scratch in folder.glob(f"{_SCRATCH}*"):
        shutil.rmtree(scratch, ignore_errors=True)
    (folder / "journal.json.new").unlink(missing_ok=True)
    held, lock = folder / _HELD, repository.git_dir / "index.lock"
    if held.exists():
        with suppress(FileNotFoundError):
            if held.samefile(lock):
                lock.unlink()
        held.unlink()
    if killed is None:
        return
    if repository.root is not None:
        remove_leftovers(repository.root, killed.paths, token=killed.token)
    if killed.ref is None:
        return
    locks = [repository.common_dir / f"{killed.ref}.lock", repository.git_dir / "HEAD.lock"]
    if killed.remote is not None:
        branch = killed.ref.removeprefix("refs/heads/")
        locks += [
            repository.common_dir / "refs/remotes" / killed.remote / f"{branch}.lock",
            repository.common_dir / "shallow.lock",
        ]
    _remove_stale([lock for lock in locks if _is_ours(lock, folder, killed)], folder, killed)


def _remove_stale(locks: list[Path], folder: Path, killed: Journal) -> None:
    """Remove the locks that are still there when a git that outlived its run has had the time to end."""
    deadline = time.monotonic() + _GRACE
    while locks and time.monotonic() < deadline:
        time.sleep(_PAUSE)
        locks = [lock for lock in locks if _is_ours(lock, folder, killed)]
    for lock in locks:
        lock.unlink(missing_ok=True)


def _is_ours(lock: Path, folder: Path, killed: Journal) -> bool:
    """Whether the killed run made a lock file: younger than its journal, and empty or with its commit in it."""
    try:
        if lock.stat().st_mtime_ns < (folder / "journal.json").stat().st_mtime_ns:
            return False
        content = lock.read_bytes()
    except OSError:
        return False
    return lock.name == "shallow.lock" or content.strip() in {b"", (killed.new or "").encode()}
