"""Auto-merge on GitHub, and what to do where there is nothing left to wait for, which GitHub refuses."""

from __future__ import annotations

from gitops_streams.forges.forge import AutoMerge, AutoMerging, Merged, NotAutoMerging
from gitops_streams.forges.github.graphql import GraphqlRefused
from gitops_streams.forges.github.repository import GithubRepository
from gitops_streams.forges.http.refusal import AnswerLost, ForgeRefused
from gitops_streams.review.policy import MergeMethod
from gitops_streams.review.pull_request import PullRequest, PullState

_ENABLE = (
    "mutation($id: ID!, $method: PullRequestMergeMethod!, $head: GitObjectID!) {"
    " enablePullRequestAutoMerge(input: {pullRequestId: $id, mergeMethod: $method, expectedHeadOid: $head})"
    " { pullRequest { autoMergeRequest { enabledAt } } } }"
)
_DISABLE = "mutation($id: ID!) { disablePullRequestAutoMerge(input: {pullRequestId: $id}) { pullRequest { number } } }"
_NOTHING_TO_WAIT_FOR = ("clean status", "protected branch rules not configured")
_TURNED_OFF = "auto merge is not allowed"
_UNSTABLE = "unstable status"
_TRIES = 4
_LAG = 2.0


def enable_auto_merge(
    repository: GithubRepository, pull: PullRequest, method: MergeMethod, *, fallback_merge: bool
) -> AutoMerge:
    """See ``Forge.enable_auto_merge``."""
    if pull.auto_merge:
        return AutoMerging()
    variables = {
        "id": repository.known_pull(pull.number).text("node_id"),
        "method": method.value.upper(),
        "head": pull.head_sha,
    }
    try:
        doing = f"enabling auto-merge of #{pull.number}"
        repository.graphql.mutate(_ENABLE, variables, doing=doing, repeatable=True)
    except GraphqlRefused as refused:
        return _refused(repository, pull, method, refused, fallback_merge=fallback_merge)
    return AutoMerging()


def disable_auto_merge(repository: GithubRepository, pull: PullRequest) -> None:
    """See ``Forge.disable_auto_merge``."""
    if not pull.auto_merge:
        return
    node = repository.known_pull(pull.number).text("node_id")
    doing = f"disabling auto-merge of #{pull.number}"
    try:
        repository.graphql.mutate(_DISABLE, {"id": node}, doing=doing, repeatable=True)
    except GraphqlRefused:
        # Merged, closed or taken back by somebody else meanwhile?
        if repository.pull(repository.read_pull(pull.number)).auto_merge:
            raise


def _refused(
    repository: GithubRepository,
    pull: PullRequest,
    method: MergeMethod,
    refused: GraphqlRefused,
    *,
    fallback_merge: bool,
) -> AutoMerge:
    said = refused.said.casefold()
    nothing = any(phrase in said for phrase in _NOTHING_TO_WAIT_FOR)
    if fallback_merge and (nothing or _TURNED_OFF in said):
        return _merge(repository, pull, method)
    if nothing:
        reason = "no rule has to be waited for, which GitHub takes no auto-merge for; require a check or a review"
    elif _TURNED_OFF in said:
        reason = 'turn on "Allow auto-merge" in Settings, General of the repository'
    elif _UNSTABLE in said:
        reason = "checks that are not required are pending or have failed, which GitHub takes no auto-merge for"
    else:
        reason = refused.said + (f" ({refused.hint})" if refused.hint else "")
    return NotAutoMerging(reason)


def _merge(repository: GithubRepository, pull: PullRequest, method: MergeMethod) -> AutoMerge:
    """Merge at once, if really nothing is pending: a check that is not required counts here, too."""
    state = "unknown"
    for attempt in range(1, _TRIES + 1):
        state = repository.read_pull(pull.number).text("mergeable_state", default="unknown")
        # GitHub finds out only when it was asked.
        if state != "unknown" or attempt == _TRIES or not repository.client.wait(_LAG):
            break
    if state != "clean":
        return NotAutoMerging(f"it cannot be merged at once: GitHub calls it {repository.client.printable(state)}")
    path = repository.path("pulls", pull.number, "merge")
    body = {"sha": pull.head_sha, "merge_method": method.value}
    try:
        repository.client.put(path, body, doing=f"merging #{pull.number}")
    except AnswerLost:
        if repository.pull(repository.read_pull(pull.number)).state is not PullState.MERGED:
            raise
    except ForgeRefused as refused:
        return NotAutoMerging(refused.message + (f" ({refused.hint})" if refused.hint else ""))
    return Merged()
