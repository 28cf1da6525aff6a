"""Reads many objects from the object store by one ``git cat-file --batch``."""

from __future__ import annotations

import tempfile
from typing import IO, TYPE_CHECKING

from gitops_streams.errors import RepositoryError
from gitops_streams.git.process import redact
from gitops_streams.git.snapshot import SIZE_LIMIT, Unreadable, too_large

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitops_streams.git.process import Git

_CHUNK = 1024 * 1024


def read_objects(git: Git, object_ids: Sequence[str], limit: int = SIZE_LIMIT) -> Iterator[bytes | Unreadable]:
    """Read objects in the order asked for; one larger than ``limit`` bytes is not read.

    Raises:
        RepositoryError: git fails.
    """
    # A file as standard input cannot deadlock, as two pipes can.
    with tempfile.TemporaryFile() as request:
        request.writelines(f"{object_id}\n".encode() for object_id in object_ids)
        request.seek(0)
        with git.start("cat-file", "--batch", "--buffer", stdin=request) as process:
            if process.stdout is None or process.stderr is None:  # pragma: no cover - both are pipes
                raise RepositoryError("git cat-file has no output")
            for _ in object_ids:
                yield _next_object(process.stdout, process.stderr, limit)


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
