"""Each kind of forge as the fake plays it, opened by our own code: what a contract is tried on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import httpx
from fake_forge import FakeForge, Kind, Repository, Token

from gitops_streams.forges.forge import Forge
from gitops_streams.forges.http.patience import Clock
from gitops_streams.forges.open import open_forge
from gitops_streams.forges.settings import ForgeKind, ForgeSettings

NAMES = {
    Kind.GITHUB: "acme/gitops",
    Kind.GITLAB: "acme/platform/gitops",
    Kind.GITEA: "acme/gitops",
    Kind.BITBUCKET_CLOUD: "acme/gitops",
    Kind.BITBUCKET_DATA_CENTER: "ACME/gitops",
    Kind.AZURE_DEVOPS: "acme/My Project/gitops",
}
CREATE = {
    Kind.GITHUB: r"POST .*/pulls$",
    Kind.GITLAB: r"POST .*/merge_requests$",
    Kind.GITEA: r"POST .*/pulls$",
    Kind.BITBUCKET_CLOUD: r"POST .*/pullrequests$",
    Kind.BITBUCKET_DATA_CENTER: r"POST .*/pull-requests$",
    Kind.AZURE_DEVOPS: r"POST .*/pullrequests\?",
}
"""The request that opens a pull request, for faults."""
BRANCH = "gitops-streams/main/all"


class Interrupted(httpx.HTTPTransport):
    """Lets somebody else act before each request."""

    def __init__(self, meanwhile: Callable[[httpx.Request], None]) -> None:
        super().__init__()
        self._meanwhile = meanwhile

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Let them, then send it."""
        self._meanwhile(request)
        return super().handle_request(request)


@dataclass(frozen=True)
class ForgeWorld:
    """A private repository on one kind of forge, whose branch ``gitops-streams/main/all`` is one commit ahead."""

    kind: Kind
    forge: FakeForge
    repository: Repository
    clock: Clock
    opened: list[Forge]

    def connect(
        self,
        token: Token | None = None,
        *,
        name: str | None = None,
        username: str | None = None,
        meanwhile: Callable[[httpx.Request], None] | None = None,
    ) -> Forge:
        """Open the repository as the command line does, with a token of everything by default."""
        settings = ForgeSettings(
            kind=ForgeKind(self.kind.value),
            url=self.forge.url,
            api_url=self.forge.api_url(self.kind),
            graphql_url=self.forge.graphql_url if self.kind is Kind.GITHUB else None,
            repository=name or self.repository.full_name,
            username=username,
            token_env="TOKEN",
        )
        value = (token or self.forge.token("machine")).value
        transport = None if meanwhile is None else Interrupted(meanwhile)
        self.opened.append(open_forge(settings, None, {"TOKEN": value}, clock=self.clock, transport=transport))
        return self.opened[-1]

    @property
    def head(self) -> str:
        """Where the branch is."""
        found = self.repository.git.branch(BRANCH)
        assert found is not None
        return found

    @property
    def writes(self) -> list[str]:
        """The requests so far that changed something."""
        return [f"{one.method} {one.path}" for one in self.forge.requests if one.method != "GET"]

    def require_a_check(self) -> None:
        """Have a merge wait for a check, as this kind of forge does it."""
        if self.kind is Kind.GITLAB:
            self.repository.set_pipeline(self.head, "running")
        else:
            self.repository.protect("main", required_statuses=("ci",))

    def pass_the_check(self) -> None:
        """Let that check pass."""
        if self.kind is Kind.GITLAB:
            self.repository.set_pipeline(self.head, "success")
        else:
            self.repository.set_status(self.head, "ci")


def forge_world(forge: FakeForge, kind: Kind, clock: Clock) -> ForgeWorld:
    """Make a repository on a kind of forge."""
    made = forge.create_repository(NAMES[kind], kind, private=True)
    made.human_push(BRANCH, {"deploy/web.yaml": b"image: a@sha256:1\n"})
    return ForgeWorld(kind, forge, made, clock, [])
