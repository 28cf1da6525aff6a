"""Writes files into a work tree so that each is, at every moment, wholly the old one or wholly the new one.

All new contents are put down beside their targets first, then renamed over them: a full disk is
found out before any file has changed. Directories are opened one by one without following symbolic
links, so nothing outside the root can be reached, not even by a link that appears meanwhile.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_streams.errors import NEXT_STEP, PlanRefused, WriteFailed
from gitops_streams.git.snapshot import misplaced

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEXT_STEP = {
    **NEXT_STEP,
    errno.EACCES: "check the permissions of the file and its directory, then run again",
    errno.EPERM: "check the owner and the attributes (lsattr) of the file and its directory, then run again",
    errno.ELOOP: "replace the symbolic link by a real directory or file; links are never followed",
    errno.ENOTDIR: "replace what stands there by a real directory; symbolic links are never followed",
}


@dataclass(frozen=True, slots=True)
class FileEdit:
    """What one file shall hold."""

    path: str
    """Relative to the top of the repository, with ``/``."""
    before: bytes | None
    """The content that the edit was made from; ``None`` for a new file."""
    after: bytes


def new_token() -> str:
    """Return a name for one run's temporary files."""
    return secrets.token_hex(8)


def write_files(root: Path, edits: Sequence[FileEdit], *, token: str | None = None) -> list[str]:
    """Write files that still hold what their edits were made from; all contents are on disk before the first changes.

    Modes are kept and missing directories are made. A file that already holds ``after`` is left as it is.

    Args:
        root: The top of the work tree, symbolic links resolved.
        edits: One edit a file.
        token: Names the temporary files, so that ``remove_leftovers`` finds those of a killed run.

    Returns:
        The paths that were written.

    Raises:
        PlanRefused: a file holds something else by now, or a path is none of the work tree's; nothing was written.
        WriteFailed: the disk is full, a file or directory is read-only. No file is half-written.
    """
    temporary = _prefix(token or new_token())
    pending = [edit for edit in edits if _must_write(root, edit)]
    made: list[str] = []
    staged: list[FileEdit] = []
    try:
        # The numbers keep two targets in one directory apart.
        for number, edit in enumerate(pending):
            staged.append(edit)
            _stage(root, edit, f"{temporary}{number}", made)
        for number, edit in enumerate(pending):
            _rename(root, edit, f"{temporary}{number}")
    except BaseException:
        _remove_temporaries(root, (edit.path for edit in staged), temporary)
        for directory in reversed(made):
            with suppress(OSError, WriteFailed), _opened(root, directory) as (parent, name):
                os.rmdir(name, dir_fd=parent)
        raise
    return [edit.path for edit in pending]


def remove_file(root: Path, path: str) -> None:
    """Remove a file that an unfinished run had created; a missing one is fine.

    Raises:
        WriteFailed: it cannot be removed.
    """
    try:
        with _opened(root, path) as (parent, name):
            os.unlink(name, dir_fd=parent)
    except FileNotFoundError:
        return
    except OSError as error:
        raise _failed(path, error) from error


def remove_leftovers(root: Path, paths: Iterable[str], *, token: str) -> None:
    """Remove the temporary files that a killed run of ours left beside these paths."""
    _remove_temporaries(root, paths, _prefix(token))


def _prefix(token: str) -> str:
    return f".gitops-streams-{token}.tmp"


def _remove_temporaries(root: Path, paths: Iterable[str], prefix: str) -> None:
    for directory in {path.rpartition("/")[0] for path in paths}:
        with (
            suppress(OSError),
            _opened(root, f"{directory}/." if directory else ".") as (parent, _),
            os.scandir(parent) as entries,
        ):
            for name in [entry.name for entry in entries if entry.name.startswith(prefix)]:
                os.unlink(name, dir_fd=parent)


def _must_write(root: Path, edit: FileEdit) -> bool:
    reason = misplaced(edit.path)
    if reason is not None:
        raise PlanRefused(f"{edit.path!r}: {reason}", hint="a plan names files below the top of the repository")
    try:
        with _opened(root, edit.path) as (parent, name):
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
            with os.fdopen(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise PlanRefused(f"{edit.path}: not a regular file", hint="plan again")
                # One byte more than either shows that it is neither.
                there: bytes | None = file.read(max(len(edit.before or b""), len(edit.after)) + 1)
            if there not in {edit.before, edit.after}:
                raise PlanRefused(f"{edit.path} has changed since the plan was made", hint="plan again")
            # The rename would succeed: it needs only the directory. The owner's "read-only" still counts.
            if there != edit.after and not os.access(root / edit.path, os.W_OK):
                raise _failed(edit.path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
    except FileNotFoundError:
        there = None
        if edit.before is not None:
            raise PlanRefused(f"{edit.path} is gone since the plan was made", hint="plan again") from None
    except OSError as error:
        raise _failed(edit.path, error) from error
    return there != edit.after


def _stage(root: Path, edit: FileEdit, temporary: str, made: list[str]) -> None:
    try:
        with _opened(root, edit.path, made) as (parent, name):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(temporary, flags, 0o666, dir_fd=parent)
            with os.fdopen(descriptor, "wb") as file:
                if edit.before is not None:
                    _keep_mode(descriptor, os.stat(name, dir_fd=parent, follow_symlinks=False))
                file.write(edit.after)
                file.flush()
                os.fsync(descriptor)
    except OSError as error:
        raise _failed(edit.path, error) from error


def _keep_mode(descriptor: int, old: os.stat_result) -> None:
    new = os.fstat(descriptor)
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        # Only root may give a file away; for anybody else the new file is simply theirs.
        with suppress(PermissionError):
            os.fchown(descriptor, old.st_uid, old.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(old.st_mode))


def _rename(root: Path, edit: FileEdit, temporary: str) -> None:
    try:
        with _opened(root, edit.path) as (parent, name):
            os.replace(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
    except OSError as error:
        raise _failed(edit.path, error) from error


@contextmanager
def _opened(root: Path, path: str, made: list[str] | None = None) -> Iterator[tuple[int, str]]:
    """Open the directory of a path, never through a link; give its descriptor and the path's last part.

    ``made`` asks for missing directories to be made, and collects them.
    """
    *directories, name = path.split("/")
    with ExitStack() as stack:
        parent = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        stack.callback(os.close, parent)
        for number, directory in enumerate(directories):
            if made is not None:
                with suppress(FileExistsError):
                    os.mkdir(directory, dir_fd=parent)
                    made.append("/".join(directories[: number + 1]))
            parent = os.open(directory, _DIRECTORY, dir_fd=parent)
            stack.callback(os.close, parent)
        yield parent, name


def _failed(path: str, error: OSError) -> WriteFailed:
    cause = os.strerror(error.errno) if error.errno is not None else str(error)
    return WriteFailed(
        f"{path} was not written: {cause}",
        hint=_NEXT_STEP.get(error.errno or 0, "see that the file can be written, then run again"),
    )
