"""One project on GitLab as the other modules ask it: its API, who we are, and its merge requests as values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from gitops_streams.errors import ForgeError
from gitops_streams.forges.http.answers import Record
from gitops_streams.forges.http.client import ForgeClient, segment
from gitops_streams.forges.own_account import own_account
from gitops_streams.review.pull_request import PullRequest, PullState

_DRAFT = re.compile(r"(?:\s*(?:\[draft\]|\(draft\)|draft:))+\s*", re.IGNORECASE)
"""What makes a merge request a draft, at the start of its title (GitLab, "Draft merge requests")."""
_STATES = {"merged": PullState.MERGED, "closed": PullState.CLOSED}
"""The others are ``opened`` and ``locked``, which it is while it is being merged."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the project says of itself."""

    id: int
    archived: bool


@dataclass(frozen=True, slots=True)
class Account:
    """A user; a project's or a group's access token is one, too."""

    id: int
    username: str
    name: str
    email: str
    """Empty where GitLab does not tell it."""


class GitlabProject:
    """The API of one project."""

    def __init__(self, client: ForgeClient, name: str) -> None:
        """Prepare to ask.

        Args:
            client: for REST.
            name: ``group/subgroup/name``.
        """
        self.client = client
        self._name = name
        self._requests: dict[int, Record] = {}

    @cached_property
    def facts(self) -> Facts:
        """What the project is, asked for once; its number stays the same where it is renamed."""
        record = self.client.get(f"/projects/{segment(self._name)}", doing=f"reading the project {self._name}").record()
        return Facts(record.whole("id"), record.flag("archived"))

    @cached_property
    def viewer(self) -> Account | None:
        """The account that the token acts as; ``None`` where the token may not ask."""
        record = own_account(self.client)
        if record is None:
            return None
        email = record.text("commit_email", default="") or record.text("email", default="")
        return Account(record.whole("id"), record.text("username"), record.text("name", default=""), email)

    def path(self, *parts: str | int) -> str:
        """Return the path of a part of the project; each part becomes one segment."""
        return "/".join(("", "projects", str(self.facts.id), *(segment(str(part)) for part in parts)))

    def check_writable(self) -> None:
        """Refuse before anything is made.

        Raises:
            ForgeError: the project is archived.
        """
        if self.facts.archived:
            raise ForgeError(f"GitLab: {self._name} is archived", hint="unarchive the project, or stop running here")

    def read(self, number: int) -> Record:
        """Read a merge request anew."""
        path = self.path("merge_requests", number)
        return self.keep(self.client.get(path, doing=f"reading merge request !{number}").record())

    def known(self, number: int) -> Record:
        """Return what was read of a merge request last."""
        return self._requests.get(number) or self.read(number)

    def keep(self, record: Record) -> Record:
        """Note what was read of a merge request."""
        self._requests[record.whole("iid")] = record
        return record

    def pull(self, record: Record) -> PullRequest:
        """Read a merge request from what a list or a single answer has; its title comes without ``Draft:``."""
        self.keep(record)
        draft = is_draft(record)
        return PullRequest(
            number=record.whole("iid"),
            url=record.text("web_url"),
            state=_STATES.get(record.text("state"), PullState.OPEN),
            title=bare_title(record) if draft else record.text("title"),
            body=record.text("description", default="").replace("\r\n", "\n"),
            head=record.text("source_branch"),
            head_sha=record.text("sha", default=""),
            base=record.text("target_branch"),
            draft=draft,
            labels=frozenset(_labels(record)),
            author=record.text("author", "username", default="") or None,
            own=record.whole("source_project_id", default=0) == self.facts.id,
            auto_merge=record.flag("merge_when_pipeline_succeeds"),
        )


def is_draft(record: Record) -> bool:
    """Say whether a merge request is a draft."""
    return record.flag("draft") or record.flag("work_in_progress")


def bare_title(record: Record) -> str:
    """Return the title without what makes it a draft."""
    title = record.text("title")
    marked = _DRAFT.match(title)
    return title[marked.end() :] if marked is not None else title


def draft_title(title: str) -> str:
    """Return the title that makes a merge request a draft."""
    return f"Draft: {title}"


def _labels(record: Record) -> list[str]:
    found = record.value.get("labels")
    return [label for label in found if isinstance(label, str)] if isinstance(found, list) else []
