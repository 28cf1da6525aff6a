"""Runs the git commands that write, through GitPython.

Only plumbing, by ``Repo.git.execute``: GitPython's own index API was measured 10 to 25 times slower
to commit, and its keyword arguments turn into options. Everything is an argument list here, and
what a user has named stands behind ``--``, ``--end-of-options`` or in a checked ref name.
"""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

from gitops_streams.errors import RepositoryError
from gitops_streams.git.process import Finished, redact

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from git import Repo


class Commands:
    """Git in one repository, for writing; ``close`` it."""

    def __init__(self, root: Path | None, git_dir: Path) -> None:
        # Imported here since it costs 50 ms, which a run that writes nothing should not pay.
        try:
            import git  # noqa: PLC0415
        except ImportError as error:
            # GitPython looks for git while it is imported, where GIT_PYTHON_GIT_EXECUTABLE says.
            raise RepositoryError(
                f"GitPython cannot be used: {str(error).strip().partition(chr(10))[0]}",
                hint="unset GIT_PYTHON_GIT_EXECUTABLE, and see that git 2.30 or newer is on PATH",
            ) from error

        self._repo: Repo = git.Repo(root or git_dir, expand_vars=False)
        # What a hook of git has inherited would lead elsewhere. GitPython passes the whole
        # environment on, so these are set and not merely left out.
        fixed = {
            "GIT_DIR": str(git_dir),
            "GIT_INDEX_FILE": str(git_dir / "index"),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_LITERAL_PATHSPECS": "1",
        }
        if root is not None:
            fixed["GIT_WORK_TREE"] = str(root)
        self._repo.git.update_environment(**fixed)

    def lend(self, variables: Mapping[str, str]) -> None:
        """Give every command these variables too; they may hold a credential."""
        self._repo.git.update_environment(**variables)

    def attempt(
        self,
        *arguments: str,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Finished:
        """Run a git command to its end, whatever its exit status.

        Args:
            arguments: The command and its arguments.
            stdin: What it reads.
            environment: Variables to add.
            timeout: Seconds after which it is killed.

        Raises:
            RepositoryError: git cannot be started.
        """
        import git  # noqa: PLC0415 - see above

        with tempfile.TemporaryFile() as source:
            source.write(stdin)
            source.seek(0)
            try:
                answer = self._repo.git.execute(
                    ["git", *arguments],
                    istream=source,
                    with_extended_output=True,
                    with_exceptions=False,
                    stdout_as_string=False,
                    strip_newline_in_stdout=False,
                    kill_after_timeout=timeout,
                    env=dict(environment or {}),
                )
            except git.GitCommandNotFound as error:
                raise RepositoryError(
                    "git cannot be started", hint="install git 2.30 or newer and see that it is on PATH"
                ) from error
        status, stdout, stderr = answer
        return Finished(status, os.fsencode(stdout) if isinstance(stdout, str) else stdout or b"", redact(str(stderr)))

    def run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        environment: Mapping[str, str] | None = None,
        accept: tuple[int, ...] = (0,),
    ) -> Finished:
        """Run a git command to its end.

        Raises:
            RepositoryError: it ended with a status that is not in ``accept``.
        """
        finished = self.attempt(*arguments, stdin=stdin, environment=environment)
        if finished.status not in accept:
            command = next((argument for argument in arguments if argument in _NAMES), arguments[0])
            raise RepositoryError(f"git {command}: {finished.complaint}")
        return finished

    def setting(self, name: str, *, kind: str = "") -> str | None:
        """Return the value of a configuration key, or ``None`` where it is unset (or not of the kind asked for)."""
        typed = (f"--type={kind}",) if kind else ()
        found = self.attempt("config", *typed, "--get", name)
        return found.line if found.status == 0 else None

    def close(self) -> None:
        """End what GitPython has started."""
        self._repo.close()


_NAMES = frozenset(
    {"read-tree", "hash-object", "update-index", "write-tree", "commit-tree", "update-ref", "cat-file", "ls-files"}
)
