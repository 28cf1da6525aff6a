"""Bitbucket Data Center: pull requests by the REST API.

Modelled on Atlassian's published description of the API (releases 8 to 10); not tried on a live server. What it does
not describe is from public reports: the header ``X-AUSERNAME``, the limit of 32768 characters, HTML shown as it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice

import httpx

from gitops_streams.forges.best_effort import each_or_all
from gitops_streams.forges.bitbucket_data_center.auto_merge import auto_merges, disable_auto_merge, enable_auto_merge
from gitops_streams.forges.bitbucket_data_center.repository import (
    BitbucketDataCenterRepository,
    branch_ref,
    content,
    reviewers,
)
from gitops_streams.forges.creation import create_once, opening
from gitops_streams.forges.forge import AutoMerge, GitCredential
from gitops_streams.forges.http.answers import Record
from gitops_streams.forges.http.authorization import Authorization
from gitops_streams.forges.http.client import Dialect, ForgeClient
from gitops_streams.forges.http.hints import Hints
from gitops_streams.forges.http.patience import Clock
from gitops_streams.forges.http.refusal import ForgeRefused
from gitops_streams.forges.settings import ForgeSettings
from gitops_streams.forges.sticky_comments import Comment, keep_one, unknown_account
from gitops_streams.review.pull_request import (
    Capabilities,
    CommitStatus,
    Decorations,
    MergeMethod,
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
_DESCRIPTION = 140


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
        """See ``Forge.decorate``. There are reviewers alone; pull requests have no labels and milestones here."""
        warnings = [f"{name} could not be assigned: Bitbucket has no assignees" for name in wanted.assignees]
        author = (pull.author or "").casefold()
        names = tuple(name for name in wanted.reviewers if name.casefold() != author)
        there = {name.casefold() for name in reviewers(self._repository.known(pull.number))} if names else set()
        missing = tuple(name for name in names if name.casefold() not in there)

        def ask(some: tuple[str, ...]) -> None:
            def made(record: Record) -> dict[str, object]:
                everybody = [*reviewers(record), *(name for name in some if name not in reviewers(record))]
                return {**content(record), "reviewers": [{"user": {"name": name}} for name in everybody]}

            self._repository.change(pull.number, made)

        return (*warnings, *each_or_all(missing, ask))

    def comment_sticky(self, number: int, key: str, body: str | None) -> None:
        """See ``Forge.comment_sticky``."""
        account = self._repository.server.account
        if account is None:
            raise unknown_account("Bitbucket", number, "let the header X-AUSERNAME of its answers pass the proxy")
        keep_one(_Comments(self._repository, number), account.casefold(), key, body, hidden=False)

    def set_status(self, sha: str, status: CommitStatus) -> None:
        """See ``Forge.set_status``. Bitbucket wants an address: the repository's, where there is none."""
        description = status.description
        if len(description) > _DESCRIPTION:
            description = description[: _DESCRIPTION - 1] + "…"
        body = {
            "key": status.context,
            "name": status.context,
            "state": _STATES[status.state],
            "description": description,
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


class _Comments:
    """The comments of a pull request, which are found among all that happened to it."""

    def __init__(self, repository: BitbucketDataCenterRepository, number: int) -> None:
        self._repository = repository
        self._number = number

    def all(self) -> Iterable[Comment]:
        """Read those that belong to no line and answer no other, oldest first."""
        path = self._repository.path("pull-requests", self._number, "activities")
        found: dict[int, Comment] = {}
        for event in self._repository.pages(path, doing=f"reading the comments of #{self._number}"):
            added = (
                event.text("action", default="") == "COMMENTED"
                and event.text("commentAction", default="ADDED") == "ADDED"
            )
            if added and event.has("comment") and not event.has("commentAnchor"):
                comment = event.record("comment")
                author = comment.text("author", "name", default="").casefold()
                number, version = comment.whole("id"), comment.whole("version")
                found[number] = Comment(number, comment.text("text", default=""), author, version)
        return [found[number] for number in sorted(found)]

    def add(self, text: str) -> None:
        """Write a new one."""
        self._repository.client.post(self._path(), {"text": text}, doing=f"commenting on #{self._number}")

    def change(self, comment: Comment, text: str) -> None:
        """Rewrite one."""
        body, doing = {"text": text, "version": comment.version}, f"changing our comment on #{self._number}"
        self._repository.client.put(self._path(comment.id), body, doing=doing, repeatable=True)

    def remove(self, comment: Comment) -> None:
        """Remove one; one that was answered stays, as Bitbucket has it."""
        path, doing = self._path(comment.id), f"removing our comment on #{self._number}"
        params = {"version": comment.version}
        try:
            self._repository.client.send("DELETE", path, doing=doing, params=params, repeatable=True)
        except ForgeRefused as refused:
            if refused.status != _CONFLICT:
                raise

    def _path(self, *parts: int) -> str:
        return self._repository.path("pull-requests", self._number, "comments", *parts)
