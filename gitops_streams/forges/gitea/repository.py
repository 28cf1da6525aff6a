"""One repository on Gitea or Forgejo as the other modules ask it: its API, who we are, its pull requests as values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from gitops_streams.errors import ForgeError
from gitops_streams.forges.http.answers import Record
from gitops_streams.forges.http.client import ForgeClient, segment
from gitops_streams.forges.http.refusal import ForgeRefused
from gitops_streams.forges.own_account import own_account
from gitops_streams.review.pull_request import PullRequest, PullState

_DRAFT = re.compile(r"(?:\[wip\]|wip:)\s*", re.IGNORECASE)
"""What makes a pull request a draft, at the start of its title (``WORK_IN_PROGRESS_PREFIXES``, as it is delivered)."""
_SCHEDULED = "pull_scheduled_merge"
_UNSCHEDULED = frozenset({"pull_cancel_scheduled_merge", "merge_pull"})


@dataclass(frozen=True, slots=True)
class Facts:
    """What the repository says of itself."""

    full_name: str
    """``owner/name`` as it is now."""
    archived: bool


@dataclass(frozen=True, slots=True)
class Account:
    """A user."""

    id: int
    login: str
    name: str
    email: str


class GiteaRepository:
    """The API of one repository."""

    def __init__(self, client: ForgeClient, name: str) -> None:
        """Prepare to ask.

        Args:
            client: for REST.
            name: ``owner/name``.
        """
        self.client = client
        self._name = name
        self._pulls: dict[int, Record] = {}

    @cached_property
    def facts(self) -> Facts:
        """What the repository is called, asked for once."""
        owner, _, name = self._name.partition("/")
        path = f"/repos/{segment(owner)}/{segment(name)}"
        record = self.client.get(path, doing=f"reading the repository {self._name}").record()
        return Facts(record.text("full_name"), record.flag("archived"))

    @cached_property
    def viewer(self) -> Account | None:
        """The account that the token acts as; ``None`` where the token may not ask (it needs ``read:user``)."""
        record = own_account(self.client)
        if record is None:
            return None
        name, email = record.text("full_name", default=""), record.text("email", default="")
        return Account(record.whole("id"), record.text("login"), name, email)

    @property
    def owner(self) -> str:
        """The user or organization that the repository belongs to."""
        return self.facts.full_name.partition("/")[0]

    def path(self, *parts: str | int) -> str:
        """Return the path of a part of the repository; each part becomes one segment."""
        owner, _, name = self.facts.full_name.partition("/")
        return "/".join(("", "repos", segment(owner), segment(name), *(segment(str(part)) for part in parts)))

    def check_writable(self) -> None:
        """Refuse before anything is made.

        Raises:
            ForgeError: the repository is archived.
        """
        if self.facts.archived:
            raise ForgeError(
                f"{self.client.dialect.name}: {self.facts.full_name} is archived",
                hint="unarchive the repository, or stop running here",
            )

    def read(self, number: int) -> Record:
        """Read a pull request anew."""
        return self.keep(self.client.get(self.path("pulls", number), doing=f"reading pull request #{number}").record())

    def known(self, number: int) -> Record:
        """Return what was read of a pull request last."""
        return self._pulls.get(number) or self.read(number)

    def keep(self, record: Record) -> Record:
        """Note what was read of a pull request."""
        self._pulls[record.whole("number")] = record
        return record

    def pull(self, record: Record, *, auto_merge: bool = False) -> PullRequest:
        """Read a pull request from what a list or a single answer has; its title comes without ``WIP:``."""
        self.keep(record)
        draft = is_draft(record)
        is_open = record.text("state") == "open"
        return PullRequest(
            number=record.whole("number"),
            url=record.text("html_url"),
            state=PullState.MERGED if record.flag("merged") else PullState.OPEN if is_open else PullState.CLOSED,
            title=bare_title(record) if draft else record.text("title"),
            body=record.text("body", default="").replace("\r\n", "\n"),
            # Once the branch is gone, ref is refs/pull/1/head; label stays the branch's name.
            head=record.text("head", "label", default="") or record.text("head", "ref"),
            head_sha=record.text("head", "sha"),
            base=record.text("base", "ref"),
            draft=draft,
            labels=frozenset(label.text("name") for label in record.records("labels")),
            author=(record.text("user", "login", default="") if record.has("user") else "") or None,
            own=record.whole("head", "repo_id", default=-1) == record.whole("base", "repo_id"),
            auto_merge=auto_merge and is_open,
        )

    def auto_merges(self, number: int) -> bool:
        """Say whether a merge is scheduled, which only the pull request's history tells.

        Source: ``commentStrings`` in Gitea's ``models/issues/comment.go``.
        """
        scheduled = False
        path, doing = self.path("issues", number, "timeline"), f"reading the history of #{number}"
        try:
            for page in self.client.pages(path, doing=doing, params={"limit": 50}):
                for event in page.records():
                    kind = event.text("type", default="")
                    scheduled = kind == _SCHEDULED or (scheduled and kind not in _UNSCHEDULED)
        except ForgeRefused as refused:
            if refused.status != 404:  # noqa: PLR2004 - not found: a release before auto-merge
                raise
        return scheduled


def is_draft(record: Record) -> bool:
    """Say whether a pull request is a draft; older releases tell it by the title alone."""
    return record.flag("draft") or _DRAFT.match(record.text("title")) is not None


def bare_title(record: Record) -> str:
    """Return the title without what makes it a draft."""
    title = record.text("title")
    marked = _DRAFT.match(title)
    return title[marked.end() :] if marked is not None else title


def draft_title(title: str) -> str:
    """Return the title that makes a pull request a draft."""
    return f"WIP: {title}"
