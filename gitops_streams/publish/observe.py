"""Looks at what there is of one group: its branch on the remote, and its pull requests on the forge."""

from __future__ import annotations

from gitops_streams.git.remote import missing
from gitops_streams.git.remote_branch import Place, read_branch
from gitops_streams.publish.run import Run
from gitops_streams.render.commit_message import GROUP_TRAILER, TREE_TRAILER
from gitops_streams.review.lifecycle import Desired, Group, Observed, RemoteBranch
from gitops_streams.review.marker import rebuild_asked
from gitops_streams.review.pull_request import PullState


def observe(run: Run, group: Group, desired: Desired, *, again: bool) -> Observed:
    """Look at a group.

    Args:
        run: knows where branches were when it began.
        group: the group.
        desired: what it should be; where that is nothing and nothing is known of it, nobody is asked.
        again: whether something has moved since the run began, so that the remote is asked anew.

    Raises:
        ForgeError: the forge refuses.
        RepositoryError: git failed.
    """
    branch = group.branch
    if again:
        found = run.remote.heads(branch)
        run.heads.pop(branch, None)
        run.heads |= {branch: found[branch]} if branch in found else {}
    head = run.heads.get(branch)
    known = [pull for pull in run.open_pulls.values() if pull.head == branch]
    if not again and desired.tree is None and head is None and not known:
        return Observed(None, ())
    read = None if head is None else _read(run, group, head)
    pulls = run.forge.find(branch)
    return Observed(
        read,
        pulls,
        any(pull.own and pull.state is PullState.OPEN and rebuild_asked(pull.body) for pull in pulls),
        open_count=sum(pull.own for pull in run.open_pulls.values()),
        created_in_run=run.created,
    )


def _read(run: Run, group: Group, head: str) -> RemoteBranch | None:
    if missing(run.remote.commands, {group.branch: head}) and not run.remote.fetch([group.branch]):
        return None

    def is_sealed(message: str, tree: str) -> bool:
        trailers = message.rstrip("\n").rpartition("\n\n")[2].split("\n")
        return f"{GROUP_TRAILER}: {group.name}" in trailers and f"{TREE_TRAILER}: {tree}" in trailers

    place = Place(group.branch, head, run.base, run.base_sha)
    return read_branch(run.remote, run.scratch, place, is_sealed)
