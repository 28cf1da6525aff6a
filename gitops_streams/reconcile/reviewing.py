"""Reviews of what a plan moves: images are inspected when a review is asked for, and each pair once a run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitops_streams import __version__
from gitops_streams.git.repository import Branch
from gitops_streams.oci.image import ImagePair, InspectedPair
from gitops_streams.plan.model import Plan
from gitops_streams.reconcile.recording import edits_for
from gitops_streams.review.assemble import assemble, to_inspect
from gitops_streams.review.groups import divide
from gitops_streams.review.policy import ReviewPolicy
from gitops_streams.review.report import Review, RunInfo

if TYPE_CHECKING:
    from gitops_streams.git.snapshot import Snapshot
    from gitops_streams.reconcile.one_pass import Pass
    from gitops_streams.reconcile.workspace import Workspace
    from gitops_streams.registry.registries import Registries


@dataclass(frozen=True, slots=True)
class Place:
    """Where the change that is reviewed goes."""

    base: str
    base_sha: str


@dataclass(slots=True)
class Reviewer:
    """Writes reviews in one run."""

    client: Registries
    policy: ReviewPolicy
    run: RunInfo
    inspected: dict[ImagePair, InspectedPair] = field(default_factory=dict)
    requests: int = 0
    """HTTP requests that inspecting took so far."""

    def review(self, group: str, plan: Plan, found: Pass, place: Place, files: Sequence[str]) -> Review:
        """Review a plan, or one group's part of it; may inspect images.

        Args:
            group: the group's name.
            plan: what is reviewed.
            found: the pass that it is part of.
            place: where it goes.
            files: every path that changes, status files included.
        """
        wanted = [pair for pair in to_inspect(plan, found.catalog, found.history) if pair not in self.inspected]
        if wanted and self.policy.requests_per_image:
            before = self._sent()
            self.inspected |= self.client.inspect_all(wanted, requests_per_image=self.policy.requests_per_image)
            self.requests += self._sent() - before
        return assemble(
            group,
            plan,
            found.catalog,
            found.history,
            self.inspected,
            policy=self.policy,
            base=place.base,
            base_sha=place.base_sha,
            files=files,
            run=self.run,
        )

    def _sent(self) -> int:
        return self.client.requests + self.client.token_requests


def reviewer(workspace: Workspace, client: Registries, environment: Mapping[str, str] | None = None) -> Reviewer:
    """Prepare to write reviews as the settings say."""
    url = run_url(os.environ if environment is None else environment)
    return Reviewer(client, workspace.settings.publishing.review, RunInfo(__version__, url))


def reviews(workspace: Workspace, writer: Reviewer, plan: Plan, found: Pass, snapshot: Snapshot) -> tuple[Review, ...]:
    """Review each group of a plan that was made on the work tree or a commit here, those that change something."""
    head = workspace.repository.head()
    policy = workspace.settings.publishing.pull_request
    base = policy.base or (head.name if isinstance(head, Branch) else "HEAD")
    place = Place(base, snapshot.commit or head.commit or "")
    return tuple(
        writer.review(group.group.name, group.plan, found, place, [edit.path for edit in edits])
        for group in divide(plan, found.catalog, policy, base)
        if (edits := edits_for(group.plan, found.history, snapshot))
    )


def run_url(environment: Mapping[str, str]) -> str | None:
    """Return the address of this run's log where a CI system tells it.

    Sources: GitHub "Variables reference" (Gitea's runners imitate it); GitLab "Predefined CI/CD variables".
    """
    server, name, run = (environment.get(f"GITHUB_{part}") for part in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    if server and name and run:
        return f"{server.rstrip('/')}/{name}/actions/runs/{run}"
    return environment.get("CI_JOB_URL") or None
