"""Who changed a few files and when: their log along the branch, newest first.

Only first parents are followed: what a merge brought is the merge's change, as it was to the branch. So a
commit, a squash, a rebase and a merge look alike, and a file's states stand in the order in which the branch had them.
Renames are not followed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitops_streams.git.process import Git

HORIZON = 10_000
"""Commits of a branch that are looked at; walking on would take seconds in a large repository."""
_FORMAT = "%x01%H%x00%aN%x00%at%x00%s"
_SETTINGS = (
    "-c", "log.showSignature=false", "-c", "log.showRoot=true", "-c", "log.follow=false",
    "-c", "i18n.logOutputEncoding=UTF-8",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit that changed at least one of the files."""

    commit: str
    author: str
    when: datetime | None
    """When the author made it, in UTC; ``None`` where the commit's own date is none."""
    subject: str
    blobs: Mapping[str, str | None]
    """By path: the object id of the file's content after it; ``None`` where there is no regular file."""


@dataclass(frozen=True, slots=True)
class FileLog:
    """The log of a few files."""

    revisions: tuple[Revision, ...]
    """The newest first."""
    shallow: bool
    """Whether the clone ends before the branch does: what is older is not here."""


def read_log(git: Git, commit: str, paths: Sequence[str], *, horizon: int = HORIZON) -> FileLog:
    """Read the log of files.

    Args:
        git: git in the repository.
        commit: the object id to start at.
        paths: from the top of the repository.
        horizon: how many commits of the branch are looked at.

    Raises:
        RepositoryError: the history cannot be read.
    """
    if not paths:
        return FileLog((), shallow=False)
    end = git.attempt("rev-parse", "--verify", "--quiet", "--end-of-options", f"{commit}~{horizon}^{{commit}}")
    limit = [f"^{end.line}"] if end.status == 0 else []
    listed = git.run(
        *_SETTINGS, "log", "-z", "--first-parent", "-m", "--raw", "--no-abbrev", "--no-renames", "--no-color",
        "--no-ext-diff", f"--format={_FORMAT}", commit, *limit, "--", *(f":(top,literal){path}" for path in paths),
    )  # fmt: skip
    return FileLog(tuple(_revisions(listed.stdout)), not limit and shallow_end(git, commit) is not None)


def shallow_end(git: Git, commit: str) -> str | None:
    """Return the oldest commit of the branch that is here, if the clone is shallow and has cut it off there."""
    if git.run("rev-parse", "--is-shallow-repository").line != "true":
        return None
    ends = git.run("rev-list", "--first-parent", "--max-parents=0", commit).line.splitlines()
    # The commit object itself still names its parents; only the graft hides them.
    return next((end for end in ends if b"\nparent " in git.run("cat-file", "commit", end).stdout), None)


def _revisions(output: bytes) -> Iterator[Revision]:
    """Take the output of ``git log -z --raw`` apart: four fields, then two for each file."""
    fields = iter(output.split(b"\0"))
    head: list[str] = []
    blobs: dict[str, str | None] = {}
    for field in fields:
        if field.startswith(b"\x01"):
            if head:
                yield _revision(head, blobs)
            head = [field[1:].decode("ascii"), *(next(fields).decode("utf-8", "replace") for _ in range(3))]
            blobs = {}
        elif field.strip():
            _, mode, _, after, _ = field.strip().decode("ascii").split(" ")
            path = os.fsdecode(next(fields))
            blobs[path] = after if mode.startswith("100") else None
    if head:
        yield _revision(head, blobs)


def _revision(head: list[str], blobs: Mapping[str, str | None]) -> Revision:
    commit, author, seconds, subject = head
    try:
        when = datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        when = None
    return Revision(commit, author, when, subject, blobs)
