"""Auto-complete on Azure DevOps, which is not bound to a commit, and waits for nothing where no policy blocks.

Sources: "Pull Requests - Update" and "Evaluations - List" of the REST API 7.1. That it completes at once without a
policy is from public reports.
"""

from __future__ import annotations

from gitops_streams.forges.azure_devops.repository import NOBODY, AzureRepository
from gitops_streams.forges.best_effort import reason
from gitops_streams.forges.forge import AutoMerge, AutoMerging, Merged, NotAutoMerging
from gitops_streams.forges.http.answers import Record
from gitops_streams.forges.http.refusal import ForgeRefused
from gitops_streams.review.policy import MergeMethod
from gitops_streams.review.pull_request import PullRequest

_STRATEGIES = {MergeMethod.MERGE: "noFastForward", MergeMethod.SQUASH: "squash", MergeMethod.REBASE: "rebase"}
_LAGS = (2.0, 4.0)
"""Seconds after which a completion, which goes on in the background, is looked at."""


def enable_auto_complete(
    repository: AzureRepository, pull: PullRequest, method: MergeMethod, *, delete_branch: bool, fallback_merge: bool
) -> AutoMerge:
    """See ``Forge.enable_auto_merge``."""
    if pull.auto_merge:
        return AutoMerging()
    record = repository.read(pull.number)
    if record.text("lastMergeSourceCommit", "commitId", default="") != pull.head_sha:
        return NotAutoMerging("somebody pushed to the branch meanwhile")
    options = {"mergeStrategy": _STRATEGIES[method], "deleteSourceBranch": delete_branch}
    path = repository.path("pullrequests", pull.number)
    try:
        if _blocking_policies(repository, pull.number):
            body = {"autoCompleteSetBy": {"id": repository.viewer.id}, "completionOptions": options}
            doing = f"enabling auto-complete of !{pull.number}"
            return _outcome(repository.keep(repository.patch(path, body, doing=doing).record()))
        if not fallback_merge:
            return NotAutoMerging(f"no policy of {pull.base} has to be waited for: require a build or reviewers")
        complete = {
            "status": "completed",
            "lastMergeSourceCommit": {"commitId": pull.head_sha},
            "completionOptions": options,
        }
        return _completed(
            repository, pull, repository.patch(path, complete, doing=f"completing !{pull.number}").record()
        )
    except ForgeRefused as refused:
        return NotAutoMerging(reason(refused))


def disable_auto_complete(repository: AzureRepository, pull: PullRequest) -> None:
    """See ``Forge.disable_auto_merge``."""
    if not pull.auto_merge:
        return
    body = {"autoCompleteSetBy": {"id": NOBODY}}
    doing = f"disabling auto-complete of !{pull.number}"
    try:
        repository.patch(repository.path("pullrequests", pull.number), body, doing=doing)
    except ForgeRefused:
        # Completed, abandoned or taken back by somebody else meanwhile?
        if repository.pull(repository.read(pull.number)).auto_merge:
            raise


def _blocking_policies(repository: AzureRepository, number: int) -> bool:
    """Say whether a completion has to wait for anything."""
    artifact = f"vstfs:///CodeReview/CodeReviewId/{repository.facts.project_id}/{number}"
    path = repository.project_path("policy", "evaluations")
    found = repository.get(path, doing="reading the policies", version="7.1-preview.1", artifactId=artifact)
    configurations = [each.record("configuration") for each in found.records("value")]
    return any(one.flag("isEnabled") and one.flag("isBlocking") for one in configurations)


def _completed(repository: AzureRepository, pull: PullRequest, record: Record) -> AutoMerge:
    for lag in _LAGS:
        if record.text("status") == "completed" or not repository.client.wait(lag):
            break
        record = repository.read(pull.number)
    if record.text("status") == "completed":
        return Merged()
    return NotAutoMerging("Azure DevOps took the completion and has not done it yet; look at the pull request's page")


def _outcome(record: Record) -> AutoMerge:
    return Merged() if record.text("status") == "completed" else AutoMerging()
