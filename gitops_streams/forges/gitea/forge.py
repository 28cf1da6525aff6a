"""Gitea and Forgejo, Codeberg's included: pull requests by the REST API, version 1.

Modelled on Gitea's source and on its description of the API; not tried on a live server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import httpx

from gitops_streams.forges.closing import close_once
from gitops_streams.forges.commit_status import described
from gitops_streams.forges.creation import create_once, opening
from gitops_streams.forges.forge import AutoMerge, CommitIdentity, GitCredential
from gitops_streams.forges.gitea.auto_merge import disable_auto_merge, enable_auto_merge
from gitops_streams.forges.gitea.comments import comment_sticky
from gitops_streams.forges.gitea.decorations import decorate
from gitops_streams.forges.gitea.repository import GiteaRepository, bare_title, draft_title, is_draft
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
)

_SCOPES = "give the token the scopes write:repository, write:issue and read:user"
_HINTS = Hints(
    words=(
        (r"required scope", _SCOPES),
        (r"is archived", "the repository is archived: unarchive it, or stop running here"),
        (r"no changes between", "the branch has nothing that its base has not; run again"),
        (r"allowed merge style|not an allowed merge", "choose a method that the repository allows, or allow it"),
        (r"protected", "a branch protection covers this branch: let the token's account push and merge there"),
        (r"not allowed to merge", "let the token's account merge into the protected branch"),
    ),
    requests=(
        (
            r"^POST .*/pulls$",
            frozenset({404}),
            "the base branch is gone (set pullRequest.base), or pull requests are turned off in the repository",
        ),
        (r"/pulls/\d+/merge$", frozenset({403, 405}), "let the token's account merge into the base branch"),
    ),
    statuses={
        401: "the token is not valid (any more), or belongs to another server: make a new one",
        403: f"{_SCOPES}, and its account write access to the repository",
        404: "check forge.repository; Gitea says so too where the token may not see the repository",
        423: "the repository is archived or locked: unarchive it, or stop running here",
    },
)
DIALECT = Dialect("Gitea", hint=_HINTS)
_CAPABILITIES = Capabilities("Gitea", body_limit=1_000_000, alerts=True, team_reviewers=True)
_TAKEN = frozenset({409, 422})
_PAGE = 50
_HISTORY = 6
"""Pages of closed pull requests, newest first: nothing filters them by branch here."""


class Gitea:
    """One repository on Gitea or Forgejo; implements ``Forge``, ``KnowsIdentity`` and ``LendsCredential``."""

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
            api_url: ``https://codeberg.org/api/v1``.
            repository: ``owner/name``.
            authorization: the credential.
            settings: for bounds and certificates.
            clock: the time; real by default.
            transport: carries the requests, for tests.
        """
        self._client = ForgeClient(api_url, authorization, DIALECT, settings, clock=clock, transport=transport)
        self._repository = GiteaRepository(self._client, repository)
        self._authorization = authorization

    @property
    def capabilities(self) -> Capabilities:
        """What Gitea can do."""
        return _CAPABILITIES

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, retries included."""
        return self._client.requests

    def account(self) -> str | None:
        """See ``Forge.account``."""
        viewer = self._repository.viewer
        return None if viewer is None else viewer.login

    def identity(self) -> CommitIdentity | None:
        """See ``KnowsIdentity.identity``."""
        viewer = self._repository.viewer
        return (
            CommitIdentity(viewer.name or viewer.login, viewer.email) if viewer is not None and viewer.email else None
        )

    def git_credential(self) -> GitCredential:
        """See ``LendsCredential.git_credential``. Any user name will do."""
        return GitCredential("oauth2", self._authorization.password())

    def find(self, head: str, base: str | None = None) -> tuple[PullRequest, ...]:
        """See ``Forge.find``. Of the closed ones, those among the repository's 300 newest."""

        def fits(pull: PullRequest) -> bool:
            return pull.head == head and base in {None, pull.base}

        found = [self._whole(pull) for pull in self._list("open", fits)]
        found += self._list("closed", fits, pages=_HISTORY)
        # One that was closed in between would be listed twice.
        by_number = {pull.number: pull for pull in found}
        return tuple(by_number[number] for number in sorted(by_number, reverse=True))

    def open_with_prefix(self, prefix: str) -> tuple[PullRequest, ...]:
        """See ``Forge.open_with_prefix``. Whether they auto-merge is not looked up."""
        found = self._list("open", lambda pull: pull.head.startswith(prefix))
        return tuple(sorted(found, key=lambda pull: pull.number))

    def get(self, number: int) -> PullRequest:
        """See ``Forge.get``."""
        return self._whole(self._repository.pull(self._repository.read(number)))

    def create(self, spec: PullSpec) -> PullRequest:
        """See ``Forge.create``."""
        self._repository.check_writable()
        title = draft_title(spec.title) if spec.draft else spec.title
        body = {"head": spec.head, "base": spec.base, "title": title, "body": spec.body}
        path = self._repository.path("pulls")

        def ask() -> PullRequest:
            return self._repository.pull(self._client.post(path, body, doing=opening(spec)).record())

        def look() -> PullRequest | None:
            found = self._list("open", lambda pull: (pull.head, pull.base) == (spec.head, spec.base))
            return next((self._whole(pull) for pull in found), None)

        return create_once(self._client, ask, look, _TAKEN)

    def update(self, number: int, patch: PullPatch) -> PullRequest:
        """See ``Forge.update``. Draft or not stands in the title, so that one is read to change the other."""
        self._repository.check_writable()
        body: dict[str, str] = {}
        if patch.body is not None:
            body["body"] = patch.body
        if patch.title is not None or patch.draft is not None:
            record = self._repository.read(number)
            was = is_draft(record)
            draft = was if patch.draft is None else patch.draft
            title = bare_title(record) if patch.title is None else patch.title
            if patch.title is not None or draft != was:
                body["title"] = draft_title(title) if draft else title
        if not body:
            return self.get(number)
        path, doing = self._repository.path("pulls", number), f"changing pull request #{number}"
        answer = self._client.patch(path, body, doing=doing, repeatable=True)
        return self._whole(self._repository.pull(answer.record()))

    def close(self, number: int) -> None:
        """See ``Forge.close``."""
        path, doing = self._repository.path("pulls", number), f"closing pull request #{number}"
        close_once(
            lambda: self._client.patch(path, {"state": "closed"}, doing=doing, repeatable=True),
            lambda: self._repository.pull(self._repository.read(number)),
        )

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
        self, pull: PullRequest, method: MergeMethod, *, delete_branch: bool, fallback_merge: bool
    ) -> AutoMerge:
        """See ``Forge.enable_auto_merge``."""
        return enable_auto_merge(
            self._repository, pull, method, delete_branch=delete_branch, fallback_merge=fallback_merge
        )

    def disable_auto_merge(self, pull: PullRequest) -> None:
        """See ``Forge.disable_auto_merge``."""
        disable_auto_merge(self._repository, pull)

    def close_connections(self) -> None:
        """Close what is open."""
        self._client.close()

    def _whole(self, pull: PullRequest) -> PullRequest:
        """Add what a pull request does not say of itself."""
        if pull.state is not PullState.OPEN or not self._repository.auto_merges(pull.number):
            return pull
        return self._repository.pull(self._repository.known(pull.number), auto_merge=True)

    def _list(
        self, state: str, fits: Callable[[PullRequest], bool], *, pages: int | None = None
    ) -> Iterator[PullRequest]:
        params: dict[str, str | int] = {"state": state, "limit": _PAGE}
        found = self._client.pages(self._repository.path("pulls"), doing="listing pull requests", params=params)
        for page in islice(found, pages):
            for record in page.records():
                pull = self._repository.pull(record)
                if pull.own and fits(pull):
                    yield pull
