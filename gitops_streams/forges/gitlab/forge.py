"""GitLab, on gitlab.com and self-managed: merge requests by the REST API, version 4.

Modelled on GitLab's documentation and on the source of ``lib/api``; not tried on a live server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice

import httpx

from gitops_streams.errors import ForgeError
from gitops_streams.forges.closing import close_once
from gitops_streams.forges.commit_status import described
from gitops_streams.forges.creation import create_once, opening
from gitops_streams.forges.forge import AutoMerge, CommitIdentity, GitCredential
from gitops_streams.forges.gitlab.auto_merge import disable_auto_merge, enable_auto_merge
from gitops_streams.forges.gitlab.comments import comment_sticky
from gitops_streams.forges.gitlab.decorations import decorate
from gitops_streams.forges.gitlab.project import GitlabProject, bare_title, draft_title, is_draft
from gitops_streams.forges.http.answers import Record
from gitops_streams.forges.http.authorization import Authorization
from gitops_streams.forges.http.client import ForgeClient
from gitops_streams.forges.http.dialect import Dialect
from gitops_streams.forges.http.hints import Hints
from gitops_streams.forges.http.patience import Clock
from gitops_streams.forges.http.refusal import ForgeRefused
from gitops_streams.forges.settings import ForgeSettings
from gitops_streams.review.policy import MergeMethod
from gitops_streams.review.pull_request import (
    Capabilities,
    CommitStatus,
    Decorations,
    PullPatch,
    PullRequest,
    PullSpec,
    PullState,
    StatusState,
)

JOBS_ARE_REFUSED = (
    "CI_JOB_TOKEN cannot read or open merge requests: make a project access token with the scope api and the role "
    "Developer, and put it into the masked variable GITLAB_TOKEN"
)
_ROLE = "give the token the scope api, and its account the role Developer (Maintainer where the branch is protected)"
_HINTS = Hints(
    words=(
        (r"insufficient_scope|higher privileges", "give the token the scope api"),
        (r"target branch.*does not exist", "the base branch is gone: set pullRequest.base to one that exists"),
        (r"source branch.*does not exist", "the branch is gone: run again"),
        (r"description.*too long", "the text is over GitLab's limit of 1048576 characters; please report this"),
        (r"token (was|is) revoked|expired", "the token is not valid any more: make a new one"),
        (r"sha does not match", "somebody pushed to the branch meanwhile: run again"),
        (r"archived", "the project is archived: unarchive it, or stop running here"),
    ),
    requests=(
        (
            r"^(PUT|POST) .*/(merge|cancel_merge_when_pipeline_succeeds)$",
            frozenset({401, 403}),
            'let the token\'s account merge: "Allowed to merge" of the protected target branch',
        ),
        (r"^POST .*/statuses/", frozenset({403}), "give the token the scope api and the role Developer"),
        (r"/merge_requests", frozenset({403}), _ROLE),
    ),
    statuses={
        401: f"the token is not valid (any more), or is of another kind: {JOBS_ARE_REFUSED}",
        403: _ROLE,
        404: "check forge.repository; GitLab says so too where the token may not see the project",
    },
)
DIALECT = Dialect("GitLab", hint=_HINTS)
_CAPABILITIES = Capabilities("GitLab", body_limit=1_048_576, alerts=True)
_TAKEN = frozenset({409, 422})
_HISTORY = 3
"""Pages of one branch's merge requests, newest first."""
_STATES = {StatusState.SUCCESS: "success", StatusState.FAILURE: "failed", StatusState.PENDING: "pending"}


class Gitlab:
    """One project on GitLab; implements ``Forge``, ``KnowsIdentity`` and ``LendsCredential``."""

    def __init__(
        self,
        *,
        api_url: str,
        repository: str,
        authorization: Authorization,
        settings: ForgeSettings,
        clock: Clock | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Prepare to talk; nothing is sent yet.

        Args:
            api_url: ``https://gitlab.com/api/v4``.
            repository: ``group/subgroup/name``.
            authorization: the credential.
            settings: for bounds and certificates.
            clock: the time; real by default.
            transport: carries the requests, for tests.
        """
        self._client = ForgeClient(api_url, authorization, DIALECT, settings, clock=clock, transport=transport)
        self._project = GitlabProject(self._client, repository)
        self._authorization = authorization

    @property
    def capabilities(self) -> Capabilities:
        """What GitLab can do. Alerts came with 17.10; before, they are quotes that begin with a word in brackets."""
        return _CAPABILITIES

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, retries included."""
        return self._client.requests

    def account(self) -> str | None:
        """See ``Forge.account``."""
        viewer = self._project.viewer
        return None if viewer is None else viewer.username

    def identity(self) -> CommitIdentity | None:
        """See ``KnowsIdentity.identity``."""
        viewer = self._project.viewer
        if viewer is None or not viewer.email:
            return None
        return CommitIdentity(viewer.name or viewer.username, viewer.email)

    def git_credential(self) -> GitCredential:
        """See ``LendsCredential.git_credential``."""
        return GitCredential("oauth2", self._authorization.password())

    def find(self, head: str, base: str | None = None) -> tuple[PullRequest, ...]:
        """See ``Forge.find``."""
        params: dict[str, str | int] = {"state": "all", "source_branch": head, "sort": "desc"}
        if base is not None:
            params["target_branch"] = base
        return tuple(self._list(params, lambda pull: pull.head == head and base in {None, pull.base}, pages=_HISTORY))

    def open_with_prefix(self, prefix: str) -> tuple[PullRequest, ...]:
        """See ``Forge.open_with_prefix``."""
        return tuple(self._list({"state": "opened", "sort": "asc"}, lambda pull: pull.head.startswith(prefix)))

    def get(self, number: int) -> PullRequest:
        """See ``Forge.get``."""
        return self._project.pull(self._project.read(number))

    def create(self, spec: PullSpec) -> PullRequest:
        """See ``Forge.create``."""
        self._project.check_writable()
        body = {
            "source_branch": spec.head,
            "target_branch": spec.base,
            "title": draft_title(spec.title) if spec.draft else spec.title,
            "description": spec.body,
        }
        path = self._project.path("merge_requests")

        def ask() -> PullRequest:
            return self._project.pull(self._client.post(path, body, doing=opening(spec)).record())

        def look() -> PullRequest | None:
            found = self.find(spec.head, spec.base)
            return next((pull for pull in found if pull.state is PullState.OPEN), None)

        return create_once(self._client, ask, look, _TAKEN)

    def update(self, number: int, patch: PullPatch) -> PullRequest:
        """See ``Forge.update``. Draft or not stands in the title, so that one is read to change the other."""
        self._project.check_writable()
        body: dict[str, str] = {}
        if patch.body is not None:
            body["description"] = patch.body
        if patch.title is not None or patch.draft is not None:
            record = self._project.read(number)
            was = is_draft(record)
            draft = was if patch.draft is None else patch.draft
            title = patch.title if patch.title is not None else bare_title(record) if was else record.text("title")
            if patch.title is not None or draft != was:
                body["title"] = draft_title(title) if draft else title
        if not body:
            return self.get(number)
        return self._project.pull(self._change(number, body))

    def close(self, number: int) -> None:
        """See ``Forge.close``."""
        close_once(lambda: self._change(number, {"state_event": "close"}), lambda: self.get(number))

    def decorate(self, pull: PullRequest, wanted: Decorations) -> tuple[str, ...]:
        """See ``Forge.decorate``."""
        return decorate(self._project, pull, wanted)

    def comment_sticky(self, number: int, key: str, body: str | None) -> None:
        """See ``Forge.comment_sticky``."""
        comment_sticky(self._project, number, key, body)

    def set_status(self, sha: str, status: CommitStatus) -> None:
        """See ``Forge.set_status``. GitLab refuses to set the state that a status has already."""
        body = {"state": _STATES[status.state], "name": status.context, "description": described(status)}
        if status.url is not None:
            body["target_url"] = status.url
        path = self._project.path("statuses", sha)
        try:
            self._client.post(path, body, doing=f"setting the status {status.context}", repeatable=True)
        except ForgeRefused as refused:
            if "cannot transition status" not in refused.refusal.said.casefold():
                raise

    def enable_auto_merge(
        self, pull: PullRequest, method: MergeMethod, *, delete_branch: bool, fallback_merge: bool
    ) -> AutoMerge:
        """See ``Forge.enable_auto_merge``."""
        return enable_auto_merge(
            self._project, pull, method, delete_branch=delete_branch, fallback_merge=fallback_merge
        )

    def disable_auto_merge(self, pull: PullRequest) -> None:
        """See ``Forge.disable_auto_merge``."""
        disable_auto_merge(self._project, pull)

    def close_connections(self) -> None:
        """Close what is open."""
        self._client.close()

    def _change(self, number: int, body: Mapping[str, str]) -> Record:
        path = self._project.path("merge_requests", number)
        return self._client.put(path, body, doing=f"changing merge request !{number}", repeatable=True).record()

    def _list(
        self, params: Mapping[str, str | int], fits: Callable[[PullRequest], bool], *, pages: int | None = None
    ) -> Iterator[PullRequest]:
        params = {**params, "order_by": "created_at", "per_page": 100}
        found = self._client.pages(self._project.path("merge_requests"), doing="listing merge requests", params=params)
        for page in islice(found, pages):
            for record in page.records():
                pull = self._project.pull(record)
                if pull.own and fits(pull):
                    yield pull


def check_token(token: str, job_token: str | None) -> str:
    """Return the token, if it is not a job's, which GitLab lets do nothing here.

    Raises:
        ForgeError: it is ``CI_JOB_TOKEN``.
    """
    if token.startswith("glcbt-") or (job_token and token == job_token):
        raise ForgeError("the token for GitLab is a job's", hint=JOBS_ARE_REFUSED)
    return token
