"""A credential for one HTTP remote, handed to git by its environment and by nothing else.

Neither the command line nor the URL, ``.git/config`` or a credential file ever holds it. An
``http.<url>.extraHeader`` that is configured already, as actions/checkout persists one, would be
sent beside ours, which servers answer by 400 ("Duplicate header"): an empty value comes first and
clears the list. The key is the remote's whole URL, since of settings that match the most specific
counts alone. Source: git-config(1), ``http.extraHeader`` and ``GIT_CONFIG_COUNT`` (git 2.31).
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class HttpCredential:
    """What a forge takes as Basic authentication for git over HTTP."""

    site: str
    """The forge's address, ``https://git.acme.example[:port]``: the only one that may be sent it."""
    username: str
    """``x-access-token``, ``oauth2`` …; forges differ."""
    secret: str = field(repr=False)

    def fits(self, url: str) -> bool:
        """Whether a remote's URL is on the forge's own host: same scheme, host and port."""
        return is_at(self.site, url)


def is_at(site: str, url: str) -> bool:
    """Whether a remote's URL is on a site: HTTP, and the same scheme, host and port."""
    return _origin(url) is not None and _origin(url) == _origin(site)


def environment(
    urls: Iterable[str], credential: HttpCredential | None, inherited: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the variables that a git command needs to speak to a remote for us.

    Hooks of the clone are left out: they are about what a person commits and pushes here.

    Args:
        urls: the remote's URLs, those to fetch from and to push to.
        credential: used for a URL that it ``fits``; else git authenticates as it is set up to.
        inherited: the environment that git gets besides; ``None``: this process's. Its own
            ``GIT_CONFIG_COUNT`` settings stay in force.
    """
    settings = [("core.hooksPath", os.devnull)]
    if credential is not None:
        fitting = [_without_password(url) for url in dict.fromkeys(urls) if credential.fits(url)]
        settings += [setting for place in dict.fromkeys(fitting) for setting in _settings(place, credential)]
    return _as_variables(settings, os.environ if inherited is None else inherited)


def _settings(place: str, credential: HttpCredential) -> list[tuple[str, str]]:
    pair = b64encode(f"{credential.username}:{credential.secret}".encode()).decode("ascii")
    key = f"http.{place}"
    return [
        (f"{key}.extraHeader", ""),
        (f"{key}.extraHeader", f"Authorization: Basic {pair}"),
        # Git would go on with the same header at the address that a redirect names.
        (f"{key}.followRedirects", "false"),
        # A credential that is refused is not replaced by somebody else's.
        (f"credential.{place}.helper", ""),
        ("credential.helper", ""),
    ]


def _as_variables(settings: Sequence[tuple[str, str]], inherited: Mapping[str, str]) -> dict[str, str]:
    given = inherited.get("GIT_CONFIG_COUNT", "")
    first = int(given) if given.isascii() and given.isdigit() else 0
    variables = {"GIT_CONFIG_COUNT": str(first + len(settings))}
    for number, (key, value) in enumerate(settings, first):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def _without_password(url: str) -> str:
    """Return the URL as a setting's name; a user stays in it, since a setting that names one is more specific."""
    parts = urlsplit(url)
    user, at, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=user.partition(":")[0] + at + place, query="", fragment=""))


def _origin(url: str) -> tuple[str, str, int] | None:
    """Return scheme, host and port of an HTTP URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not parts.hostname:
        return None
    return scheme, parts.hostname.lower(), port or _PORTS[scheme]
