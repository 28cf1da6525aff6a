"""One repository on GitHub as the other modules ask it: its API, what it is called, and its pull requests as values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from gitops_streams.errors import ForgeError
from gitops_streams.forges.github.graphql import Graphql, GraphqlRefused
from gitops_streams.forges.github.hints import ACTIONS_BOT
from gitops_streams.forges.http.answers import Record
from gitops_streams.forges.http.client import ForgeClient, segment
from gitops_streams.forges.http.refusal import ForgeRefused
from gitops_streams.review.pull_request import PullRequest, PullState

_ACTIONS_ID = 41_898_282
"""The user id of ``github-actions[bot]`` on github.com."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the repository says of itself."""

    full_name: str
    """``owner/name`` as it is now: a renamed repository answers under its old name too, but finds nothing by it."""
    owner: str
    node_id: str
    archived: bool


class GithubRepository:
    """The API of one repository."""

    def __init__(
        self, client: ForgeClient, graphql: Graphql, name: str, *, login: Callable[[], str] | None = None
    ) -> None:
        """Prepare to ask.

        Args:
            client: for REST.
            graphql: for what REST has not.
            name: ``owner/name``.
            login: tells the account's login, where that is known otherwise than by asking with the token.
        """
        self.client = client
        self._login = login
        self.graphql = graphql
        self._name = name
        self._pulls: dict[int, Record] = {}

    @cached_property
    def facts(self) -> Facts:
        """What the repository is called, asked for once."""
        owner, _, name = self._name.partition("/")
        path = f"/repos/{segment(owner)}/{segment(name)}"
        record = self.client.get(path, doing=f"reading the repository {self._name}").record()
        full_name = record.text("full_name")
        return Facts(full_name, full_name.partition("/")[0], record.text("node_id"), record.flag("archived"))

    def path(self, *parts: str | int) -> str:
        """Return the path of a part of the repository; each part becomes one segment."""
        owner, _, name = self.facts.full_name.partition("/")
        return "/".join(("", "repos", segment(owner), segment(name), *(segment(str(part)) for part in parts)))

    def ref_path(self, kind: str, branch: str) -> str:
        """Return the path of a branch below ``git/ref`` (reading) or ``git/refs`` (changing)."""
        return self.path("git", kind, "heads", *branch.split("/"))

    def check_writable(self) -> None:
        """Refuse before anything is made.

        Raises:
            ForgeError: the repository is archived.
        """
        if self.facts.archived:
            raise ForgeError(
                f"GitHub: {self.facts.full_name} is archived", hint="unarchive the repository, or stop running here"
            )

    def pull(self, record: Record) -> PullRequest:
        """Read a pull request from what a list or a single answer has."""
        number = record.whole("number")
        self._pulls[number] = record
        merged = record.has("merged_at")
        is_open = record.text("state") == "open"
        author = record.text("user", "login", default="") if record.has("user") else ""
        return PullRequest(
            number=number,
            url=record.text("html_url"),
            state=PullState.MERGED if merged else PullState.OPEN if is_open else PullState.CLOSED,
            title=record.text("title"),
            body=record.text("body", default="").replace("\r\n", "\n"),
            head=record.text("head", "ref"),
            head_sha=record.text("head", "sha"),
            base=record.text("base", "ref"),
            draft=record.flag("draft"),
            labels=frozenset(label.text("name") for label in record.records("labels")),
            author=author or None,
            # A fork that is gone has no repository at all.
            own=record.has("head", "repo") and record.whole("head", "repo", "id") == record.whole("base", "repo", "id"),
            auto_merge=record.has("auto_merge"),
        )

    def read_pull(self, number: int) -> Record:
        """Read a pull request anew."""
        record = self.client.get(self.path("pulls", number), doing=f"reading pull request #{number}").record()
        self._pulls[number] = record
        return record

    def known_pull(self, number: int) -> Record:
        """Return what was read of a pull request last."""
        return self._pulls.get(number) or self.read_pull(number)

    def branch_head(self, branch: str) -> str | None:
        """Return the commit that a branch has; ``None`` where there is no such branch."""
        try:
            answer = self.client.get(self.ref_path("ref", branch), doing=f"reading the branch {branch}")
        except ForgeRefused as refused:
            if refused.status == 404:  # noqa: PLR2004 - not found
                return None
            raise
        return answer.record().text("object", "sha")

    @cached_property
    def viewer(self) -> Viewer | None:
        """The account that the token acts as; ``None`` where GitHub does not tell such a token.

        ``GET /user`` refuses installation tokens, among them a workflow's ``GITHUB_TOKEN``; GraphQL's ``viewer``
        answers them with the bot (public reports of 2021 and 2026; not in GitHub's documentation).
        """
        doing = "asking who the token is"
        try:
            path = "/user" if self._login is None else f"/users/{segment(self._login())}"
            record = self.client.get(path, doing=doing).record()
            return Viewer(record.text("login"), record.whole("id"))
        except ForgeRefused as refused:
            if refused.status not in {403, 404}:
                raise
        try:
            found = self.graphql.query("query { viewer { login databaseId } }", {}, doing=doing).record("viewer")
        except (GraphqlRefused, ForgeRefused):
            return None
        login = found.text("login")
        return Viewer(login, found.whole("databaseId", default=_ACTIONS_ID if login == ACTIONS_BOT else 0))


@dataclass(frozen=True, slots=True)
class Viewer:
    """An account."""

    login: str
    """``octocat``, ``renovate[bot]``."""
    id: int
    """Of the user (of an App's bot user, not the App's); 0 where it is not known."""
