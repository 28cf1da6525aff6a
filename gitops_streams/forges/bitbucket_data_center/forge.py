"""Bitbucket Data Center: pull requests by the REST API.

Modelled on Atlassian's published description of the API (releases 8 to 10); not tried on a live server. What it does
not describe is from public reports: the header ``X-AUSERNAME``, the limit of 32768 characters, HTML shown as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

import httpx

from gitops_streams.forges.bitbucket_data_center.auto_merge import auto_merges, disable_auto_merge, enable_auto_merge
from gitops_streams.forges.bitbucket_data_center.comments import comment_sticky
from gitops_streams.forges.bitbucket_data_center.decorations import decorate
from gitops_streams.forges.bitbucket_data_center.repository import (
    BitbucketDataCenterRepository,
    branch_ref,
    content,
)
from gitops_streams.forges.commit_status import described
from gitops_streams.forges.creation import create_once, opening
from gitops_streams.forges.forge import AutoMerge, GitCredential
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

_WRITE = "make an HTTP access token with the permission Repository write"
_HINTS = Hints(
    words=(
        (r"archived", "the repository is archived: unarchive it, or stop running here"),
        (r"already up-to-date", "the branch has nothing that its base has not; run again"),
        (r"auto-?merge", "turn on Auto-merge in the repository's settings"),
        (r"too long|length|32[,.]?768", "the text is over Bitbucket's limit of 32768 characters; please report this"),
        (r"xsrf", "use an HTTP access token"),
    ),
    requests=(
        (r"^POST .*/pull-requests$", frozenset({404}), "the base branch is gone: set pullRequest.base"),
        (r"/(auto-)?merge$", frozenset({401, 403}), f"{_WRITE}, and turn on Auto-merge in the repository's settings"),
    ),
    statuses={
        401: f"the token is not valid (any more), or lacks a permission: {_WRITE}",
        403: _WRITE,
        404: "check forge.repository; Bitbucket says so too where the token may not see the repository",
        409: "somebody else changed the pull request meanwhile: run again",
    },
)
DIALECT = Dialect("Bitbucket", hint=_HINTS)
_CAPABILITIES = Capabilities(
    "Bitbucket Data Center",
    body_limit=32_768,
    details=False,
    task_lists=False,
    hidden_comments=False,
    labels=False,
    milestones=False,
)
_TAKEN = frozenset({409})
_CONFLICT = 409
_HISTORY = 300
_TRIES = 3
_STATES = {StatusState.SUCCESS: "SUCCESSFUL", StatusState.FAILURE: "FAILED", StatusState.PENDING: "INPROGRESS"}


class BitbucketDataCenter:
    """One repository on Bitbucket Data Center; implements ``Forge`` and ``LendsCredential``."""

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
            api_url: ``https://HOST/rest/api/latest``.
            repository: ``PROJECT/name``.
            authorization: the credential.
            settings: for bounds and certificates, and for the user's name.
            clock: the time; real by default.
            transport: carries the requests, for tests.
        """
        self._client = ForgeClient(api_url, authorization, DIALECT, settings, clock=clock, transport=transport)
        self._repository = BitbucketDataCenterRepository(self._client, repository)
        self._authorization = authorization
        self._git_user = settings.username or "x-token-auth"

    @property
    def capabilities(self) -> Capabilities:
        """What Bitbucket Data Center can do. Drafts came with 8.18, auto-merge with 8.15."""
        return _CAPABILITIES

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, retries included."""
        return self._client.requests

    def account(self) -> str | None:
        """See ``Forge.account``."""
        return self._repository.server.account

    def git_credential(self) -> GitCredential:
        """See ``LendsCredential.git_credential``. A person's token wants the person's user name with it."""
        return GitCredential(self._git_user, self._authorization.password())

    def find(self, head: str, base: str | None = None) -> tuple[PullRequest, ...]:
        """See ``Forge.find``."""
        params = {"state": "ALL", "direction": "OUTGOING", "at": branch_ref(head), "order": "NEWEST"}
        found = self._list(params, lambda pull: pull.head == head and base in {None, pull.base})
        return tuple(self._whole(pull) for pull in found)

    def open_with_prefix(self, prefix: str) -> tuple[PullRequest, ...]:
        """See ``Forge.open_with_prefix``. Whether they auto-merge is not looked up."""
        params = {"state": "OPEN", "order": "OLDEST"}
        return tuple(self._list(params, lambda pull: pull.head.startswith(prefix), most=None))

    def get(self, number: int) -> PullRequest:
        """See ``Forge.get``."""
        return self._whole(self._repository.pull(self._repository.read(number)))

    def create(self, spec: PullSpec) -> PullRequest:
        """See ``Forge.create``."""
        self._repository.check_writable()
        facts = self._repository.facts
        where = {"slug": facts.slug, "project": {"key": facts.project}}
        body: dict[str, object] = {
            "title": spec.title,
            "description": spec.body,
            "fromRef": {"id": branch_ref(spec.head), "repository": where},
            "toRef": {"id": branch_ref(spec.base), "repository": where},
        }
        if spec.draft:
            body["draft"] = True
        path = self._repository.path("pull-requests")

        def ask() -> PullRequest:
            return self._repository.pull(self._client.post(path, body, doing=opening(spec)).record())

        def look() -> PullRequest | None:
            found = self.find(spec.head, spec.base)
            return next((pull for pull in found if pull.state is PullState.OPEN), None)

        return create_once(self._client, ask, look, _TAKEN)

    def update(self, number: int, patch: PullPatch) -> PullRequest:
        """See ``Forge.update``."""
        self._repository.check_writable()
        wanted = {"title": patch.title, "description": patch.body, "draft": patch.draft}
        changes: dict[str, object] = {name: value for name, value in wanted.items() if value is not None}
        if not changes:
            return self.get(number)
        record = self._repository.change(number, lambda record: {**content(record), **changes})
        return self._whole(self._repository.pull(record))

    def close(self, number: int) -> None:
        """See ``Forge.close``."""
        path, doing = self._repository.path("pull-requests", number, "decline"), f"declining pull request #{number}"
        for attempt in range(1, _TRIES + 1):
            record = self._repository.read(number)
            if record.text("state") != "OPEN":
                return
            version = record.whole("version")
            try:
                params = {"version": version}
                self._client.send("POST", path, doing=doing, params=params, body={"version": version}, repeatable=True)
            except ForgeRefused as refused:
                if refused.status != _CONFLICT or attempt == _TRIES:
                    raise
            else:
                return

    def decorate(self, pull: PullRequest, wanted: Decorations) -> tuple[str, ...]:
        """See ``Forge.decorate``."""
        return decorate(self._repository, pull, wanted)

    def comment_sticky(self, number: int, key: str, body: str | None) -> None:
        """See ``Forge.comment_sticky``."""
        comment_sticky(self._repository, number, key, body)

    def set_status(self, sha: str, status: CommitStatus) -> None:
        """See ``Forge.set_status``. Bitbucket wants an address: the repository's, where there is none."""
        body = {
            "key": status.context,
            "name": status.context,
            "state": _STATES[status.state],
            "description": described(status),
            "url": status.url or self._repository.facts.url,
        }
        path = self._repository.path("commits", sha, "builds")
        self._client.post(path, body, doing=f"setting the status {status.context}", repeatable=True)

    def enable_auto_merge(
        self,
        pull: PullRequest,
        method: MergeMethod,
        *,
        delete_branch: bool,  # noqa: ARG002 - a setting of the repository here
        fallback_merge: bool,
    ) -> AutoMerge:
        """See ``Forge.enable_auto_merge``. Whether the branch is deleted is a setting of the repository."""
        return enable_auto_merge(self._repository, pull, method, fallback_merge=fallback_merge)

    def disable_auto_merge(self, pull: PullRequest) -> None:
        """See ``Forge.disable_auto_merge``."""
        disable_auto_merge(self._repository, pull)

    def close_connections(self) -> None:
        """Close what is open."""
        self._client.close()

    def _whole(self, pull: PullRequest) -> PullRequest:
        """Add what a pull request does not say of itself."""
        if pull.state is PullState.OPEN and auto_merges(self._repository, pull.number):
            return replace(pull, auto_merge=True)
        return pull

    def _list(
        self, params: dict[str, str], fits: Callable[[PullRequest], bool], *, most: int | None = _HISTORY
    ) -> Iterator[PullRequest]:
        path = self._repository.path("pull-requests")
        found = self._repository.pages(path, doing="listing pull requests", params=params)
        for record in islice(found, most):
            pull = self._repository.pull(record)
            if pull.own and fits(pull):
                yield pull
