"""Where a served repository is worked on: a bare clone of our own, or a clone on this machine.

A clone of our own can be thrown away at any time, and is, when it proves unusable: what counts is in the remote.
It is whole and not shallow, since the memory of what people took back reads the log.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gitops_streams.errors import PushRejected, RepositoryError
from gitops_streams.git.authentication import HttpCredential, environment
from gitops_streams.git.branch import find_target, move, tip_of
from gitops_streams.git.complaints import unreachable
from gitops_streams.git.process import Git
from gitops_streams.git.push import TIMEOUT, fetch, find_remote, remote_head
from gitops_streams.git.remote import url_of
from gitops_streams.git.repository import Repository
from gitops_streams.plan.shard import Shard
from gitops_streams.serve.secret_places import read_secret
from gitops_streams.serve.settings import ServedRepository

_REMOTE = "origin"
_STALLED = {
    # A server that sends less than this for so many seconds is given up: it must not keep a worker.
    "GIT_HTTP_LOW_SPEED_LIMIT": "100",
    "GIT_HTTP_LOW_SPEED_TIME": "30",
}
_HEADS = "refs/heads/"


@dataclass(frozen=True, slots=True)
class Place:
    """One repository and where it is worked on.

    Raises:
        RepositoryError: from every method, where Git cannot do it; ``PushRejected`` where the remote cannot.
    """

    served: ServedRepository
    folder: Path | None
    """The clone of our own; ``None``: the path that is configured."""
    variables: Mapping[str, str]
    """The environment that secrets are read from."""
    shard: Shard | None = None
    """The share of the streams that is looked after; ``None``: all."""

    @contextmanager
    def open(self) -> Iterator[Repository]:
        """Open the repository; a clone of our own that is not there yet is prepared, and still empty."""
        with Repository.discover(self._prepared()) as repository:
            if self.served.url is not None:
                repository.commands().lend(self._environment(self.served.url))
            yield repository

    def discard(self) -> bool:
        """Delete a clone of our own, so that the next pass makes a new one; ``False`` where it is not ours."""
        if self.folder is None:
            return False
        shutil.rmtree(self.folder, ignore_errors=True)
        return True

    def branch(self, repository: Repository, wanted: str | None) -> str:
        """Return the branch: the one that is wanted, or the remote's default branch, or the one checked out here."""
        if wanted is not None:
            return wanted
        commands = repository.commands()
        if self.folder is None:
            return find_target(commands, repository, None).branch
        asked = commands.attempt("ls-remote", "--symref", "--", _REMOTE, "HEAD", timeout=TIMEOUT)
        if asked.status != 0:
            raise unreachable(asked, _REMOTE, "HEAD", "read from")
        for line in asked.line.splitlines():
            symbol, _, name = line.partition("\t")
            if name == "HEAD" and symbol.startswith(f"ref: {_HEADS}"):
                return symbol.removeprefix(f"ref: {_HEADS}")
        raise RepositoryError(f"{self.served.location} has no default branch", hint="name one: branch")

    def remote(self, repository: Repository, branch: str, wanted: str | None = None) -> str:
        """Return the name of the remote that is published to."""
        return _REMOTE if self.folder is not None else find_remote(repository.commands(), branch, wanted)

    def urls(self, repository: Repository, branch: str) -> tuple[str, ...]:
        """Return where the remote is, for comparing with what a Git server tells of."""
        if self.served.url is not None:
            return (self.served.url,)
        try:
            return (url_of(repository.commands(), find_remote(repository.commands(), branch)),)
        except RepositoryError:
            return ()

    def head(self, repository: Repository, branch: str, remote: str | None) -> str | None:
        """Ask which commit counts: the remote branch's, or the local one's where there is no remote to push to."""
        if remote is None:
            return tip_of(repository.commands(), f"{_HEADS}{branch}")
        return remote_head(repository.commands(), remote, branch)

    def bring(self, repository: Repository, branch: str, remote: str) -> str:
        """Fetch the remote's branch; a clone of our own has it for its own branch then.

        Returns:
            The commit that the branch has.
        """
        commands = repository.commands()
        head = fetch(commands, remote, branch)
        if self.folder is not None:
            ref = f"{_HEADS}{branch}"
            if not move(commands, ref, head, tip_of(commands, ref), "serve"):
                raise RepositoryError(f"{ref} moved: another process uses {self.folder}")
            commands.run("symbolic-ref", "HEAD", ref)
        return head

    def _prepared(self) -> Path:
        """Return the folder of the repository; where our clone is to be, an empty one is made."""
        if self.folder is None or self.served.url is None:
            if self.served.path is None:
                raise AssertionError("a repository has a url or a path")
            return self.served.path
        if not (self.folder / "HEAD").exists():
            shutil.rmtree(self.folder, ignore_errors=True)
            try:
                self.folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            except OSError as error:
                raise RepositoryError(f"{self.folder.parent} cannot be made: {error.strerror}") from error
            Git(self.folder.parent).run("init", "--quiet", "--bare", "--template=", "--", str(self.folder))
        git = Git(self.folder)
        known = git.attempt("config", "--local", "--get", f"remote.{_REMOTE}.url")
        if known.line != self.served.url:
            git.run("config", "--local", f"remote.{_REMOTE}.url", self.served.url)
        return self.folder

    def _environment(self, url: str) -> dict[str, str]:
        credential = self.served.credential
        lent = None
        if credential is not None:
            lent = HttpCredential(url, credential.username, read_secret(credential.password, self.variables))
        return environment([url], lent) | _STALLED


def folder_of(state: Path, served: ServedRepository) -> Path | None:
    """Return where a repository's own clone is; ``None`` where it is worked on in place."""
    return None if served.url is None else state / "clones" / f"{served.name}.git"


def unreached(error: Exception) -> bool:
    """Whether it is the remote that fails, and not our clone of it."""
    return isinstance(error, PushRejected)
