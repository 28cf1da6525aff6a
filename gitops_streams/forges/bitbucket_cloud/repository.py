"""One repository on Bitbucket Cloud as the other modules ask it: its API, who we are, its pull requests as values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import parse_qsl, urlsplit

from gitops_streams.forges.http.answers import Answer, Record
from gitops_streams.forges.http.client import ForgeClient, segment
from gitops_streams.forges.http.pages import Params
from gitops_streams.forges.http.refusal import ForgeRefused
from gitops_streams.forges.own_account import own_account
from gitops_streams.review.pull_request import PullRequest, PullState

_STATES = {"OPEN": PullState.OPEN, "MERGED": PullState.MERGED}
"""The others are ``DECLINED`` and ``SUPERSEDED``."""
_SHA = 40


@dataclass(frozen=True, slots=True)
class Facts:
    """What the repository says of itself."""

    full_name: str
    """``workspace/name`` as it is now."""
    url: str
    """For people."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account."""

    uuid: str
    nickname: str


class BitbucketCloudRepository:
    """The API of one repository."""

    def __init__(self, client: ForgeClient, name: str) -> None:
        """Prepare to ask.

        Args:
            client: for REST.
            name: ``workspace/name``.
        """
        self.client = client
        self._name = name
        self._pulls: dict[int, Record] = {}

    @cached_property
    def facts(self) -> Facts:
        """What the repository is called, asked for once."""
        record = self.client.get(_path(self._name), doing=f"reading the repository {self._name}").record()
        return Facts(record.text("full_name"), record.text("links", "html", "href"))

    @cached_property
    def viewer(self) -> Account | None:
        """The account that the token acts as; ``None`` where the token may not ask."""
        record = own_account(self.client, untold={401, 403, 404})
        return None if record is None else Account(record.text("uuid"), _name(record))

    @property
    def workspace(self) -> str:
        """The workspace that the repository belongs to."""
        return self.facts.full_name.partition("/")[0]

    def path(self, *parts: str | int) -> str:
        """Return the path of a part of the repository; each part becomes one segment."""
        return "/".join((_path(self.facts.full_name), *(segment(str(part)) for part in parts)))

    def pages(self, path: str, *, doing: str, params: Params | None = None) -> Iterator[Record]:
        """Read a list to its end; only the page's number is taken from the address of the next."""
        for page in self.client.pages_by(path, doing=doing, following=_next, params={"pagelen": 50, **(params or {})}):
            yield from page.record().records("values")

    def read(self, number: int) -> Record:
        """Read a pull request anew."""
        path = self.path("pullrequests", number)
        return self.keep(self.client.get(path, doing=f"reading pull request #{number}").record())

    def known(self, number: int) -> Record:
        """Return what was read of a pull request last."""
        return self._pulls.get(number) or self.read(number)

    def keep(self, record: Record) -> Record:
        """Note what was read of a pull request."""
        self._pulls[record.whole("id")] = record
        return record

    def put(self, number: int, body: Mapping[str, object], reviewers: Iterable[str]) -> Record:
        """Change a pull request; who is not named as a reviewer would be one no more."""
        path, doing = self.path("pullrequests", number), f"changing pull request #{number}"
        whole = {**body, "reviewers": [{"uuid": uuid} for uuid in reviewers]}
        return self.keep(self.client.put(path, whole, doing=doing, repeatable=True).record())

    def heads(self, prefix: str) -> dict[str, str]:
        """Return the commits of the branches whose names contain a text; pull requests tell 12 digits of them only."""
        params = {"q": f"name ~ {quoted(prefix)}"}
        branches = self.pages(self.path("refs", "branches"), doing="listing branches", params=params)
        return {branch.text("name"): branch.text("target", "hash") for branch in branches}

    def _head(self, branch: str) -> str | None:
        """Return the commit of a branch; ``None`` where there is no such branch."""
        path = self.path("refs", "branches", *branch.split("/"))
        try:
            return self.client.get(path, doing=f"reading the branch {branch}").record().text("target", "hash")
        except ForgeRefused as refused:
            if refused.status == 404:  # noqa: PLR2004 - not found
                return None
            raise

    def pull(self, record: Record, heads: dict[str, str] | None = None) -> PullRequest:
        """Read a pull request from what a list or a single answer has.

        Args:
            record: the answer.
            heads: the commits of branches; asked for where they are ``None`` and the answer has no whole commit.
        """
        self.keep(record)
        state = _STATES.get(record.text("state"), PullState.CLOSED)
        head = record.text("source", "branch", "name")
        # A fork that is gone is no repository at all.
        source = record.text("source", "repository", "full_name", default="")
        own = source.casefold() == self.facts.full_name.casefold()
        sha = record.text("source", "commit", "hash", default="") if record.has("source", "commit") else ""
        if len(sha) < _SHA and own and state is PullState.OPEN:
            sha = (self._head(head) if heads is None else heads.get(head)) or sha
        return PullRequest(
            number=record.whole("id"),
            url=record.text("links", "html", "href"),
            state=state,
            title=record.text("title"),
            body=body_of(record),
            head=head,
            head_sha=sha,
            base=record.text("destination", "branch", "name"),
            draft=record.flag("draft"),
            author=(_name(record.record("author")) if record.has("author") else "") or None,
            own=own,
        )


def body_of(record: Record) -> str:
    """Return the description, with the line ends of Unix."""
    text = record.text("description", default="") or (
        record.text("summary", "raw", default="") if record.has("summary") else ""
    )
    return text.replace("\r\n", "\n")


def reviewers(record: Record) -> list[str]:
    """Return the UUIDs of the reviewers."""
    return [uuid for uuid in (user.text("uuid", default="") for user in record.records("reviewers")) if uuid]


def quoted(text: str) -> str:
    """Return a string of Bitbucket's query language."""
    return json.dumps(text, ensure_ascii=False)


def _name(account: Record) -> str:
    return account.text("nickname", default="") or account.text("display_name", default="")


def _path(full_name: str) -> str:
    workspace, _, name = full_name.partition("/")
    return f"/repositories/{segment(workspace)}/{segment(name)}"


def _next(answer: Answer, params: Params) -> Params | None:
    following = answer.record().text("next", default="")
    try:
        page = dict(parse_qsl(urlsplit(following).query, max_num_fields=50)).get("page")
    except ValueError:
        return None
    return {**params, "page": page} if page else None
