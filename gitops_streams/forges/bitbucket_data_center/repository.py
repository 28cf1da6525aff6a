"""One repository on Bitbucket Data Center as the other modules ask it: API, who we are, pull requests as values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote

from gitops_streams.errors import ForgeError
from gitops_streams.forges.http.answers import Answer, Record
from gitops_streams.forges.http.client import ForgeClient, segment
from gitops_streams.forges.http.pages import Params
from gitops_streams.forges.http.refusal import ForgeRefused
from gitops_streams.review.pull_request import PullRequest, PullState

_BRANCH = "refs/heads/"
_STATES = {"OPEN": PullState.OPEN, "MERGED": PullState.MERGED}
"""The third is ``DECLINED``."""
_CONFLICT = 409
_TRIES = 4


@dataclass(frozen=True, slots=True)
class Facts:
    """What the repository says of itself."""

    id: int
    project: str
    slug: str
    archived: bool
    url: str
    """For people."""


@dataclass(frozen=True, slots=True)
class Server:
    """What the server says of itself, and of who asks."""

    version: tuple[int, int]
    """The first two numbers."""
    account: str | None
    """The name of the account that asked; ``None`` where the server does not say."""


class BitbucketDataCenterRepository:
    """The API of one repository."""

    def __init__(self, client: ForgeClient, name: str) -> None:
        """Prepare to ask.

        Args:
            client: for REST.
            name: ``PROJECT/name``, ``~user/name``.
        """
        self.client = client
        self._name = name
        self._pulls: dict[int, Record] = {}

    @cached_property
    def facts(self) -> Facts:
        """What the repository is, asked for once."""
        project, _, slug = self._name.partition("/")
        path = f"/projects/{segment(project)}/repos/{segment(slug)}"
        record = self.client.get(path, doing=f"reading the repository {self._name}").record()
        links = record.record("links").records("self") if record.has("links") else ()
        return Facts(
            record.whole("id"),
            record.text("project", "key"),
            record.text("slug"),
            record.flag("archived"),
            links[0].text("href") if links else self.client.api_url,
        )

    @cached_property
    def server(self) -> Server:
        """What server it is, asked for once."""
        answer = self.client.get("/application-properties", doing="asking for the version")
        major, _, rest = answer.record().text("version").partition(".")
        minor = rest.partition(".")[0]
        # Every answer to an account carries its name; nothing else tells it.
        account = unquote(answer.headers.get("x-ausername", "")) or None
        known = major.isdecimal() and minor.isdecimal()
        return Server((int(major[:6]), int(minor[:6])) if known else (0, 0), account)

    def path(self, *parts: str | int) -> str:
        """Return the path of a part of the repository; each part becomes one segment."""
        facts = self.facts
        start = ("", "projects", segment(facts.project), "repos", segment(facts.slug))
        return "/".join((*start, *(segment(str(part)) for part in parts)))

    def check_writable(self) -> None:
        """Refuse before anything is made.

        Raises:
            ForgeError: the repository is archived.
        """
        if self.facts.archived:
            raise ForgeError(
                f"Bitbucket: {self._name} is archived", hint="unarchive the repository, or stop running here"
            )

    def pages(self, path: str, *, doing: str, params: Params | None = None) -> Iterator[Record]:
        """Read a list to its end."""
        for page in self.client.pages_by(path, doing=doing, following=_next, params={"limit": 100, **(params or {})}):
            yield from page.record().records("values")

    def read(self, number: int) -> Record:
        """Read a pull request anew."""
        path = self.path("pull-requests", number)
        return self.keep(self.client.get(path, doing=f"reading pull request #{number}").record())

    def known(self, number: int) -> Record:
        """Return what was read of a pull request last."""
        return self._pulls.get(number) or self.read(number)

    def keep(self, record: Record) -> Record:
        """Note what was read of a pull request."""
        self._pulls[record.whole("id")] = record
        return record

    def change(self, number: int, make: Callable[[Record], dict[str, object]]) -> Record:
        """Change a pull request: every change names the version that it is made of, and is refused for an older one.

        Args:
            number: of the pull request.
            make: makes what is to be sent from what is there, without the version.

        Raises:
            ForgeRefused: Bitbucket said no, or somebody else kept changing it.
        """
        record = self.read(number)
        path, doing = self.path("pull-requests", number), f"changing pull request #{number}"
        for attempt in range(1, _TRIES + 1):
            version = record.whole("version")
            try:
                body = {**make(record), "version": version}
                return self.keep(self.client.put(path, body, doing=doing, repeatable=True).record())
            except ForgeRefused as refused:
                # The same status says that a reviewer may not be one.
                record = self.read(number) if refused.status == _CONFLICT else record
                if record.whole("version") == version or attempt == _TRIES:
                    raise
        raise AssertionError  # pragma: no cover - the last try raises

    def pull(self, record: Record, *, auto_merge: bool = False) -> PullRequest:
        """Read a pull request from what a list or a single answer has."""
        self.keep(record)
        state = _STATES.get(record.text("state"), PullState.CLOSED)
        links = record.record("links").records("self") if record.has("links") else ()
        return PullRequest(
            number=record.whole("id"),
            url=links[0].text("href") if links else f"{self.facts.url}/pull-requests/{record.whole('id')}",
            state=state,
            title=record.text("title"),
            body=record.text("description", default="").replace("\r\n", "\n"),
            head=record.text("fromRef", "id").removeprefix(_BRANCH),
            head_sha=record.text("fromRef", "latestCommit"),
            base=record.text("toRef", "id").removeprefix(_BRANCH),
            draft=record.flag("draft"),
            author=record.text("author", "user", "name", default="") or None,
            own=record.whole("fromRef", "repository", "id") == self.facts.id,
            auto_merge=auto_merge and state is PullState.OPEN,
        )


def content(record: Record) -> dict[str, object]:
    """Return what an update has to repeat: what it leaves out is taken away."""
    return {
        "title": record.text("title"),
        "description": record.text("description", default=""),
        "reviewers": [{"user": {"name": name}} for name in reviewers(record)],
    }


def reviewers(record: Record) -> list[str]:
    """Return the names of the reviewers."""
    return [reviewer.text("user", "name") for reviewer in record.records("reviewers")]


def branch_ref(branch: str) -> str:
    """Return the whole name of a branch."""
    return _BRANCH + branch


def _next(answer: Answer, params: Params) -> Params | None:
    page = answer.record()
    if page.flag("isLastPage") or not page.has("nextPageStart"):
        return None
    return {**params, "start": page.whole("nextPageStart")}
