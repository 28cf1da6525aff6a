"""Every error that ends a command, each with its advice and its exit code.

The tree::

    GitopsStreamsError            exit 1, "failed as a whole"
    ├── UsageError                exit 2, the command line cannot be carried out as it stands
    ├── InvalidReference          text that is not an image reference
    ├── InvalidDigest             text that is not a digest
    ├── ConfigError               .gitops-streams/config.yaml, with file, line and field
    ├── NoStreams                 the repository declares nothing to follow
    ├── RepositoryError           Git: no repository, unreadable, a command failed
    │   ├── RefusedFile           a work-tree file that holds somebody's unfinished work
    │   └── PushRejected          the remote would not take the commit
    ├── DeclarationRefused        a declaration cannot be edited as asked; nothing was written
    ├── ForgeError                the forge refuses, or cannot be reached
    ├── PlanRefused               a saved plan that no longer fits the files
    ├── WriteFailed               a file could not be written (read-only, disk full)
    └── InternalError             a proof failed: our bug, never the user's

What happens to one tag, file or registry is not an error but an outcome with a reason
(``oci.resolution``, ``plan.model``): one bad registry never stops the others.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

FAILED = 1
USAGE = 2
INCOMPLETE = 3
CHANGES_PENDING = 4

NEXT_STEP: Mapping[int, str] = MappingProxyType(
    {
        errno.ENOSPC: "free some space on that disk, then run again",
        errno.EDQUOT: "free some of the quota, then run again",
        errno.EFBIG: "raise the limit on file sizes (ulimit -f), then run again",
        errno.EROFS: "the file system is read-only; mount it writable, then run again",
    }
)
"""What to do about a refusal of the operating system, by its number, wherever it is met."""


class GitopsStreamsError(Exception):
    """An error that ends the command; ``str()`` says what happened, ``hint`` what to do next."""

    exit_code: ClassVar[int] = FAILED

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(GitopsStreamsError):
    """The command line asks for something that cannot be carried out."""

    exit_code: ClassVar[int] = USAGE


class InvalidReference(GitopsStreamsError):
    """The text is not an image reference (distribution/reference grammar)."""


class InvalidDigest(InvalidReference):
    """The text is not a digest ``algorithm:hex`` of a supported algorithm and length."""


class ConfigError(GitopsStreamsError):
    """The configuration file cannot be used; the message names file, line, field and the allowed values."""


class NoStreams(GitopsStreamsError):
    """No ImageStream is declared in the repository."""


class RepositoryError(GitopsStreamsError):
    """Git cannot do what was asked: no repository, no commit, an unreadable object, a failed command."""


class RefusedFile(RepositoryError):
    """A work-tree file is neither what HEAD has nor what would be written; nothing was published."""


class PushRejected(RepositoryError):
    """The remote refused the push, or the branch kept moving."""


class DeclarationRefused(GitopsStreamsError):
    """A declaration cannot be edited as asked; nothing was written."""


class ForgeError(GitopsStreamsError):
    """A forge refused or could not be reached; the hint names the permission or the setting to change."""


class PlanRefused(GitopsStreamsError):
    """A saved plan does not fit: a file's hash or a JSON Patch ``test`` no longer holds."""


class WriteFailed(GitopsStreamsError):
    """A file could not be written; the one that is there is whole."""


class InternalError(GitopsStreamsError):
    """A proof did not hold. The file was not written; this is a bug of gitops-streams."""

    def __init__(self, message: str) -> None:
        super().__init__(
            f"internal error: {message}",
            hint="nothing was written; please report this with the file that it names",
        )
