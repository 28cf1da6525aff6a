"""The fake forge as a whole: one server on loopback, one store, every dialect, Git's own HTTP beside them."""

from __future__ import annotations

import ssl
import threading
import urllib.parse
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

from fake_forge.accounts import FULL, App, Token, TokenKind
from fake_forge.azure_devops import AzureDevOps
from fake_forge.bare import BareRepository
from fake_forge.bitbucket_cloud import BitbucketCloud
from fake_forge.bitbucket_data_center import BitbucketDataCenter
from fake_forge.exchange import Credential, Faults, Logged, Refused, credential_of, document_of, faulty
from fake_forge.git_http import GitHttp
from fake_forge.gitea import Gitea
from fake_forge.github_apps import new_keys
from fake_forge.github_dialect import GitHubDialect
from fake_forge.gitlab import GitLab
from fake_forge.records import Kind
from fake_forge.repository import Repository
from fake_forge.store import Store
from gitops_streams.demo.exchange import Answer, Request, Response
from gitops_streams.demo.server import Server


class FakeForge:
    """A forge on a free port of loopback, from ``with`` to its end.

    Attributes:
        faults: what is to go wrong.
        requests: every request that was answered, in order.
        violations: what clients asked that the forge's published description does not allow.
        store: everything that the forge remembers.
    """

    def __init__(self, folder: Path, *, tls: ssl.SSLContext | None = None) -> None:
        """Prepare a forge.

        Args:
            folder: where its repositories go.
            tls: a server context; plain HTTP without one.
        """
        self.faults = Faults()
        self.requests: list[Logged] = []
        self.violations: list[str] = []
        self.store = Store(folder / "forge")
        self._tls = tls
        self._log_lock = threading.Lock()
        self._git = GitHttp(self.store, self._authenticate)
        self._github = GitHubDialect(self.store, self._authenticate, self._violate)
        others = (GitLab, Gitea, BitbucketCloud, BitbucketDataCenter, AzureDevOps)
        self._dialects = [self._github, *(one(self.store, self._authenticate, self._violate) for one in others)]
        self._server: Server | None = None
        self.apps: list[App] = self._github.apps

    def __enter__(self) -> Self:
        self.store.folder.mkdir(parents=True, exist_ok=True)
        self._server = Server(("127.0.0.1", 0), self._answer, self._tls)
        self.store.url = f"{self._server.scheme}://{self._server.host}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()

    @property
    def url(self) -> str:
        """Scheme and host: ``http://127.0.0.1:40123``."""
        return self.store.url

    @property
    def host(self) -> str:
        """Address and port."""
        return self.store.url.partition("//")[2]

    def api_url(self, kind: Kind | str = Kind.GITHUB) -> str:
        """Return where a kind's REST API is."""
        return self.url + _API[Kind(kind)]

    @property
    def graphql_url(self) -> str:
        """Where GitHub's GraphQL is."""
        return f"{self.url}/api/graphql"

    @property
    def list_lag(self) -> int:
        """From how many lists a new pull request is absent (eventual consistency)."""
        return self.store.list_lag

    @list_lag.setter
    def list_lag(self, lists: int) -> None:
        self.store.list_lag = lists

    def create_repository(
        self,
        full_name: str,
        kind: Kind | str = Kind.GITHUB,
        *,
        private: bool = False,
        files: Mapping[str, bytes] | None = None,
    ) -> Repository:
        """Make a repository whose branch ``main`` has one commit.

        Args:
            full_name: ``acme/gitops``; GitLab takes subgroups, Azure DevOps wants ``org/project/name``.
            kind: the forge that it is on.
            private: whether it is seen only with a token for it.
            files: the first commit; a README without.
        """
        with self.store.lock:
            git = BareRepository(self.store.path_of(full_name))
            owner = self.store.account(full_name.partition("/")[0], "Organization")
            repository = Repository(self.store, full_name, Kind(kind), owner, private=private, git=git)
            self.store.repositories.append(repository)
            repository.human_push("main", files or {"README.md": b"# GitOps\n"}, message="Initial state")
            return repository

    def token(
        self,
        login: str = "alice",
        *,
        kind: TokenKind | str = TokenKind.PAT,
        permissions: Mapping[str, str] | None = None,
        repositories: Iterable[str] | None = None,
    ) -> Token:
        """Make a token; its ``value`` is what a client sends.

        Args:
            login: whose it is. ``actions`` tokens are always ``github-actions[bot]``'s.
            kind: what it is.
            permissions: ``{"contents": "write", …}``; everything without (an Action's token can never write workflows).
            repositories: full names that it is good for; all without.
        """
        token_kind = TokenKind(kind)
        with self.store.lock:
            if token_kind is TokenKind.ACTIONS:
                account = self.store.account("github-actions[bot]", "Bot")
                account.id = 41_898_282  # on github.com, and known as such to clients
                account.email = "41898282+github-actions[bot]@users.noreply.github.com"
            else:
                account = self.store.account(login, "Bot" if login.endswith("[bot]") else "User")
            held = dict(FULL if permissions is None else permissions)
            if token_kind is TokenKind.ACTIONS:
                held.pop("workflows", None)
                held.pop("members", None)
            names = None if repositories is None else frozenset(name.lower() for name in repositories)
            value = f"fake_{token_kind}_{self.store.next_id()}_{'s3cr3t' * 4}"
            token = Token(value, account, token_kind, held, names)
            self.store.tokens[value] = token
            return token

    def app(self, slug: str, repositories: Iterable[str], permissions: Mapping[str, str] | None = None) -> App:
        """Make a GitHub App and install it on repositories."""
        private, public = new_keys()
        with self.store.lock:
            app = App(
                id=self.store.next_id(),
                slug=slug,
                private_key=private,
                public_key=public,
                installation_id=self.store.next_id(),
                permissions=dict(FULL if permissions is None else permissions),
                repositories={name.lower() for name in repositories},
                bot=self.store.account(f"{slug}[bot]", "Bot"),
            )
            self.apps.append(app)
            return app

    def log(self, method: str = "", path: str = "") -> list[Logged]:
        """Return the requests of a method whose paths contain a text."""
        with self._log_lock:
            return [one for one in self.requests if method in {"", one.method} and path in one.path]

    # Answering

    def _answer(self, request: Request) -> Answer:
        action = self.faults.take(request)
        answered: list[Response] = []

        def answer() -> Response:
            answered.append(self._right_answer(request))
            return answered[-1]

        result = answer() if action is None else faulty(action, self._wait, answer)
        self._log(request, result.status if isinstance(result, Response) else 0)
        return result

    def _wait(self, seconds: float) -> None:
        if self._server is not None:
            self._server.closing.wait(seconds)

    def _right_answer(self, request: Request) -> Response:
        try:
            for dialect in self._dialects:
                if dialect.speaks(request):
                    return dialect.answer(request)
            return self._git.answer(request) or Response.json({"message": "Not Found"}, HTTPStatus.NOT_FOUND)
        except Refused as refusal:
            return refusal.response
        except Exception as error:  # noqa: BLE001 - a fault of the fake must fail the test that met it, not hang its client
            self._violate(f"the fake forge failed on {request.method} {request.path}: {error!r}")
            return Response.json({"message": f"fake forge: {error!r}"}, HTTPStatus.INTERNAL_SERVER_ERROR)

    def _violate(self, text: str) -> None:
        with self._log_lock:
            self.violations.append(text)

    def _authenticate(self, request: Request) -> Token | None:
        credential: Credential = credential_of(request)
        with self.store.lock:
            token = self.store.tokens.get(credential.value or "")
        return None if token is None or token.revoked else token

    def _log(self, request: Request, status: int) -> None:
        token = self._authenticate(request)
        one = Logged(
            method=request.method,
            path=urllib.parse.unquote(request.path),
            query=request.query,
            authentication=credential_of(request).scheme,
            account=token.account.login if token else None,
            body=document_of(request),
            status=status,
            host=request.header("Host") or "",
        )
        with self._log_lock:
            self.requests.append(one)


_API = {
    Kind.GITHUB: "/api/v3",
    Kind.GITLAB: "/api/v4",
    Kind.GITEA: "/api/v1",
    Kind.BITBUCKET_CLOUD: "/2.0",
    Kind.BITBUCKET_DATA_CENTER: "/rest/api/latest",
    Kind.AZURE_DEVOPS: "",
}
