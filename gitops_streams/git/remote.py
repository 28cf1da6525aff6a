"""The branches of a remote: where they are, their commits, and moving them under a lease.

Nothing here touches a local ref, the index or the work tree: commits are known by their ids.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gitops_streams.errors import PushRejected, RepositoryError
from gitops_streams.git.authentication import HttpCredential, environment
from gitops_streams.git.branch import tip_of
from gitops_streams.git.command import Commands
from gitops_streams.git.complaints import LOST, one_line, rejection, remote_lines, unreachable
from gitops_streams.git.push import NO_MAINTENANCE, TIMEOUT, Pushed

_HEADS = "refs/heads/"
_DEEPER = (50, 500, 5000)
"""Commits by which a shallow clone is deepened, one after the other, until the histories meet."""


@dataclass(frozen=True, slots=True)
class LeaseLost:
    """The branch is not where it was thought to be, or somebody is changing it; nothing was pushed."""

    reason: str


@dataclass(frozen=True, slots=True)
class Remote:
    """One remote, spoken to with a credential of its own or as git is set up."""

    commands: Commands
    name: str
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Variables for commands that speak to it; they may hold a credential."""

    def heads(self, *patterns: str) -> dict[str, str]:
        """Ask where branches are.

        Args:
            patterns: short names of branches; ``*`` stands for anything.

        Returns:
            The commits by the short names of the branches; of other branches too, where a name ends alike.

        Raises:
            PushRejected: the remote cannot be reached.
        """
        wanted = [f"{_HEADS}{pattern}" for pattern in patterns]
        asked = self.commands.attempt(
            "ls-remote", "--", self.name, *wanted, environment=self.environment, timeout=TIMEOUT
        )
        if asked.status != 0:
            raise unreachable(asked, self.name, patterns[0], "read from")
        pairs = [line.partition("\t") for line in asked.line.splitlines()]
        return {name.removeprefix(_HEADS): commit for commit, _, name in pairs if name.startswith(_HEADS)}

    def fetch(self, branches: Sequence[str]) -> bool:
        """Fetch the commits of branches.

        Returns:
            ``False`` where one of them is no longer there.

        Raises:
            PushRejected: the remote cannot be reached.
        """
        return self._fetch(branches) if branches else True

    def join(self, base: str, branch: str, base_commit: str, commit: str) -> str | None:
        """Find where a branch left its base, deepening a shallow clone as far as needed.

        Args:
            base: the name of the base.
            branch: the name of the branch.
            base_commit: the base's commit, which is here.
            commit: the branch's commit, which is here.

        Returns:
            The merge base; ``None`` where the histories are not joined.

        Raises:
            RepositoryError: this clone is too shallow to tell.
            PushRejected: the remote cannot be reached.
        """
        for depth in (*_DEEPER, None):
            found = self.commands.attempt("merge-base", base_commit, commit)
            if found.status == 0:
                return found.line
            if self.commands.run("rev-parse", "--is-shallow-repository").line != "true":
                return None
            if depth is not None and not self._fetch((base, branch), f"--deepen={depth}"):
                return None
        raise RepositoryError(
            f"this clone is shallow, and {branch} left {base} more than {sum(_DEEPER)} commits ago",
            hint="git fetch --unshallow (actions/checkout: fetch-depth: 0), or delete that branch",
        )

    def replace(self, branch: str, new: str | None, expected: str | None) -> Pushed | LeaseLost:
        """Make a branch go from ``expected`` to ``new``, or not at all.

        Args:
            branch: its short name.
            new: the commit to push; ``None`` deletes the branch.
            expected: the commit that it must have; ``None``: there must be no such branch.

        Raises:
            PushRejected: the remote refused for another reason than having moved, or cannot be reached.
        """
        ref = f"{_HEADS}{branch}"
        done = self.commands.attempt(
            *NO_MAINTENANCE, "push", "--porcelain", "--no-progress", "--no-verify", "--no-follow-tags",
            "--no-signed", "--recurse-submodules=no", f"--force-with-lease={ref}:{expected or ''}",
            "--", self.name, f"{new or ''}:{ref}",
            environment=self.environment, timeout=TIMEOUT,
        )  # fmt: skip
        if done.status == 0:
            return Pushed()
        reason = rejection(done, ref)
        if reason is None:
            raise unreachable(done, self.name, branch, "pushed to")
        if LOST.search(reason) or (new is None and "does not exist" in reason):
            return LeaseLost(one_line(reason))
        said = remote_lines(done.stderr)
        raise PushRejected(
            f"{self.name} refused the push to {branch}: {one_line(reason)}" + (f" ({said})" if said else ""),
            hint=_advice(f"{reason} {said}"),
        )

    def _fetch(self, branches: Sequence[str], *more: str) -> bool:
        # An empty refmap keeps the remote-tracking branches as they are.
        done = self.commands.attempt(
            *NO_MAINTENANCE, "fetch", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--refmap=",
            "--quiet", *more, "--", self.name, *(f"{_HEADS}{branch}" for branch in branches),
            environment=self.environment, timeout=TIMEOUT,
        )  # fmt: skip
        if done.status == 0:
            return True
        if "couldn't find remote ref" in done.stderr:
            return False
        raise unreachable(done, self.name, branches[0], "fetched from")


def open_remote(commands: Commands, name: str, credential: HttpCredential | None = None) -> Remote:
    """Speak to a remote, with the credential where its URLs are on the credential's own host.

    Raises:
        RepositoryError: git does not know the remote.
    """
    urls = (url_of(commands, name), url_of(commands, name, push=True))
    return Remote(commands, name, environment(urls, credential))


def url_of(commands: Commands, name: str, *, push: bool = False) -> str:
    """Return a remote's URL, as ``url.<base>.insteadOf`` makes it; it may hold a password.

    Raises:
        RepositoryError: git does not know the remote.
    """
    return commands.run("remote", "get-url", *(["--push"] if push else []), "--", name).line.partition("\n")[0]


def missing(commands: Commands, commits: Mapping[str, str]) -> list[str]:
    """Return the branches whose commit is not here."""
    return sorted(branch for branch, commit in commits.items() if tip_of(commands, commit) is None)


def _advice(said: str) -> str:
    lowered = said.lower()
    if "workflow" in lowered:
        return "the token may not change workflow files; leave .github/workflows out (exclude), or use a token that may"
    if "archived" in lowered:
        return "the repository is archived: nothing can be pushed until its owner unarchives it"
    return (
        "a rule or a hook protects these branches: let the token's account push to them, or set"
        " pullRequest.branchPrefix in .gitops-streams/config.yaml"
    )
