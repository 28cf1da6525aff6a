"""A Git repository: where it is, what is checked out, and the snapshots that can be read from it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from gitops_streams.errors import RepositoryError
from gitops_streams.git.command import Commands
from gitops_streams.git.objects import read_objects
from gitops_streams.git.process import Git
from gitops_streams.git.snapshot import SIZE_LIMIT, Unreadable
from gitops_streams.git.work_tree import WorkTree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from gitops_streams.git.commit_tree import CommitTree
    from gitops_streams.git.log import FileLog

_INITIAL = "refs/heads/"


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch is checked out."""

    name: str
    """The short name: ``main``."""
    commit: str | None
    """The commit at its tip; ``None`` while the branch is unborn."""

    @property
    def ref(self) -> str:
        """The full name: ``refs/heads/main``."""
        return f"{_INITIAL}{self.name}"


@dataclass(frozen=True, slots=True)
class Detached:
    """A commit is checked out and no branch, as in many CI systems."""

    commit: str


Head = Branch | Detached


class Repository:
    """A repository, plain, bare, shallow or a linked work tree; use it as a context manager."""

    def __init__(self, root: Path | None, git_dir: Path, common_dir: Path) -> None:
        self.root = root
        """The top of the work tree, symbolic links resolved; ``None`` in a bare repository."""
        self.git_dir = git_dir
        """This work tree's git directory: its ``HEAD`` and ``index`` are there."""
        self.common_dir = common_dir
        """The git directory that all linked work trees share: refs and objects are there."""
        self._git = Git(root or git_dir)
        self._commands: Commands | None = None

    @classmethod
    def discover(cls, start: Path) -> Self:
        """Find the repository around a directory.

        Git's own variables that a hook inherits (``GIT_DIR`` …) do not count; the directory does.

        Raises:
            RepositoryError: there is none, git refuses it (ownership), or the directory is inside ``.git``.
        """
        git = Git(start)
        asked = git.attempt(
            "rev-parse", "--is-bare-repository", "--is-inside-work-tree", "--show-cdup", "--absolute-git-dir"
        )
        if asked.status != 0:
            raise _no_repository(start, asked.complaint)
        # Three lines that hold no path of the user's, then one that may hold anything.
        bare, inside, rest = asked.stdout.split(b"\n", 2)
        up, directory = rest.split(b"\n", 1) if inside == b"true" else (b"", rest.removeprefix(b"\n"))
        git_dir = Path(os.fsdecode(directory).removesuffix("\n"))
        shared = git.run("rev-parse", "--git-common-dir").line
        common_dir = Path(os.path.realpath(start / shared))
        if inside == b"true":
            return cls(Path(os.path.realpath(start / os.fsdecode(up))), git_dir, common_dir)
        if bare == b"true":
            return cls(None, git_dir, common_dir)
        raise RepositoryError(
            f"{start} is inside a git directory, not in its work tree", hint="run from the work tree or name it by -C"
        )

    def head(self) -> Head:
        """Return what is checked out (in a bare repository: its default branch).

        Raises:
            RepositoryError: ``HEAD`` cannot be read.
        """
        symbolic = self._git.run("symbolic-ref", "--quiet", "HEAD", accept=(0, 1))
        commit = self._resolve("HEAD")
        if symbolic.status == 0:
            name = symbolic.line
            if not name.startswith(_INITIAL):
                raise RepositoryError(f"HEAD is {name}, which is not a branch", hint="check out a branch")
            if commit is None and self._git.attempt("rev-parse", "--verify", "--quiet", name).status == 0:
                raise RepositoryError(
                    f"the commit at the tip of {name.removeprefix(_INITIAL)} cannot be read",
                    hint="see what git fsck says; a fresh clone repairs it",
                )
            return Branch(name.removeprefix(_INITIAL), commit)
        if commit is None:
            raise RepositoryError("HEAD cannot be read", hint="see what git fsck says; a fresh clone repairs it")
        return Detached(commit)

    def work_tree(self) -> WorkTree:
        """Return the files as they lie in the work tree.

        Raises:
            RepositoryError: the repository is bare.
        """
        if self.root is None:
            raise RepositoryError(
                f"{self.git_dir} is a bare repository: it has no work tree",
                hint="use --publish commit or push, which plan from HEAD",
            )
        return WorkTree(self.root, self._git)

    def at(self, revision: str) -> CommitTree:
        """Return the files of a commit.

        Args:
            revision: Anything that names a commit: ``HEAD``, a branch, a tag, an object id.

        Raises:
            RepositoryError: it names none, or one whose objects are not here (a shallow clone).
        """
        commit = self._resolve(revision)
        if commit is None and revision == "HEAD" and isinstance(self.head(), Branch):
            raise RepositoryError(f"{self.root or self.git_dir} has no commit yet", hint="make a first commit")
        if commit is None:
            raise RepositoryError(
                f"{revision!r} names no commit in {self.root or self.git_dir}",
                hint="a shallow clone lacks older commits; git fetch brings them",
            )
        from gitops_streams.git.commit_tree import CommitTree  # noqa: PLC0415  most runs read the work tree

        return CommitTree(commit, self._git)

    def log(self, paths: Sequence[str], commit: str) -> FileLog:
        """Return the log of files along the branch that ends at a commit, renames not followed.

        Raises:
            RepositoryError: the history cannot be read.
        """
        from gitops_streams.git.log import read_log  # noqa: PLC0415  where nothing moves, no log is read

        return read_log(self._git, commit, paths)

    def objects(self, object_ids: Sequence[str], limit: int = SIZE_LIMIT) -> Iterator[bytes | Unreadable]:
        """Read objects in the order asked for; one larger than ``limit`` bytes is not read.

        Raises:
            RepositoryError: git fails.
        """
        return read_objects(self._git, object_ids, limit)

    def shallow_end(self, commit: str) -> str | None:
        """Return the commit where a shallow clone has cut off the branch that ends at ``commit``.

        Raises:
            RepositoryError: the history cannot be read.
        """
        from gitops_streams.git.log import shallow_end  # noqa: PLC0415  as above

        return shallow_end(self._git, commit)

    def commands(self) -> Commands:
        """Return git for writing; opened when it is first asked for."""
        if self._commands is None:
            self._commands = Commands(self.root, self.git_dir)
        return self._commands

    def close(self) -> None:
        """Let go of what was opened for writing; reading keeps nothing open."""
        if self._commands is not None:
            self._commands.close()
            self._commands = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _resolve(self, revision: str) -> str | None:
        if not revision or revision.startswith("-") or "\0" in revision:
            return None
        found = self._git.attempt("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
        return found.line if found.status == 0 else None


def _no_repository(start: Path, complaint: str) -> RepositoryError:
    if "not a git repository" in complaint:
        return RepositoryError(
            f"{start} is not in a git repository", hint="run inside a clone, or name one by -C; git init makes one"
        )
    if "dubious ownership" in complaint:
        return RepositoryError(
            f"git refuses {start}: it belongs to another user",
            hint=f"if you trust it: git config --global --add safe.directory {start}",
        )
    return RepositoryError(f"the repository around {start} cannot be read: {complaint}")
