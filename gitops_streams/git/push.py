"""Pushes one commit to one branch with an explicit lease, and fetches that branch where it has moved.

The lease names the commit that the push was planned on. A bare ``--force-with-lease`` would compare
with whatever was fetched last, and silently overwrite what somebody else pushed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_streams.errors import PushRejected
from gitops_streams.git.branch import tip_of
from gitops_streams.git.complaints import LOST, one_line, rejection, remote_lines, unreachable

if TYPE_CHECKING:
    from gitops_streams.git.command import Commands

TIMEOUT = 600.0
"""Seconds after which a push or fetch that does not end is killed."""
# Started by git after a fetch, it would outlive us.
NO_MAINTENANCE = ("-c", "gc.auto=0", "-c", "maintenance.auto=false")
"""Options before a command that would start git's upkeep."""
_LOCKED_DELAYS = (0.1, 0.4, 1.6)
"""Seconds to wait after each try of a push that met somebody else's lock on a branch that has not moved."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """The remote has the commit."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The remote's branch is not where the lease says; nothing was pushed."""

    remote_head: str
    """Where it is; the commit has been fetched."""


@dataclass(frozen=True, slots=True)
class _Lost:
    """The remote would not change the branch: it has moved, or somebody else has locked it."""

    reason: str


def find_remote(commands: Commands, branch: str, wanted: str | None = None) -> str:
    """Find the remote to push a branch to, as git does: push remotes, upstream, the only one, ``origin``.

    Raises:
        PushRejected: there is none, or not the one that is named.
    """
    remotes = commands.run("remote").line.splitlines()
    if not remotes:
        raise PushRejected("there is no remote to push to", hint="git remote add origin URL")
    if wanted is not None:
        if wanted not in remotes:
            raise PushRejected(f"there is no remote {wanted!r}", hint=f"remotes here: {', '.join(remotes)}")
        return wanted
    for name in (f"branch.{branch}.pushRemote", "remote.pushDefault", f"branch.{branch}.remote"):
        configured = commands.setting(name)
        if configured in remotes:
            return configured
    if "origin" in remotes:
        return "origin"
    if len(remotes) == 1:
        return remotes[0]
    raise PushRejected(
        f"which remote {branch} is pushed to is not clear", hint=f"name it by --remote: {', '.join(remotes)}"
    )


def push(commands: Commands, remote: str, branch: str, new: str, expected: str) -> Pushed | Moved:
    """Make the remote's branch go from ``expected`` to ``new``, or not at all.

    Args:
        commands: Git.
        remote: The remote's name.
        branch: The short name of the branch.
        new: The commit to push.
        expected: The commit that the remote's branch must have.

    Raises:
        PushRejected: the remote refused for another reason than having moved, or cannot be reached.
    """
    reason = ""
    for delay in _LOCKED_DELAYS:
        outcome = _push_once(commands, remote, branch, new, expected)
        if isinstance(outcome, Pushed):
            return outcome
        head = fetch(commands, remote, branch)
        if head != expected:
            return Moved(head)
        reason = outcome.reason
        time.sleep(delay)
    raise PushRejected(
        f"{branch} on {remote} has not moved, and cannot be locked there: {reason}",
        hint="another push may be under way; else a stale lock file was left in the remote repository",
    )


def _push_once(commands: Commands, remote: str, branch: str, new: str, expected: str) -> Pushed | _Lost:
    ref = f"refs/heads/{branch}"
    done = commands.attempt(
        *NO_MAINTENANCE, "push", "--porcelain", "--no-progress", "--no-follow-tags", "--recurse-submodules=no",
        f"--force-with-lease={ref}:{expected}", "--", remote, f"{new}:{ref}",
        timeout=TIMEOUT,
    )  # fmt: skip
    if done.status == 0:
        return Pushed()
    reason = rejection(done, ref)
    if reason is None:
        raise unreachable(done, remote, branch, "pushed to")
    if LOST.search(reason):
        return _Lost(one_line(reason))
    said = remote_lines(done.stderr)
    raise PushRejected(
        f"{remote} refused the push to {branch}: {one_line(reason)}" + (f" ({said})" if said else ""),
        hint="the branch is protected or a hook refused it; push to another --branch and open a pull request from it",
    )


def remote_head(commands: Commands, remote: str, branch: str) -> str | None:
    """Ask where the remote's branch is; ``None`` where it has no such branch.

    Raises:
        PushRejected: the remote cannot be reached.
    """
    ref = f"refs/heads/{branch}"
    asked = commands.attempt("ls-remote", "--", remote, ref, timeout=TIMEOUT)
    if asked.status != 0:
        raise unreachable(asked, remote, branch, "read from")
    for line in asked.line.splitlines():
        commit, _, name = line.partition("\t")
        if name == ref:
            return commit
    return None


def fetch(commands: Commands, remote: str, branch: str) -> str:
    """Fetch the remote's branch and nothing else; no ref changes, and a shallow clone stays shallow.

    Returns:
        The commit that the branch has there.

    Raises:
        PushRejected: the remote cannot be reached, or has no such branch.
    """
    for _ in range(3):
        head = remote_head(commands, remote, branch)
        if head is None:
            raise PushRejected(
                f"{remote} has no branch {branch}", hint=f"create it first: git push {remote} HEAD:refs/heads/{branch}"
            )
        # An empty refmap keeps the remote-tracking branches as they are; the commit is known by its id.
        fetched = commands.attempt(
            *NO_MAINTENANCE, "fetch", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--refmap=",
            "--quiet", "--", remote, f"refs/heads/{branch}",
            timeout=TIMEOUT,
        )  # fmt: skip
        if fetched.status != 0:
            raise unreachable(fetched, remote, branch, "fetched from")
        # It is not here if the branch was rewritten in between: then ask again.
        if tip_of(commands, head) is not None:
            return head
    raise PushRejected(f"{branch} on {remote} keeps being rewritten", hint="run again when it has settled")


def contains(commands: Commands, descendant: str, ancestor: str) -> bool:
    """Whether one commit's history, as far as it is here, has another."""
    return commands.attempt("merge-base", "--is-ancestor", ancestor, descendant).status == 0
