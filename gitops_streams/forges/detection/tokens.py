"""Where the token for a forge stands: where it is configured, in our variable, or in the one that is its host's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gitops_streams.errors import ForgeError
from gitops_streams.forges.detection.ci import CiForge
from gitops_streams.forges.settings import AppSettings, ForgeKind, ForgeSettings

OURS = "GITOPS_STREAMS_TOKEN"
"""The variable that is meant for us, whatever the forge."""

_LONGEST = 64 * 1024
_ACTIONS = ("GITHUB_TOKEN",)
_GITLAB = ("GITLAB_TOKEN", "GITLAB_ACCESS_TOKEN")
_GITEA = ("GITEA_TOKEN", "FORGEJO_TOKEN")


@dataclass(frozen=True, slots=True)
class TokenPlace:
    """Where a token stands; it is not held here."""

    variable: str | None = None
    file: Path | None = None
    app: AppSettings | None = None

    def __str__(self) -> str:
        """Name the place, for people."""
        if self.app is not None:
            return f"the GitHub App {self.app.app_id}"
        return f"the file {self.file}" if self.file is not None else f"the variable {self.variable}"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a token would be sent."""

    kind: ForgeKind
    url: str
    """For people."""
    apis: tuple[str, ...]
    """All addresses that get the token."""
    ci: CiForge | None
    """The forge whose job this is, whether it is this one or not."""

    @property
    def in_its_job(self) -> bool:
        """Whether this is a job of this very forge."""
        return self.ci is not None and self.ci.kind is self.kind and self.ci.is_at(self.url, ssh=False)

    @property
    def stays(self) -> bool:
        """Whether the API is on the forge's own host, so that the host's own tokens may go there."""
        host = urlsplit(self.url).hostname
        known = {host, f"api.{host}"}
        if self.ci is not None and self.in_its_job:
            known |= {urlsplit(url).hostname for url in (self.ci.api_url, self.ci.graphql_url) if url is not None}
        return all(urlsplit(url).hostname in known for url in self.apis)


def token_place(settings: ForgeSettings, to: Destination, environment: Mapping[str, str]) -> TokenPlace | None:
    """Find the place of the token for a forge.

    A variable that another host's tools fill is not looked at: ``GITHUB_TOKEN`` is github.com's, or, in a job, that of
    the job's server; on an Enterprise Server outside of its jobs it is ``GH_ENTERPRISE_TOKEN`` (as ``gh`` has it).

    Args:
        settings: the configured place wins.
        to: where the token would be sent.
        environment: where variables are looked up.
    """
    if settings.app is not None:
        return TokenPlace(app=settings.app)
    if settings.token_file is not None:
        return TokenPlace(file=settings.token_file)
    if settings.token_env is not None:
        return TokenPlace(variable=settings.token_env)
    names = (OURS, *usual_variables(to, environment))
    return next((TokenPlace(variable=name) for name in names if environment.get(name)), None)


def usual_variables(to: Destination, environment: Mapping[str, str]) -> tuple[str, ...]:
    """Name the variables that hold tokens of exactly this host, the one to prefer first."""
    if not to.stays:
        return ()
    host, in_job = urlsplit(to.url).hostname or "", to.in_its_job
    names: tuple[str, ...]
    match to.kind:
        case ForgeKind.GITHUB:
            names = _github_variables(host, environment, to)
        case ForgeKind.GITLAB:
            known = in_job or host == "gitlab.com" or host == _bare(environment.get("GITLAB_HOST"))
            names = _GITLAB if known else ()
        case ForgeKind.GITEA:
            known = in_job or host == _bare(environment.get("GITEA_SERVER_URL"))
            names = (*_GITEA, *_ACTIONS) if in_job else _GITEA if known else ()
        case ForgeKind.BITBUCKET_CLOUD:
            names = ("BITBUCKET_TOKEN", "BITBUCKET_ACCESS_TOKEN")
        case ForgeKind.BITBUCKET_DATA_CENTER:
            names = ()
        case ForgeKind.AZURE_DEVOPS:
            names = (("SYSTEM_ACCESSTOKEN",) if in_job else ()) + (
                ("AZURE_DEVOPS_EXT_PAT",) if host == "dev.azure.com" else ()
            )
    return names


def _github_variables(host: str, environment: Mapping[str, str], to: Destination) -> tuple[str, ...]:
    public = host == "github.com" or host.endswith(".ghe.com")
    # In a job of another server (Gitea's, too), GITHUB_TOKEN is that server's.
    another = to.ci is not None and to.ci.kind in {ForgeKind.GITHUB, ForgeKind.GITEA} and not to.in_its_job
    enterprise = not public and environment.get("GH_HOST", host) == host
    return (
        *(_ACTIONS if to.in_its_job or (host == "github.com" and not another) else ()),
        *(("GH_TOKEN",) if public else ()),
        *(("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN") if enterprise else ()),
    )


def read_token(place: TokenPlace, environment: Mapping[str, str]) -> str:
    """Read the token that stands in a variable or a file.

    Raises:
        ForgeError: there is none, or it is none that a header can carry. The message names the place alone.
    """
    if place.file is not None:
        try:
            with place.file.open("rb") as file:
                text = file.read(_LONGEST).decode("ascii", "replace")
        except OSError as error:
            why = error.strerror or "unreadable"
            raise ForgeError(f"the token cannot be read from {place}: {why}", hint="check forge.tokenFile") from None
    else:
        text = environment.get(place.variable or "", "")
    token = text.strip()
    if not token:
        raise ForgeError(f"there is no token in {place}", hint="put the token there, and nothing else")
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise ForgeError(f"what is in {place} is no token", hint="put the token there, and nothing else")
    return token


def missing_hint(to: Destination, environment: Mapping[str, str]) -> str:
    """Say where to put a token."""
    if to.kind is ForgeKind.GITLAB and environment.get("CI_JOB_TOKEN"):
        return (
            "CI_JOB_TOKEN cannot open merge requests: make a project access token with the scope api and the role "
            "Developer, and put it into the masked variable GITLAB_TOKEN"
        )
    usual = usual_variables(to, environment)
    named = f" or {usual[0]}" if usual else ""
    return f"put a token into the variable {OURS}{named}, or set forge.tokenEnv or forge.tokenFile"


def _bare(text: str | None) -> str | None:
    """Return the host of what is a host or a URL."""
    if not text:
        return None
    try:
        return urlsplit(text if "://" in text else f"https://{text}").hostname
    except ValueError:
        return None
