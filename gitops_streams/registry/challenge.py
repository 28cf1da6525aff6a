"""Reads ``WWW-Authenticate`` headers: which proof a registry asks for (RFC 9110 § 11.6.1, distribution token spec)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_SCHEME = re.compile(rf"[\s,]*({_WORD})(?=[\s,]|$)")
# Some registries leave values unquoted that are no tokens (URLs), so those run up to the next blank or comma.
_PARAMETER = re.compile(rf'[\s,]*({_WORD})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))(?=[\s,]|$)')
_TOKEN68 = re.compile(r"\s+[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))")
_MAX_LENGTH = 8192
_MAX_CHALLENGES = 16


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token of a token server is asked for."""

    realm: str
    """The token server's URL as sent; not yet checked."""
    service: str = ""
    scopes: tuple[str, ...] = ()
    error: str = ""
    """Why the token that was sent did not do: ``insufficient_scope``, ``invalid_token``."""


@dataclass(frozen=True, slots=True)
class Basic:
    """User name and password are asked for."""


@dataclass(frozen=True, slots=True)
class NoUsableChallenge:
    """The server asks for nothing that we can give."""

    schemes: tuple[str, ...] = ()
    """The schemes that it named instead (``negotiate`` …); empty when it sent no challenge."""


def read_challenges(headers: list[str]) -> tuple[tuple[str, dict[str, str]], ...]:
    """Split all headers into challenges: the scheme in lower case, and its parameters by lower-case name."""
    found: list[tuple[str, dict[str, str]]] = []
    for header in headers:
        text, at = header[:_MAX_LENGTH], 0
        while len(found) < _MAX_CHALLENGES and (scheme := _SCHEME.match(text, at)) is not None:
            parameters: dict[str, str] = {}
            at = scheme.end()
            if (token68 := _TOKEN68.match(text, at)) is not None and _PARAMETER.match(text, at) is None:
                at = token68.end()
            while (parameter := _PARAMETER.match(text, at)) is not None:
                name, quoted, plain = parameter.groups()
                value = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
                parameters.setdefault(name.lower(), value)
                at = parameter.end()
            found.append((scheme[1].lower(), parameters))
    return tuple(found)


def choose_challenge(headers: list[str]) -> Bearer | Basic | NoUsableChallenge:
    """Choose Bearer, else Basic; others (Negotiate, NTLM) are passed over."""
    challenges = read_challenges(headers)
    for scheme, parameters in challenges:
        if scheme == "bearer" and parameters.get("realm"):
            return Bearer(
                parameters["realm"],
                parameters.get("service", ""),
                tuple(parameters.get("scope", "").split()),
                parameters.get("error", ""),
            )
    if any(scheme == "basic" for scheme, _ in challenges):
        return Basic()
    return NoUsableChallenge(tuple(dict.fromkeys(scheme for scheme, _ in challenges)))
