"""GitHub, on github.com and on GitHub Enterprise Server: pull requests by the REST API, the rest by its neighbours.

Source: GitHub's OpenAPI description of the API version 2022-11-28, which Enterprise Server has too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

import httpx

from gitops_streams.errors import ForgeError
from gitops_streams.forges.commit_status import described
from gitops_streams.forges.creation import opening
from gitops_streams.forges.forge import AutoMerge, BranchLost, CommitIdentity, GitCredential, TreeFile
from gitops_streams.forges.github.app import API_HEADERS, AppAuthorization
from gitops_streams.forges.github.auto_merge import disable_auto_merge, enable_auto_merge
from gitops_streams.forges.github.comments import comment_sticky
from gitops_streams.forges.github.commits import commit
from gitops_streams.forges.github.decorations import decorate
from gitops_streams.forges.github.graphql import Graphql
from gitops_streams.forges.github.hints import hint
from gitops_streams.forges.github.repository import GithubRepository
from gitops_streams.forges.http.authorization import Authorization
from gitops_streams.forges.http.client import ForgeClient
from gitops_streams.forges.http.dialect import Dialect
from gitops_streams.forges.http.patience import Clock
from gitops_streams.forges.http.refusal import AnswerLost, ForgeRefused
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
)

DIALECT = Dialect(
    "GitHub",
    API_HEADERS,
    # "Best practices for using the REST API": at least one second between requests that change something.
    change_pause=1.0,
    hint=hint,
)
_CAPABILITIES = Capabilities("GitHub", body_limit=65_536, alerts=True, team_reviewers=True)
_UNPROCESSABLE = 422
_TRIES = 3
_LAG = 2.0
"""Seconds after which GitHub knows of a branch or pull request that was just made."""
_HISTORY = 3
"""Pages of one branch's pull requests, newest first: what was closed 300 pull requests ago decides nothing."""
_TO_DRAFT = "mutation($id: ID!) { convertPullRequestToDraft(input: {pullRequestId: $id}) { pullRequest { isDraft } } }"
_TO_READY = (
    "mutation($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) { pullRequest { isDraft } } }"
)


class Github:
    """One repository on GitHub; implements ``Forge``, ``CommitsByApi``, ``KnowsIdentity`` and ``LendsCredential``."""

    def __init__(
        self,
        *,
        api_url: str,
        graphql_url: str,
        repository: str,
        authorization: Authorization,
        settings: ForgeSettings,
        clock: Clock | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Prepare to talk; nothing is sent yet.

        Args:
            api_url: ``https://api.github.com``, ``https://HOST/api/v3``.
            graphql_url: ``https://api.github.com/graphql``, ``https://HOST/api/graphql``.
            repository: ``owner/name``.
            authorization: the credential.
            settings: for bounds and certificates.
            clock: the time; real by default.
            transport: carries the requests, for tests.
        """
        self._client = ForgeClient(api_url, authorization, DIALECT, settings, clock=clock, transport=transport)
        self._app = app = authorization if isinstance(authorization, AppAuthorization) else None
        login = None if app is None else lambda: app.login
        self._repository = GithubRepository(self._client, Graphql(self._client, graphql_url), repository, login=login)
        self._authorization = authorization

    @property
    def capabilities(self) -> Capabilities:
        """What GitHub can do."""
        return _CAPABILITIES

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, those for an App's token included."""
        return self._client.requests + (self._app.requests if self._app is not None else 0)

    def account(self) -> str | None:
        """See ``Forge.account``."""
        viewer = self._repository.viewer
        return None if viewer is None else viewer.login

    def identity(self) -> CommitIdentity | None:
        """See ``KnowsIdentity.identity``."""
        viewer = self._repository.viewer
        if viewer is None or not viewer.id:
            return None
        return CommitIdentity(viewer.login, f"{viewer.id}+{viewer.login}@users.noreply.github.com")

    def git_credential(self) -> GitCredential:
        """See ``LendsCredential.git_credential``."""
        return GitCredential("x-access-token", self._authorization.password())

    def find(self, head: str, base: str | None = None) -> tuple[PullRequest, ...]:
        """See ``Forge.find``."""
        params: dict[str, str | int] = {"state": "all", "sort": "created", "direction": "desc", "per_page": 100}
        params["head"] = f"{self._repository.facts.owner}:{head}"
        if base is not None:
            params["base"] = base
        fits = self._list(params, lambda pull: pull.head == head and base in {None, pull.base}, pages=_HISTORY)
        return tuple(fits)

    def open_with_prefix(self, prefix: str) -> tuple[PullRequest, ...]:
        """See ``Forge.open_with_prefix``."""
        params: dict[str, str | int] = {"state": "open", "sort": "created", "direction": "asc", "per_page": 100}
        return tuple(self._list(params, lambda pull: pull.head.startswith(prefix)))

    def get(self, number: int) -> PullRequest:
        """See ``Forge.get``."""
        return self._repository.pull(self._repository.read_pull(number))

    def create(self, spec: PullSpec) -> PullRequest:
        """See ``Forge.create``."""
        self._repository.check_writable()
        body = {"title": spec.title, "head": spec.head, "base": spec.base, "body": spec.body, "draft": spec.draft}
        doing = opening(spec)
        for attempt in range(1, _TRIES + 1):
            try:
                answer = self._client.post(self._repository.path("pulls"), body, doing=doing)
                return self._repository.pull(answer.record())
            except AnswerLost:
                found = self._already_open(spec)
                if found is not None:
                    return found
                if attempt == _TRIES or not self._client.wait(_LAG):
                    raise
            except ForgeRefused as refused:
                if refused.status != _UNPROCESSABLE:
                    raise
                found = self._already_open(spec) if "already exists" in refused.refusal.said else None
                if found is not None:
                    return found
                # What was pushed a moment ago may not be known everywhere yet.
                if not _passing(refused) or attempt == _TRIES or not self._client.wait(_LAG):
                    raise
        raise ForgeError(f"GitHub: {doing} failed")  # pragma: no cover - the last try raises

    def update(self, number: int, patch: PullPatch) -> PullRequest:
        """See ``Forge.update``."""
        self._repository.check_writable()
        wanted = {"title": patch.title, "body": patch.body}
        body = {name: value for name, value in wanted.items() if value is not None}
        if body:
            path, doing = self._repository.path("pulls", number), f"changing pull request #{number}"
            pull = self._repository.pull(self._client.patch(path, body, doing=doing, repeatable=True).record())
        else:
            pull = self.get(number)
        if patch.draft is None or patch.draft == pull.draft:
            return pull
        doing = f"making pull request #{number} {'a draft' if patch.draft else 'ready for review'}"
        mutation = _TO_DRAFT if patch.draft else _TO_READY
        node = self._repository.known_pull(number).text("node_id")
        self._repository.graphql.mutate(mutation, {"id": node}, doing=doing, repeatable=True)
        return replace(pull, draft=patch.draft)

    def close(self, number: int) -> None:
        """See ``Forge.close``."""
        path = self._repository.path("pulls", number)
        try:
            self._client.patch(path, {"state": "closed"}, doing=f"closing pull request #{number}", repeatable=True)
        except ForgeRefused as refused:
            if refused.status != _UNPROCESSABLE or self.get(number).state is PullState.OPEN:
                raise

    def decorate(self, pull: PullRequest, wanted: Decorations) -> tuple[str, ...]:
        """See ``Forge.decorate``."""
        return decorate(self._repository, pull, wanted)

    def comment_sticky(self, number: int, key: str, body: str | None) -> None:
        """See ``Forge.comment_sticky``."""
        comment_sticky(self._repository, number, key, body)

    def set_status(self, sha: str, status: CommitStatus) -> None:
        """See ``Forge.set_status``."""
        body = {"state": status.state.value, "context": status.context, "description": described(status)}
        if status.url is not None:
            body["target_url"] = status.url
        path = self._repository.path("statuses", sha)
        self._client.post(path, body, doing=f"setting the status {status.context}", repeatable=True)

    def enable_auto_merge(
        self,
        pull: PullRequest,
        method: MergeMethod,
        *,
        delete_branch: bool,  # noqa: ARG002 - a setting of the repository on GitHub
        fallback_merge: bool,
    ) -> AutoMerge:
        """See ``Forge.enable_auto_merge``. Whether the branch is deleted is a setting of the repository."""
        return enable_auto_merge(self._repository, pull, method, fallback_merge=fallback_merge)

    def disable_auto_merge(self, pull: PullRequest) -> None:
        """See ``Forge.disable_auto_merge``."""
        disable_auto_merge(self._repository, pull)

    def commit(
        self,
        *,
        branch: str,
        expected: str | None,
        parent: str,
        files: tuple[TreeFile, ...],
        message: str,
        tree: str,
    ) -> str | BranchLost:
        """See ``CommitsByApi.commit``: signed where the token is a bot's, unsigned where it is a person's."""
        self._repository.check_writable()
        return commit(
            self._repository,
            branch=branch,
            expected=expected,
            parent=parent,
            files=files,
            message=message,
            tree=tree,
        )

    def close_connections(self) -> None:
        """Close what is open."""
        self._client.close()
        if self._app is not None:
            self._app.close()

    def _already_open(self, spec: PullSpec) -> PullRequest | None:
        """Look for an open pull request of the same branch and base; every open one, where the filter finds none."""
        for pull in self.find(spec.head, spec.base):
            if pull.state is PullState.OPEN:
                return pull
        # The filter by head fails for some forks (create-pull-request compares every label, too).
        every = self.open_with_prefix(spec.head)
        return next((pull for pull in every if pull.head == spec.head and pull.base == spec.base), None)

    def _list(
        self, params: dict[str, str | int], fits: Callable[[PullRequest], bool], *, pages: int | None = None
    ) -> Iterator[PullRequest]:
        found = self._client.pages(self._repository.path("pulls"), doing="listing pull requests", params=params)
        for page in islice(found, pages):
            for record in page.records():
                pull = self._repository.pull(record)
                if pull.own and fits(pull):
                    yield pull


def _passing(refused: ForgeRefused) -> bool:
    said = refused.refusal.said.casefold()
    return "could not resolve to a node" in said or "head invalid" in said
