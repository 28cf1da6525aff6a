"""Opens the forge that was detected: one line in ``FORGES`` for each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import httpx

from gitops_streams.errors import ForgeError
from gitops_streams.forges.azure_devops import AzureDevops, authorization_for
from gitops_streams.forges.bitbucket_cloud import BitbucketCloud
from gitops_streams.forges.bitbucket_data_center import BitbucketDataCenter
from gitops_streams.forges.detection.detect import Detected, Undetected, detect
from gitops_streams.forges.detection.tokens import read_token
from gitops_streams.forges.forge import Forge
from gitops_streams.forges.gitea import Gitea
from gitops_streams.forges.github import AppAuthorization, Github, read_key
from gitops_streams.forges.gitlab import Gitlab, check_token
from gitops_streams.forges.http.authorization import Authorization, TokenHeader, basic, bearer
from gitops_streams.forges.http.patience import Clock
from gitops_streams.forges.settings import ForgeKind, ForgeSettings


@dataclass(frozen=True, slots=True)
class Opening:
    """All that a forge needs to be opened."""

    detected: Detected
    settings: ForgeSettings
    environment: Mapping[str, str]
    clock: Clock | None
    transport: httpx.BaseTransport | None

    def token(self) -> str:
        """Read the token.

        Raises:
            ForgeError: there is none, or none that can be used here.
        """
        place = self.detected.token
        if place is None:
            raise ForgeError(f"there is no token for {self.detected.url}", hint=self.detected.token_hint)
        if place.app is not None:
            raise ForgeError(f"{self.detected.url} knows no GitHub Apps", hint="remove forge.app; use forge.tokenEnv")
        return read_token(place, self.environment)


def _open_github(opening: Opening) -> Forge:
    detected, app = opening.detected, opening.settings.app
    authorization = (
        bearer(opening.token())
        if app is None
        else AppAuthorization(
            app,
            read_key(app, opening.environment),
            api_url=detected.api_url,
            repository=detected.repository,
            settings=opening.settings,
            clock=opening.clock,
            transport=opening.transport,
        )
    )
    return Github(
        api_url=detected.api_url,
        graphql_url=detected.graphql_url or f"{detected.api_url}/graphql",
        repository=detected.repository,
        authorization=authorization,
        settings=opening.settings,
        clock=opening.clock,
        transport=opening.transport,
    )


class _Opener(Protocol):
    """A forge's class."""

    def __call__(
        self,
        *,
        api_url: str,
        repository: str,
        authorization: Authorization,
        settings: ForgeSettings,
        clock: Clock | None,
        transport: httpx.BaseTransport | None,
    ) -> Forge:
        """Open a repository on it."""


def _opened_with(forge: _Opener, authorize: Callable[[Opening], Authorization]) -> Callable[[Opening], Forge]:
    def opened(opening: Opening) -> Forge:
        return forge(
            api_url=opening.detected.api_url,
            repository=opening.detected.repository,
            authorization=authorize(opening),
            settings=opening.settings,
            clock=opening.clock,
            transport=opening.transport,
        )

    return opened


def _for_gitlab(opening: Opening) -> Authorization:
    # GitLab takes every kind of its tokens so, OAuth's included ("Personal/project/group access tokens").
    return bearer(check_token(opening.token(), opening.environment.get("CI_JOB_TOKEN")))


def _for_gitea(opening: Opening) -> Authorization:
    return TokenHeader("Authorization", "token ", opening.token())


def _for_bitbucket(opening: Opening) -> Authorization:
    username = opening.settings.username
    return bearer(opening.token()) if username is None else basic(username, opening.token())


def _for_azure(opening: Opening) -> Authorization:
    return authorization_for(opening.token())


FORGES: tuple[tuple[ForgeKind, Callable[[Opening], Forge]], ...] = (
    (ForgeKind.GITHUB, _open_github),
    (ForgeKind.GITLAB, _opened_with(Gitlab, _for_gitlab)),
    (ForgeKind.GITEA, _opened_with(Gitea, _for_gitea)),
    (ForgeKind.BITBUCKET_CLOUD, _opened_with(BitbucketCloud, _for_bitbucket)),
    (ForgeKind.BITBUCKET_DATA_CENTER, _opened_with(BitbucketDataCenter, _for_bitbucket)),
    (ForgeKind.AZURE_DEVOPS, _opened_with(AzureDevops, _for_azure)),
)
"""How each kind of forge is opened."""


def open_forge(
    settings: ForgeSettings,
    remote_url: str | None,
    environment: Mapping[str, str],
    *,
    clock: Clock | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Forge:
    """Open the forge that a repository is on; nothing is sent yet.

    Args:
        settings: the configuration.
        remote_url: of the remote that is pushed to; ``None`` where there is none.
        environment: of the process.
        clock: the time; real by default.
        transport: carries the requests, for tests.

    Raises:
        ForgeError: which forge it is cannot be told, it is not supported, or there is no token.
    """
    detected = detect(settings, remote_url, environment)
    if isinstance(detected, Undetected):
        raise ForgeError(detected.reason, hint=detected.hint)
    for kind, opener in FORGES:
        if kind is detected.kind:
            return opener(Opening(detected, settings, environment, clock, transport))
    raise ForgeError(f"{detected.kind} is not supported yet", hint="use --publish push, and open the request by hand")
