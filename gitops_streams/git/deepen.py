"""Gives a shallow clone more of its branch's history, so that its log can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops_streams.errors import GitopsStreamsError
from gitops_streams.git.complaints import unreachable
from gitops_streams.git.push import NO_MAINTENANCE, TIMEOUT, find_remote
from gitops_streams.git.repository import Branch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_streams.git.repository import Repository

DEEPER = 1000
"""Commits by which a shallow clone is deepened."""


def deepen(
    repository: Repository, commit: str, remote: str | None = None, environment: Mapping[str, str] | None = None
) -> str | None:
    """Fetch up to ``DEEPER`` more commits of the branch that ends at ``commit``, if the clone is shallow there.

    No ref changes. A clone that is not shallow is left alone, and costs no request.

    Args:
        repository: the clone.
        commit: the object id of the branch's newest commit.
        remote: where to fetch from; by default where the branch is pushed to.
        environment: variables for the command; they may hold a credential.

    Returns:
        Why that cannot be done; ``None`` where there is nothing to do, or it is done.
    """
    end = repository.shallow_end(commit)
    if end is None:
        return None
    commands = repository.commands()
    head = repository.head()
    try:
        name = find_remote(commands, head.name if isinstance(head, Branch) else "", remote)
        # What is asked for by its id is surely there: this clone had it from there. An empty refmap keeps the
        # remote-tracking branches as they are.
        done = commands.attempt(
            *NO_MAINTENANCE, "fetch", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--refmap=",
            "--quiet", f"--deepen={DEEPER}", "--", name, end,
            environment=environment, timeout=TIMEOUT,
        )  # fmt: skip
        if done.status != 0:
            raise unreachable(done, name, head.name if isinstance(head, Branch) else commit[:12], "fetched from")
    except GitopsStreamsError as error:
        return error.message
    return None
