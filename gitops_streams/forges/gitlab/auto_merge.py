"""Auto-merge on GitLab: when the pipeline has succeeded and every check has passed.

Sources: GitLab's ``lib/api/merge_requests.rb``; its issues 353984 (405 while there is no pipeline yet) and 217710.
"""

from __future__ import annotations

from gitops_streams.forges.best_effort import reason
from gitops_streams.forges.forge import AutoMerge, AutoMerging, Merged, NotAutoMerging
from gitops_streams.forges.gitlab.project import GitlabProject
from gitops_streams.forges.http.answers import Record
from gitops_streams.forges.http.refusal import AnswerLost, ForgeRefused
from gitops_streams.review.policy import MergeMethod
from gitops_streams.review.pull_request import PullRequest

_NOT_YET = frozenset({405, 422})
"""No pipeline yet, or whether it can be merged is not known yet; or never."""
_LAGS = (2.0, 4.0, 8.0)
"""Seconds to wait for the pipeline, which GitLab makes after the merge request."""
_PASSED = frozenset({"success", "skipped", "manual"})


def enable_auto_merge(
    project: GitlabProject, pull: PullRequest, method: MergeMethod, *, delete_branch: bool, fallback_merge: bool
) -> AutoMerge:
    """See ``Forge.enable_auto_merge``. Between merging and rebasing, the project's settings decide."""
    if pull.auto_merge:
        return AutoMerging()
    body: dict[str, object] = {"sha": pull.head_sha, "should_remove_source_branch": delete_branch}
    if method is MergeMethod.SQUASH:
        body["squash"] = True
    # The second is for releases before 17.11, which ignore the first, and would merge at once.
    order = {**body, "auto_merge": True, "merge_when_pipeline_succeeds": True}
    for lag in (*_LAGS, None):
        if not _is_ours_alone(project, pull):
            try:
                return _outcome(_put(project, pull, order))
            except ForgeRefused as refused:
                if refused.status not in _NOT_YET:
                    return NotAutoMerging(reason(refused))
        if lag is None or not project.client.wait(lag):
            break
    return _fall_back(project, pull, body, wanted=fallback_merge)


def disable_auto_merge(project: GitlabProject, pull: PullRequest) -> None:
    """See ``Forge.disable_auto_merge``."""
    if not pull.auto_merge:
        return
    path = project.path("merge_requests", pull.number, "cancel_merge_when_pipeline_succeeds")
    try:
        project.client.post(path, doing=f"disabling auto-merge of !{pull.number}", repeatable=True)
    except ForgeRefused:
        # Merged, closed or taken back by somebody else meanwhile?
        if project.pull(project.read(pull.number)).auto_merge:
            raise


def _is_ours_alone(project: GitlabProject, pull: PullRequest) -> bool:
    """Say whether the pipeline has succeeded by our own status alone, while the project's own is still to come.

    A status makes a pipeline where there is none, and GitLab would merge at once for it.
    """
    record = project.read(pull.number)
    if not record.has("head_pipeline"):
        return False
    pipeline = record.record("head_pipeline")
    if pipeline.text("source", default="") != "external" or pipeline.text("status", default="") not in _PASSED:
        return False
    viewer = project.viewer
    path = project.path("repository", "commits", pull.head_sha, "statuses")
    authors = {
        status.whole("author", "id", default=0) if status.has("author") else 0
        for page in project.client.pages(path, doing="reading the statuses", params={"per_page": 100})
        for status in page.records()
    }
    return viewer is None or authors <= {viewer.id}


def _fall_back(project: GitlabProject, pull: PullRequest, body: dict[str, object], *, wanted: bool) -> AutoMerge:
    """Merge at once, if really nothing is pending: a pipeline that has failed counts, required or not."""
    record = project.read(pull.number)
    status = record.text("detailed_merge_status", default="") or record.text("merge_status", default="unknown")
    pipeline = record.text("head_pipeline", "status", default="") if record.has("head_pipeline") else ""
    if status not in {"mergeable", "can_be_merged"}:
        return NotAutoMerging(f"GitLab takes no auto-merge while it calls it {project.client.printable(status)}")
    if pipeline and pipeline not in _PASSED:
        return NotAutoMerging(f"GitLab takes no auto-merge while the pipeline is {project.client.printable(pipeline)}")
    if not wanted:
        return NotAutoMerging(
            "there is no pipeline to wait for, which GitLab takes no auto-merge for; run one for merge requests"
        )
    try:
        return _outcome(_put(project, pull, body))
    except ForgeRefused as refused:
        return NotAutoMerging(reason(refused))


def _put(project: GitlabProject, pull: PullRequest, body: dict[str, object]) -> Record:
    path = project.path("merge_requests", pull.number, "merge")
    try:
        return project.keep(project.client.put(path, body, doing=f"merging !{pull.number}").record())
    except AnswerLost:
        record = project.read(pull.number)
        if isinstance(_outcome(record), NotAutoMerging):
            raise
        return record


def _outcome(record: Record) -> AutoMerge:
    if record.text("state") == "merged":
        return Merged()
    if record.flag("merge_when_pipeline_succeeds"):
        return AutoMerging()
    return NotAutoMerging("GitLab took the request and did not do it; look at the merge request's page")
