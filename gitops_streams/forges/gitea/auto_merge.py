"""Auto-merge on Gitea and Forgejo, which is not bound to a commit there, and waits for nothing without rules.

Sources: Gitea's ``services/automerge/automerge.go``, ``services/pull/commit_status.go`` and
``routers/api/v1/repo/pull.go``.
"""

from __future__ import annotations

from gitops_streams.forges.best_effort import reason
from gitops_streams.forges.forge import AutoMerge, AutoMerging, Merged, NotAutoMerging
from gitops_streams.forges.gitea.repository import GiteaRepository
from gitops_streams.forges.http.refusal import AnswerLost, ForgeRefused
from gitops_streams.review.policy import MergeMethod
from gitops_streams.review.pull_request import PullRequest

_CREATED = 201
_NOT_ALLOWED = 405
_CONFLICT = 409
_TRIES = 4
_LAG = 2.0


def enable_auto_merge(
    repository: GiteaRepository, pull: PullRequest, method: MergeMethod, *, delete_branch: bool, fallback_merge: bool
) -> AutoMerge:
    """See ``Forge.enable_auto_merge``."""
    if pull.auto_merge:
        return AutoMerging()
    record = repository.read(pull.number)
    if record.text("head", "sha") != pull.head_sha:
        return NotAutoMerging("somebody pushed to the branch meanwhile")
    body: dict[str, object] = {"Do": method.value, "head_commit_id": pull.head_sha}
    if delete_branch:
        body["delete_branch_after_merge"] = True
    if _has_rules(repository, pull.base):
        return _merge(repository, pull, {**body, "merge_when_checks_succeed": True})
    # To schedule it now would merge at once, whatever checks are running.
    if not fallback_merge:
        return NotAutoMerging(
            f"no rule of {pull.base} has to be waited for: protect it with required checks, by name, or with approvals"
        )
    state = _checks(repository, pull.head_sha)
    if state != "success":
        return NotAutoMerging(f"it cannot be merged at once: its checks are {repository.client.printable(state)}")
    return _merge(repository, pull, body)


def disable_auto_merge(repository: GiteaRepository, pull: PullRequest) -> None:
    """See ``Forge.disable_auto_merge``."""
    if not pull.auto_merge:
        return
    path = repository.path("pulls", pull.number, "merge")
    try:
        repository.client.delete(path, doing=f"disabling auto-merge of #{pull.number}", repeatable=True)
    except ForgeRefused as refused:
        if refused.status != 404:  # noqa: PLR2004 - not found: nothing is scheduled any more
            raise


def _has_rules(repository: GiteaRepository, branch: str) -> bool:
    """Say whether a merge into a branch has to wait for anything.

    Required checks without names are met by our own status, before any other has begun.
    """
    path = repository.path("branches", *branch.split("/"))
    record = repository.client.get(path, doing=f"reading the rules of {branch}").record()
    named = record.flag("enable_status_check") and bool(record.value.get("status_check_contexts"))
    return named or record.whole("required_approvals", default=0) > 0


def _checks(repository: GiteaRepository, sha: str) -> str:
    """Return the state of all checks of a commit together; no check at all is a success."""
    path = repository.path("commits", sha, "status")
    record = repository.client.get(path, doing="reading the checks").record()
    return "success" if not record.whole("total_count", default=0) else record.text("state", default="unknown")


def _merge(repository: GiteaRepository, pull: PullRequest, body: dict[str, object]) -> AutoMerge:
    path, doing = repository.path("pulls", pull.number, "merge"), f"merging #{pull.number}"
    for attempt in range(1, _TRIES + 1):
        try:
            answer = repository.client.post(path, body, doing=doing)
        except AnswerLost:
            if repository.read(pull.number).flag("merged"):
                return Merged()
            if repository.auto_merges(pull.number):
                return AutoMerging()
            raise
        except ForgeRefused as refused:
            said = refused.refusal.said.casefold()
            if refused.status == _CONFLICT and "scheduled" in said:
                return AutoMerging()
            # Gitea finds out in the background whether it conflicts.
            again = refused.status == _NOT_ALLOWED and "try again" in said
            if not again or attempt == _TRIES or not repository.client.wait(_LAG):
                return NotAutoMerging(reason(refused))
        else:
            return AutoMerging() if answer.status == _CREATED else Merged()
    raise AssertionError  # pragma: no cover - the last try returns
