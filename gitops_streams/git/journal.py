"""What a publishing run is about to change, written down before it does: by it the next run completes a killed one.

The journal lies in the work tree's own git directory, beside the scratch directory. It is there only
while a run is under way; one that is found under the lock belongs to a run that was killed.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from gitops_streams.errors import WriteFailed
from gitops_streams.git.commit import CommitEntry

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "gitops-streams"
"""Our directory in the git directory."""
_NAME = "journal.json"


@dataclass(frozen=True, slots=True)
class Journal:
    """One run's intention."""

    token: str
    """Names the run's temporary files."""
    paths: tuple[str, ...] = ()
    """The files beside which temporary ones may lie."""
    ref: str | None = None
    """The branch that shall move, in full; ``None`` where only files are written."""
    old: str | None = None
    """Where it was; ``None`` for a new branch."""
    new: str | None = None
    """The commit that it shall have."""
    remote: str | None = None
    """The remote that the commit is pushed to before anything local changes; ``None`` if it is not."""
    entries: tuple[CommitEntry, ...] = ()
    """The work-tree files that shall get the commit's content."""
    earlier: tuple[CommitEntry, ...] = ()
    """Files that runs killed before this one may have written, and that no commit has yet."""

    @property
    def unfinished(self) -> tuple[CommitEntry, ...]:
        """All entries that the work tree may hold without a commit having them."""
        return self.entries + self.earlier


def write_journal(git_dir: Path, journal: Journal) -> None:
    """Put the journal on disk; it is there when this returns.

    Raises:
        WriteFailed: the git directory cannot be written.
    """
    folder = git_dir / FOLDER
    try:
        folder.mkdir(exist_ok=True)
        temporary = folder / f"{_NAME}.new"
        with temporary.open("w", encoding="ascii") as file:
            json.dump(asdict(journal), file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / _NAME)
    except OSError as error:
        raise unwritable(folder, error) from error


def read_journal(git_dir: Path) -> Journal | None:
    """Return the journal that a killed run left; one that makes no sense counts as none."""
    try:
        fields = json.loads((git_dir / FOLDER / _NAME).read_text(encoding="ascii"))
        fields["paths"] = tuple(fields["paths"])
        for name in ("entries", "earlier"):
            fields[name] = tuple(CommitEntry(**entry) for entry in fields[name])
        return Journal(**fields)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def clear_journal(git_dir: Path) -> None:
    """Remove the journal: what it says is done."""
    (git_dir / FOLDER / _NAME).unlink(missing_ok=True)


def unwritable(path: Path, error: OSError) -> WriteFailed:
    """Say that our directory in the git directory cannot be written."""
    cause = os.strerror(error.errno) if error.errno is not None else str(error)
    return WriteFailed(
        f"{path} cannot be written: {cause}", hint="publishing needs a writable git directory with space"
    )
