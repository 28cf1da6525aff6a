"""Bitbucket Cloud: pull requests by the REST API, version 2.0.

Modelled on Atlassian's published description of the API; not tried on a live server. What it does not describe is from
public reports: an update without reviewers takes them away, commits are told by 12 digits, HTML is shown as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import httpx

from gitops_streams.forges.bitbucket_cloud.comments import comment_sticky
from gitops_streams.forges.bitbucket_cloud.decorations import decorate
from gitops_streams.forges.bitbucket_cloud.repository import BitbucketCloudRepository, body_of, quoted, reviewers
from gitops_streams.forges.closing import close_once
from gitops_streams.forges.commit_status import described
from gitops_streams.forges.creation import create_once, opening
from gitops_streams.forges.forge import AutoMerge, GitCredential, NotAutoMerging
from gitops_streams.forges.http.authorization import Authorization
from gitops_streams.forges.http.client import ForgeClient
from gitops_streams.forges.http.dialect import Dialect
from gitops_streams.forges.http.hints import Hints
from gitops_streams.forges.http.patience import Clock
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

_SCOPES = "give the token the permissions Repositories: read and write, Pull requests: read and write"
_HINTS = Hints(
    words=(
        (r"required (oauth )?scopes|privilege scopes|lack one or more", _SCOPES),
        (r"no changes to be pulled", "the branch has nothing that its base has not; run again"),
        (r"destination.*(not found|does not exist)", "the base branch is gone: set pullRequest.base"),
        (r"source.*(not found|does not exist)|branch not found", "the branch is gone: run again"),
        (r"branch restriction|restricted", "let the token's account push and merge there (Branch restrictions)"),
        (r"too (long|large)", "the text is over Bitbucket's limit; please report this"),
    ),
    statuses={
        401: (
            "the token is not valid (any more); an API token also needs forge.username, its account's e-mail address, "
            "and app passwords are refused since June 2026"
        ),
        403: _SCOPES,
        404: "check forge.repository; Bitbucket says so too where the token may not see the repository",
    },
)
DIALECT = Dialect("Bitbucket Cloud", hint=_HINTS)
_CAPABILITIES = Capabilities(
    "Bitbucket Cloud",
    body_limit=50_000,  # undocumented; what Renovate keeps to
    details=False,
    task_lists=False,
    hidden_comments=False,
    labels=False,
    milestones=False,
    auto_merge=False,
)
_TAKEN = frozenset({400, 409})
_HISTORY = 300
_STATES = {StatusState.SUCCESS: "SUCCESSFUL", StatusState.FAILURE: "FAILED", StatusState.PENDING: "INPROGRESS"}
_KEY = 40
_STATES_ASKED = "?state=OPEN&state=MERGED&state=DECLINED&state=SUPERSEDED"
"""Without them, a list shows the open ones."""


class BitbucketCloud:
    """One repository on Bitbucket Cloud; implements ``Forge`` and ``LendsCredential``."""

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
            api_url: ``https://api.bitbucket.org/2.0``.
            repository: ``workspace/name``.
            authorization: the credential.
            settings: for bounds and certificates, and whether there is a user name.
            clock: the time; real by default.
            transport: carries the requests, for tests.
        """
        self._client = ForgeClient(api_url, authorization, DIALECT, settings, clock=clock, transport=transport)
        self._repository = BitbucketCloudRepository(self._client, repository)
        self._authorization = authorization
        # What Git signs in with: "Using API tokens", "Using access tokens".
        self._git_user = "x-token-auth" if settings.username is None else "x-bitbucket-api-token-auth"

    @property
    def capabilities(self) -> Capabilities:
        """What Bitbucket Cloud can do."""
        return _CAPABILITIES

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, retries included."""
        return self._client.requests

    def account(self) -> str | None:
        """See ``Forge.account``."""
        viewer = self._repository.viewer
        return None if viewer is None else viewer.nickname

    def git_credential(self) -> GitCredential:
        """See ``LendsCredential.git_credential``."""
        return GitCredential(self._git_user, self._authorization.password())

    def find(self, head: str, base: str | None = None) -> tuple[PullRequest, ...]:
        """See ``Forge.find``."""
        query = f"source.branch.name = {quoted(head)}"
        if base is not None:
            query += f" AND destination.branch.name = {quoted(base)}"
        found = self._list(
            _STATES_ASKED, query, "-created_on", lambda pull: pull.head == head and base in {None, pull.base}
        )
        return tuple(sorted(found, key=lambda pull: pull.number, reverse=True))

    def open_with_prefix(self, prefix: str) -> tuple[PullRequest, ...]:
        """See ``Forge.open_with_prefix``."""
        heads = self._repository.heads(prefix)
        query = f"source.branch.name ~ {quoted(prefix)}"
        found = self._list("", query, "created_on", lambda pull: pull.head.startswith(prefix), heads)
        return tuple(sorted(found, key=lambda pull: pull.number))

    def get(self, number: int) -> PullRequest:
        """See ``Forge.get``."""
        return self._repository.pull(self._repository.read(number))

    def create(self, spec: PullSpec) -> PullRequest:
        """See ``Forge.create``. Looks first: Bitbucket does not say what it does with a second one."""
        body = {
            "title": spec.title,
            "description": spec.body,
            "source": {"branch": {"name": spec.head}},
            "destination": {"branch": {"name": spec.base}},
            "draft": spec.draft,
        }
        path = self._repository.path("pullrequests")

        def ask() -> PullRequest:
            return look() or self._repository.pull(self._client.post(path, body, doing=opening(spec)).record())

        def look() -> PullRequest | None:
            found = self.find(spec.head, spec.base)
            return next((pull for pull in found if pull.state is PullState.OPEN), None)

        return create_once(self._client, ask, look, _TAKEN)

    def update(self, number: int, patch: PullPatch) -> PullRequest:
        """See ``Forge.update``."""
        record = self._repository.read(number)
        if patch == PullPatch():
            return self._repository.pull(record)
        body: dict[str, object] = {
            "title": record.text("title") if patch.title is None else patch.title,
            "description": body_of(record) if patch.body is None else patch.body,
        }
        if patch.draft is not None:
            body["draft"] = patch.draft
        return self._repository.pull(self._repository.put(number, body, reviewers(record)))

    def close(self, number: int) -> None:
        """See ``Forge.close``. A pull request that was declined stays so for good."""
        path, doing = self._repository.path("pullrequests", number, "decline"), f"declining pull request #{number}"
        close_once(lambda: self._client.post(path, {}, doing=doing, repeatable=True), lambda: self.get(number))

    def decorate(self, pull: PullRequest, wanted: Decorations) -> tuple[str, ...]:
        """See ``Forge.decorate``."""
        return decorate(self._repository, pull, wanted)

    def comment_sticky(self, number: int, key: str, body: str | None) -> None:
        """See ``Forge.comment_sticky``."""
        comment_sticky(self._repository, number, key, body)

    def set_status(self, sha: str, status: CommitStatus) -> None:
        """See ``Forge.set_status``. Bitbucket wants an address: the repository's, where there is none."""
        body = {
            "key": status.context[:_KEY],
            "name": status.context,
            "state": _STATES[status.state],
            "description": described(status),
            "url": status.url or self._repository.facts.url,
        }
        path = self._repository.path("commit", sha, "statuses", "build")
        self._client.post(path, body, doing=f"setting the status {status.context}", repeatable=True)

    def enable_auto_merge(
        self,
        pull: PullRequest,  # noqa: ARG002 - the protocol's
        method: MergeMethod,  # noqa: ARG002 - the protocol's
        *,
        delete_branch: bool,  # noqa: ARG002 - the protocol's
        fallback_merge: bool,  # noqa: ARG002 - it refuses for another reason
    ) -> AutoMerge:
        """See ``Forge.enable_auto_merge``."""
        return NotAutoMerging("Bitbucket Cloud has no auto-merge that its API could order")

    def disable_auto_merge(self, pull: PullRequest) -> None:
        """See ``Forge.disable_auto_merge``. It is never on."""

    def close_connections(self) -> None:
        """Close what is open."""
        self._client.close()

    def _list(
        self,
        states: str,
        query: str,
        sort: str,
        fits: Callable[[PullRequest], bool],
        heads: dict[str, str] | None = None,
    ) -> Iterator[PullRequest]:
        path = self._repository.path("pullrequests") + states
        found = self._repository.pages(path, doing="listing pull requests", params={"q": query, "sort": sort})
        for record in islice(found, None if heads is not None else _HISTORY):
            pull = self._repository.pull(record, heads)
            if pull.own and fits(pull):
                yield pull
