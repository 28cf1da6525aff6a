"""Reconciling by pull requests: opens the forge, plans on the base branch, publishes, and reports.

``reconcile_pull_requests`` is for every verb that wants it: ``reconcile``, and the step of the GitHub Action.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from gitops_streams.errors import ForgeError
from gitops_streams.forges.detection.detect import Detected, detect
from gitops_streams.forges.forge import Forge, LendsCredential
from gitops_streams.forges.open import open_forge
from gitops_streams.git.authentication import HttpCredential, is_at
from gitops_streams.git.identity import Identity
from gitops_streams.git.push import find_remote
from gitops_streams.git.remote import open_remote, url_of
from gitops_streams.git.snapshot import Snapshot
from gitops_streams.publish.proposal import PullRequestOptions
from gitops_streams.publish.pull_requests import base_branch, publish_pull_requests
from gitops_streams.recall import Past
from gitops_streams.reconcile.one_pass import Pass, plan_at
from gitops_streams.reconcile.proposing import GroupProposal, Planned, divided
from gitops_streams.reconcile.reviewing import Place, reviewer
from gitops_streams.reconcile.scope import IN_USE, Scope
from gitops_streams.reconcile.workspace import Workspace
from gitops_streams.registry.asking import Progress
from gitops_streams.registry.registries import Registries
from gitops_streams.render.report import Published, Report
from gitops_streams.review.groups import by_group

ACTIONS_BOT = Identity("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")
"""Who commits in a workflow whose token does not say who it is. The person who edited the schedule last is nobody's
choice. Source: the account's user id on github.com."""
BRANCH_TOKEN = "GITOPS_STREAMS_BRANCH_TOKEN"  # noqa: S105  the name of a variable
"""The variable with another token for the push alone: pushes with it start workflows, where the forge's own do not."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for beside the configuration."""

    base: str | None = None
    """``None``: the configuration's, else the branch that is checked out."""
    remote: str | None = None
    groups: tuple[str, ...] = ()
    """Names; empty: all."""
    scope: Scope = IN_USE
    dry_run: bool = False
    inspect: bool | None = None
    """``True``: the images of pull requests that are left alone too, for the report; ``False``: none at all, not even
    for a text that is written; ``None``: those that a text is written about."""
    branch_token: str | None = field(default=None, repr=False)
    """For the push, in place of the forge's token; ``None``: ``BRANCH_TOKEN`` of the environment, if it is there."""


def reconcile_pull_requests(
    workspace: Workspace,
    client: Registries,
    wanted: Wanted,
    progress: Progress | None = None,
    watch: Callable[[Pass], None] | None = None,
) -> Report:
    """Bring the pull requests of a base branch in step with what the registries say.

    Args:
        workspace: the repository.
        client: who asks the registries.
        wanted: what is asked for.
        progress: told how far the resolution is.
        watch: told every pass before it is published.

    Returns:
        The plan, the reviews that were written, and in ``published.pulls`` what became of each group. In a dry
        run these say what would be done, and nothing is.

    Raises:
        UsageError: no base is known, or a group that is named does not exist.
        ForgeError: the forge cannot be told, opened or used.
        RepositoryError: the remote's branches stand in the way, or cannot be read.
    """
    settings, scope = workspace.settings, wanted.scope
    options = PullRequestOptions(
        settings.publishing.pull_request,
        base=wanted.base,
        remote=wanted.remote or settings.remote,
        groups=wanted.groups,
        shard=scope.shard,
        identity=settings.publishing.commit.author,
        automatic=os.environ.get("CI") == "true" or settings.publishing.forge.app is not None,
        fallback_identity=ACTIONS_BOT if os.environ.get("GITHUB_ACTIONS") == "true" else None,
        signing=settings.publishing.commit.signing,
        dry_run=wanted.dry_run,
    )
    writer = reviewer(workspace, client)
    if wanted.inspect is False:
        writer.policy = replace(writer.policy, requests_per_image=0)
    last: list[Planned] = []
    target = base_branch(workspace.repository, options)
    with forge_of(workspace, target, options.remote, wanted) as (forge, credential):
        commands = workspace.repository.commands()
        remote = open_remote(commands, find_remote(commands, target, options.remote), credential)
        past = Past(workspace.repository, remote.name, remote.environment)

        def propose(base: str, snapshot: Snapshot) -> Sequence[GroupProposal]:
            found = plan_at(
                snapshot,
                settings,
                client,
                everything=scope.everything,
                progress=progress,
                now=scope.now,
                past=past,
                share=None if scope.shard is None else by_group(scope.shard, settings.publishing.pull_request),
                pushed=scope.pushed,
            )
            if watch is not None:
                watch(found)
            place = Place(base, snapshot.commit or "")
            last.append(divided(workspace, found, place, snapshot, writer, forge.capabilities))
            return last[-1].proposals

        done = publish_pull_requests(workspace.repository, propose, forge, options, credential)
    planned = last[-1]
    if wanted.inspect:
        for proposal in planned.proposals:
            if proposal.edits and (not wanted.groups or proposal.group.name in wanted.groups):
                proposal.review()
    return Report(
        replace(planned.plan, requests=planned.plan.requests + writer.requests),
        Published(
            "pull-request",
            done.files,
            branch=done.base,
            remote=done.remote,
            pulls=done.results,
            dry_run=wanted.dry_run,
        ),
        reviews=tuple(proposal.reviewed for proposal in planned.proposals if proposal.reviewed is not None),
    )


@contextmanager
def forge_of(
    workspace: Workspace, base: str, remote: str | None, wanted: Wanted
) -> Iterator[tuple[Forge, HttpCredential | None]]:
    """Open the forge of the remote that is pushed to, and find what git signs in with there."""
    commands = workspace.repository.commands()
    name = find_remote(commands, base, remote)
    forge = open_forge(workspace.settings.publishing.forge, url_of(commands, name), os.environ)
    try:
        yield forge, _credential(workspace, forge, url_of(commands, name), url_of(commands, name, push=True), wanted)
    finally:
        forge.close_connections()


def _credential(workspace: Workspace, forge: Forge, url: str, push_url: str, wanted: Wanted) -> HttpCredential | None:
    """Lend git the forge's token, where the remote is on the forge's own host; SSH has its own keys."""
    detected = detect(workspace.settings.publishing.forge, url, os.environ)
    site = detected.url if isinstance(detected, Detected) else ""
    token = wanted.branch_token or os.environ.get(BRANCH_TOKEN)
    if token and not (isinstance(forge, LendsCredential) and is_at(site, push_url)):
        raise ForgeError(
            "the token for branches cannot be used: the remote is not on the forge's own host over HTTPS",
            hint="set the remote's URL to the forge's https:// one, or leave that token out",
        )
    if not isinstance(forge, LendsCredential) or not (is_at(site, url) or is_at(site, push_url)):
        return None
    lent = forge.git_credential()
    return HttpCredential(site, lent.username, token or lent.password)
