"""One repository on Azure DevOps as the other modules ask it: its API, who we are, its pull requests as values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from gitops_streams.errors import ForgeError
from gitops_streams.forges.http.answers import Answer, Record
from gitops_streams.forges.http.client import ForgeClient, segment
from gitops_streams.forges.http.pages import Params
from gitops_streams.forges.http.refusal import ForgeRefused, ForgeUnreachable
from gitops_streams.review.pull_request import PullRequest, PullState

API_VERSION = "7.1"
NOBODY = "00000000-0000-0000-0000-000000000000"
_BRANCH = "refs/heads/"
_STATES = {"active": PullState.OPEN, "completed": PullState.MERGED}
"""The third is ``abandoned``."""
_PAGE = 100
_CUT = 400
"""How much of a description a list shows."""
_SIGN_IN = (
    "the token is not valid (any more), which Azure DevOps answers with its page to sign in: make a new one; "
    "or check forge.apiUrl"
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the repository says of itself."""

    id: str
    project_id: str
    url: str
    """For people."""
    disabled: bool


@dataclass(frozen=True, slots=True)
class Identity:
    """A person, or a service's account."""

    id: str
    name: str


class AzureRepository:
    """The API of one repository."""

    def __init__(self, client: ForgeClient, name: str) -> None:
        """Prepare to ask.

        Args:
            client: for REST.
            name: ``organization/project/name``.
        """
        self.client = client
        self._name = name
        self._organization, self._project, self._repository = (segment(part) for part in name.split("/"))
        self._pulls: dict[int, Record] = {}

    @cached_property
    def facts(self) -> Facts:
        """What the repository is, asked for once."""
        try:
            record = self._send("GET", self.path(), doing=f"reading the repository {self._name}").record()
        except ForgeRefused:
            raise
        except ForgeUnreachable as error:
            if "not JSON" in error.message or "redirected" in error.message:
                raise ForgeUnreachable(error.message, hint=_SIGN_IN) from None
            raise
        web = record.text("webUrl", default="")
        fallback = f"{self.client.api_url}/{self._organization}/{self._project}/_git/{self._repository}"
        return Facts(record.text("id"), record.text("project", "id"), web or fallback, record.flag("isDisabled"))

    @cached_property
    def viewer(self) -> Identity:
        """The account that the token acts as."""
        path = f"/{self._organization}/_apis/connectionData"
        user = self.client.get(path, doing="asking who the token is").record().record("authenticatedUser")
        return Identity(user.text("id"), user.text("providerDisplayName", default="") or user.text("id"))

    def path(self, *parts: str | int) -> str:
        """Return the path of a part of the repository; each part becomes one segment."""
        start = f"/{self._organization}/{self._project}/_apis/git/repositories/{self._repository}"
        return "/".join((start, *(segment(str(part)) for part in parts)))

    def project_path(self, *parts: str) -> str:
        """Return the path of a part of the project, outside of Git."""
        return "/".join((f"/{self._organization}/{self._project}/_apis", *(segment(part) for part in parts)))

    def teams_path(self, *parts: str) -> str:
        """Return the path of the project's teams."""
        start = f"/{self._organization}/_apis/projects/{self._project}/teams"
        return "/".join((start, *(segment(part) for part in parts)))

    def check_writable(self) -> None:
        """Refuse before anything is made.

        Raises:
            ForgeError: the repository is disabled.
        """
        if self.facts.disabled:
            raise ForgeError(
                f"Azure DevOps: {self._name} is disabled", hint="enable the repository, or stop running here"
            )

    def get(self, path: str, *, doing: str, version: str = API_VERSION, **params: str) -> Record:
        """Read something."""
        return self._send("GET", path, doing=doing, params=params, version=version).record()

    def post(self, path: str, body: object, *, doing: str, repeatable: bool = False) -> Answer:
        """Make something."""
        return self._send("POST", path, doing=doing, body=body, repeatable=repeatable)

    def put(self, path: str, body: object, *, doing: str) -> Answer:
        """Replace something."""
        return self._send("PUT", path, doing=doing, body=body, repeatable=True)

    def patch(self, path: str, body: object, *, doing: str) -> Answer:
        """Change something."""
        return self._send("PATCH", path, doing=doing, body=body, repeatable=True)

    def delete(self, path: str, *, doing: str) -> Answer:
        """Remove something."""
        return self._send("DELETE", path, doing=doing, repeatable=True)

    def pages(self, path: str, *, doing: str, params: Params | None = None) -> Iterator[Record]:
        """Read a list to its end, which a page that is not full is."""
        first: Params = {"api-version": API_VERSION, "$top": _PAGE, "$skip": 0, **(params or {})}
        for page in self.client.pages_by(path, doing=doing, following=_next, params=first):
            yield from page.record().records("value")

    def read(self, number: int) -> Record:
        """Read a pull request anew, with its whole description, which a list cuts."""
        path = self.path("pullrequests", number)
        return self.keep(self.get(path, doing=f"reading pull request !{number}"))

    def known(self, number: int) -> Record:
        """Return what was read of a pull request last."""
        return self._pulls.get(number) or self.read(number)

    def keep(self, record: Record) -> Record:
        """Note what was read of a pull request."""
        self._pulls[record.whole("pullRequestId")] = record
        return record

    def labels(self, number: int) -> frozenset[str]:
        """Read the labels of a pull request, which it does not say of itself."""
        path = self.path("pullrequests", number, "labels")
        found = self.get(path, doing=f"reading the labels of !{number}").records("value")
        return frozenset(label.text("name") for label in found if not label.has("active") or label.flag("active"))

    def pull(self, record: Record) -> PullRequest:
        """Read a pull request from what a single answer has; asks for its labels while it is open."""
        self.keep(record)
        number = record.whole("pullRequestId")
        state = _STATES.get(record.text("status"), PullState.CLOSED)
        is_open = state is PullState.OPEN
        has_head = record.has("lastMergeSourceCommit")
        by = record.text("autoCompleteSetBy", "id", default="") if record.has("autoCompleteSetBy") else ""
        return PullRequest(
            number=number,
            url=f"{self.facts.url}/pullrequest/{number}",
            state=state,
            title=record.text("title"),
            body=record.text("description", default="").replace("\r\n", "\n"),
            head=record.text("sourceRefName").removeprefix(_BRANCH),
            head_sha=record.text("lastMergeSourceCommit", "commitId", default="") if has_head else "",
            base=record.text("targetRefName").removeprefix(_BRANCH),
            draft=record.flag("isDraft"),
            labels=self.labels(number) if is_open else frozenset(),
            author=(record.text("createdBy", "uniqueName", default="") if record.has("createdBy") else "") or None,
            own=not record.has("forkSource"),
            auto_merge=is_open and by not in {"", NOBODY},
        )

    def listed(self, record: Record) -> PullRequest:
        """Read a pull request from a list: once more on its own, where the list does not show what is needed."""
        if record.text("status") != "active":
            # Of a closed one, the marker is all that matters, and it stands first.
            text = record.text("description", default="")
            if len(text) < _CUT or "-->" in text:
                return self.pull(record)
        return self.pull(self.read(record.whole("pullRequestId")))

    def _send(
        self,
        method: str,
        path: str,
        *,
        doing: str,
        params: Params | None = None,
        body: object = None,
        repeatable: bool = False,
        version: str = API_VERSION,
    ) -> Answer:
        asked = {"api-version": version, **(params or {})}
        reads = method == "GET"
        return self.client.send(
            method, path, doing=doing, params=asked, body=body, repeatable=repeatable or reads, changes=not reads
        )


def branch_ref(branch: str) -> str:
    """Return the whole name of a branch."""
    return _BRANCH + branch


def branch_name(record: Record, field: str) -> str:
    """Return the short name of a branch that a pull request names."""
    return record.text(field).removeprefix(_BRANCH)


def _next(answer: Answer, params: Params) -> Params | None:
    most = int(params["$top"])
    return {**params, "$skip": int(params["$skip"]) + most} if len(answer.record().records("value")) >= most else None
