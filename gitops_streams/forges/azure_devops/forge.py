"""Azure DevOps: pull requests of Azure Repos by the REST API, version 7.1.

Modelled on Microsoft's documentation and on the types of its client; not tried on a live server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice

import httpx

from gitops_streams.forges.azure_devops.auto_complete import disable_auto_complete, enable_auto_complete
from gitops_streams.forges.azure_devops.comments import comment_sticky
from gitops_streams.forges.azure_devops.decorations import decorate
from gitops_streams.forges.azure_devops.repository import AzureRepository, branch_name, branch_ref
from gitops_streams.forges.closing import close_once
from gitops_streams.forges.commit_status import described
from gitops_streams.forges.creation import create_once, opening
from gitops_streams.forges.forge import AutoMerge, GitCredential
from gitops_streams.forges.http.answers import Record
from gitops_streams.forges.http.authorization import Authorization, basic, bearer
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

_RIGHTS = (
    "give the account Contribute, Create branch and Contribute to pull requests on the repository (in a pipeline: to "
    "the project's Build Service), and a personal token the scope Code: read and write"
)
_HINTS = Hints(
    words=(
        (r"tf401398|no longer exists", "a branch is gone: run again, or set pullRequest.base to one that exists"),
        (r"disabled", "the repository is disabled: enable it, or stop running here"),
        (r"tf401019|vs800075|does not exist", "check forge.repository; the token may not see the project either"),
        (r"tf401027|you need the git|permission", _RIGHTS),
        (r"tf402455|pushes to this branch are not permitted", "let the account bypass the branch's policies, or wait"),
        (
            r"maximum of 4000|description.*(long|length)",
            "the text is over Azure's limit of 4000 characters; please report this",
        ),
    ),
    requests=(
        (r"/statuses$", frozenset({401, 403}), "give a personal token the scope Code: status"),
        (r"/teams", frozenset({401, 403}), "give a personal token the scope Project and team: read"),
    ),
    statuses={
        401: f"the token is not valid (any more), or has no such scope; {_RIGHTS}",
        403: _RIGHTS,
        404: "check forge.repository: organization/project/name",
    },
)
DIALECT = Dialect("Azure DevOps", hint=_HINTS)
_CAPABILITIES = Capabilities("Azure DevOps", body_limit=4000, milestones=False, team_reviewers=True)
_TAKEN = frozenset({409})
_HISTORY = 300
_STATES = {StatusState.SUCCESS: "succeeded", StatusState.FAILURE: "failed", StatusState.PENDING: "pending"}


class AzureDevops:
    """One repository on Azure DevOps; implements ``Forge`` and ``LendsCredential``."""

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
            api_url: ``https://dev.azure.com``.
            repository: ``organization/project/name``.
            authorization: the credential.
            settings: for bounds and certificates.
            clock: the time; real by default.
            transport: carries the requests, for tests.
        """
        self._client = ForgeClient(api_url, authorization, DIALECT, settings, clock=clock, transport=transport)
        self._repository = AzureRepository(self._client, repository)
        self._authorization = authorization

    @property
    def capabilities(self) -> Capabilities:
        """What Azure DevOps can do."""
        return _CAPABILITIES

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, retries included."""
        return self._client.requests

    def account(self) -> str | None:
        """See ``Forge.account``."""
        return self._repository.viewer.name

    def git_credential(self) -> GitCredential:
        """See ``LendsCredential.git_credential``. Any user name will do."""
        return GitCredential("gitops-streams", self._authorization.password())

    def find(self, head: str, base: str | None = None) -> tuple[PullRequest, ...]:
        """See ``Forge.find``."""
        params = {"searchCriteria.status": "all", "searchCriteria.sourceRefName": branch_ref(head)}
        if base is not None:
            params["searchCriteria.targetRefName"] = branch_ref(base)
        found = self._list(
            params,
            lambda record: (
                branch_name(record, "sourceRefName") == head and base in {None, branch_name(record, "targetRefName")}
            ),
            most=_HISTORY,
        )
        return tuple(sorted(found, key=lambda pull: pull.number, reverse=True))

    def open_with_prefix(self, prefix: str) -> tuple[PullRequest, ...]:
        """See ``Forge.open_with_prefix``."""
        params = {"searchCriteria.status": "active"}
        found = self._list(params, lambda record: branch_name(record, "sourceRefName").startswith(prefix))
        return tuple(sorted(found, key=lambda pull: pull.number))

    def get(self, number: int) -> PullRequest:
        """See ``Forge.get``."""
        return self._repository.pull(self._repository.read(number))

    def create(self, spec: PullSpec) -> PullRequest:
        """See ``Forge.create``."""
        self._repository.check_writable()
        body = {
            "sourceRefName": branch_ref(spec.head),
            "targetRefName": branch_ref(spec.base),
            "title": spec.title,
            "description": spec.body,
            "isDraft": spec.draft,
        }
        path = self._repository.path("pullrequests")

        def ask() -> PullRequest:
            return self._repository.pull(self._repository.post(path, body, doing=opening(spec)).record())

        def look() -> PullRequest | None:
            found = self.find(spec.head, spec.base)
            return next((pull for pull in found if pull.state is PullState.OPEN), None)

        return create_once(self._client, ask, look, _TAKEN)

    def update(self, number: int, patch: PullPatch) -> PullRequest:
        """See ``Forge.update``."""
        self._repository.check_writable()
        wanted = {"title": patch.title, "description": patch.body, "isDraft": patch.draft}
        body = {name: value for name, value in wanted.items() if value is not None}
        if not body:
            return self.get(number)
        path, doing = self._repository.path("pullrequests", number), f"changing pull request !{number}"
        return self._repository.pull(self._repository.patch(path, body, doing=doing).record())

    def close(self, number: int) -> None:
        """See ``Forge.close``."""
        path, doing = self._repository.path("pullrequests", number), f"abandoning pull request !{number}"
        close_once(lambda: self._repository.patch(path, {"status": "abandoned"}, doing=doing), lambda: self.get(number))

    def decorate(self, pull: PullRequest, wanted: Decorations) -> tuple[str, ...]:
        """See ``Forge.decorate``."""
        return decorate(self._repository, pull, wanted)

    def comment_sticky(self, number: int, key: str, body: str | None) -> None:
        """See ``Forge.comment_sticky``."""
        comment_sticky(self._repository, number, key, body)

    def set_status(self, sha: str, status: CommitStatus) -> None:
        """See ``Forge.set_status``."""
        genre, _, name = status.context.rpartition("/")
        body: dict[str, object] = {
            "state": _STATES[status.state],
            "description": described(status),
            "context": {"genre": genre, "name": name},
        }
        if status.url is not None:
            body["targetUrl"] = status.url
        path = self._repository.path("commits", sha, "statuses")
        self._repository.post(path, body, doing=f"setting the status {status.context}", repeatable=True)

    def enable_auto_merge(
        self, pull: PullRequest, method: MergeMethod, *, delete_branch: bool, fallback_merge: bool
    ) -> AutoMerge:
        """See ``Forge.enable_auto_merge``."""
        return enable_auto_complete(
            self._repository, pull, method, delete_branch=delete_branch, fallback_merge=fallback_merge
        )

    def disable_auto_merge(self, pull: PullRequest) -> None:
        """See ``Forge.disable_auto_merge``."""
        disable_auto_complete(self._repository, pull)

    def close_connections(self) -> None:
        """Close what is open."""
        self._client.close()

    def _list(
        self, params: Mapping[str, str], fits: Callable[[Record], bool], *, most: int | None = None
    ) -> Iterator[PullRequest]:
        path = self._repository.path("pullrequests")
        found = self._repository.pages(path, doing="listing pull requests", params=params)
        for record in islice(found, most):
            if fits(record):
                pull = self._repository.listed(record)
                if pull.own:
                    yield pull


def authorization_for(token: str) -> Authorization:
    """Return how a token is shown: a pipeline's and Entra's are JSON Web Tokens, a personal one is a password."""
    return bearer(token) if token.startswith("eyJ") and token.count(".") == 2 else basic("", token)  # noqa: PLR2004
