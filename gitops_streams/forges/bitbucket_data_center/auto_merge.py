"""Auto-merge on Bitbucket Data Center, from 8.15 on: an older server would take the order for one to merge at once.

Source: Atlassian's published description of the API (``RestPullRequestMergeRequest``); the version is from memory.
"""

from __future__ import annotations

from gitops_streams.forges.best_effort import reason
from gitops_streams.forges.bitbucket_data_center.repository import BitbucketDataCenterRepository
from gitops_streams.forges.forge import AutoMerge, AutoMerging, Merged, NotAutoMerging
from gitops_streams.forges.http.answers import Record
from gitops_streams.forges.http.refusal import AnswerLost, ForgeRefused
from gitops_streams.review.policy import MergeMethod
from gitops_streams.review.pull_request import PullRequest

_SINCE = (8, 15)
_STRATEGIES = {MergeMethod.MERGE: "no-ff", MergeMethod.SQUASH: "squash", MergeMethod.REBASE: "rebase-no-ff"}
_NONE = frozenset({404, 409})


def auto_merges(repository: BitbucketDataCenterRepository, number: int) -> bool:
    """Say whether an auto-merge is ordered, which a pull request does not say of itself."""
    path = repository.path("pull-requests", number, "auto-merge")
    try:
        repository.client.get(path, doing=f"reading the auto-merge of #{number}")
    except ForgeRefused as refused:
        if refused.status == 404:  # noqa: PLR2004 - not found: none is ordered, or the release has none
            return False
        raise
    return True


def enable_auto_merge(
    repository: BitbucketDataCenterRepository, pull: PullRequest, method: MergeMethod, *, fallback_merge: bool
) -> AutoMerge:
    """See ``Forge.enable_auto_merge``."""
    if pull.auto_merge:
        return AutoMerging()
    record = repository.read(pull.number)
    if record.text("fromRef", "latestCommit") != pull.head_sha:
        return NotAutoMerging("somebody pushed to the branch meanwhile")
    checks = repository.client.get(
        repository.path("pull-requests", pull.number, "merge"), doing=f"reading the merge checks of #{pull.number}"
    ).record()
    if checks.flag("canMerge"):
        if not fallback_merge:
            return NotAutoMerging("no merge check has to be waited for: Bitbucket would merge at once")
        return _merge(repository, pull, record, {"strategyId": _STRATEGIES[method]})
    if checks.flag("conflicted"):
        return NotAutoMerging("it conflicts with its base")
    if repository.server.version < _SINCE:
        return NotAutoMerging("this Bitbucket Data Center is older than 8.15, which has no auto-merge")
    return _merge(repository, pull, record, {"strategyId": _STRATEGIES[method], "autoMerge": True})


def disable_auto_merge(repository: BitbucketDataCenterRepository, pull: PullRequest) -> None:
    """See ``Forge.disable_auto_merge``."""
    if not pull.auto_merge:
        return
    path = repository.path("pull-requests", pull.number, "auto-merge")
    try:
        repository.client.delete(path, doing=f"disabling auto-merge of #{pull.number}", repeatable=True)
    except ForgeRefused as refused:
        if refused.status not in _NONE:
            raise


def _merge(
    repository: BitbucketDataCenterRepository, pull: PullRequest, record: Record, body: dict[str, object]
) -> AutoMerge:
    path, doing = repository.path("pull-requests", pull.number, "merge"), f"merging #{pull.number}"
    version = record.whole("version")
    try:
        client = repository.client
        answer = client.send(
            "POST", path, doing=doing, params={"version": version}, body={**body, "version": version}
        ).record()
    except AnswerLost:
        answer = repository.read(pull.number)
        if answer.text("state") != "MERGED" and not auto_merges(repository, pull.number):
            raise
    except ForgeRefused as refused:
        return NotAutoMerging(reason(refused))
    return Merged() if answer.text("state") == "MERGED" else AutoMerging()
