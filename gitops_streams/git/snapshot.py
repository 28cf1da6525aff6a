"""What can be read from a repository at one moment: the work tree or a commit, by one protocol."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MANIFESTS = ("*.yaml", "*.yml", "*.json", "*Kustomization")
"""Git pathspecs of the files that may hold manifests; ``*`` matches across directories."""
SIZE_LIMIT = 64 * 1024 * 1024
"""The default limit in bytes of a file that is read."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that is there in some way, but whose bytes cannot be had."""

    reason: str


@dataclass(frozen=True, slots=True)
class Absent:
    """There is no such file."""


class Inventory(Protocol):
    """Which regular files a snapshot has, and what is known of their contents without reading any."""

    @property
    def fingerprint(self) -> bytes | None:
        """Those with the same one have the same ``listed``; ``None``: whether that says anything is not known."""

    def __len__(self) -> int:
        """Return about how many files there are, without taking the listing apart."""

    def listed(self) -> Mapping[str, bytes | None]:
        """Return the files that git tracks, each with the id of the blob that it holds if nobody has touched it."""

    def files(self, listed: Mapping[str, bytes | None] | None = None) -> Mapping[str, bytes | None]:
        """Return the files that there are, sorted by path, each with the id of the blob that it is known to hold.

        Args:
            listed: the part of ``listed`` to look at; ``None``: all of it. Untracked and touched files are always among
                the answer.

        Returns:
            ``None`` for a file that only reading can tell the content of.
        """


class Snapshot(Protocol):
    """The files of a work tree or of a commit.

    Paths are relative to the top of the repository, with ``/``; bytes that are not UTF-8 are kept
    as surrogate escapes. Only regular files count: symbolic links are never followed, and what a
    submodule holds is its own repository's.
    """

    @property
    def commit(self) -> str | None:
        """The object id of the commit; ``None`` for the work tree."""

    def containing(self, needles: Sequence[str], pathspecs: Sequence[str] = MANIFESTS) -> list[str]:
        """Return the sorted paths of files whose bytes contain one of the strings, encoded as UTF-8.

        A safe superset: a file that cannot be searched is returned too, so that reading it says why.
        """

    def inventory(self, pathspecs: Sequence[str] = MANIFESTS) -> Inventory:
        """List the regular files."""

    def read(self, paths: Iterable[str], limit: int = SIZE_LIMIT) -> Iterator[tuple[str, bytes | Unreadable]]:
        """Read files in the order asked for; one larger than ``limit`` bytes is not read."""

    def read_one(self, path: str, limit: int = SIZE_LIMIT) -> bytes | Unreadable | Absent:
        """Read one file that need not exist."""

    def listing(self, prefix: str) -> list[str]:
        """Return the sorted paths of the regular files below a directory; ``""`` is the top."""


def too_large(size: int, limit: int) -> Unreadable:
    """Say that a file is not read because of its size."""
    return Unreadable(f"larger than the limit of {limit} bytes: it has {size}")


def misplaced(path: str) -> str | None:
    """Say why a path cannot be a file of a repository, or return ``None`` where it can."""
    parts = path.split("/")
    if not path or "\0" in path or not _is_encodable(path):
        return "not a path"
    if path.startswith("/") or ".." in parts:
        return "the path leaves the repository"
    if "" in parts or "." in parts:
        return "not a plain relative path"
    # Git refuses these in any case, because of file systems that fold case.
    if any(part.lower() == ".git" for part in parts):
        return "the path is inside a git directory"
    return None


def _is_encodable(path: str) -> bool:
    """Whether some bytes stand for the path: a lone surrogate that escapes none has no bytes."""
    try:
        path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def patterns(needles: Sequence[str]) -> bytes:
    """Return the pattern file for ``git grep -F -f``: a needle per line.

    A needle cannot hold a line end or NUL there. Its part before one is looked for instead, which
    finds every file that has the whole; an empty part finds all files.
    """
    parts = {re.split(r"[\0\r\n]", needle, maxsplit=1)[0] for needle in needles}
    return b"".join(part.encode("utf-8", "surrogateescape") + b"\n" for part in sorted(parts))
