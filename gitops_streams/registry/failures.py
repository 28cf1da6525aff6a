"""Turns what a registry answered, or that it did not, into one clear line, a cause and a hint."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from gitops_streams.oci.resolution import Cause, Unresolvable
from gitops_streams.registry.messages import Broken, TransportError
from gitops_streams.registry.redact import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitops_streams.registry.messages import Response

RETRY_STATUSES = frozenset({408, 429, 499, 500, 502, 503, 504, 522})
RETRY_KINDS = frozenset({Broken.CONNECT, Broken.TIMEOUT, Broken.RESET, Broken.PROXY})
DOWN_KINDS = frozenset({Broken.CONNECT, Broken.NAME, Broken.TLS, Broken.PROXY, Broken.CLOSED})
"""Failures that say of the whole host that it cannot be used, not of one request."""

_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_CAUSES = {
    Broken.NAME: Cause.UNAVAILABLE,
    Broken.CONNECT: Cause.UNAVAILABLE,
    Broken.TIMEOUT: Cause.UNAVAILABLE,
    Broken.RESET: Cause.UNAVAILABLE,
    Broken.TLS: Cause.UNAVAILABLE,
    Broken.PROXY: Cause.UNAVAILABLE,
    Broken.CLOSED: Cause.UNAVAILABLE,
    Broken.PROTOCOL: Cause.BAD_ANSWER,
    Broken.TOO_LARGE: Cause.BAD_ANSWER,
    Broken.UNSAFE: Cause.UNSAFE_TARGET,
}
_HINTS = {
    Broken.NAME: "check the registry's name in the reference",
    Broken.CONNECT: "check that the registry runs and can be reached from here (HTTPS_PROXY, NO_PROXY)",
    Broken.TIMEOUT: "check that the registry can be reached from here, and try again",
    Broken.RESET: "try again; if it stays so, look at the registry's log",
    Broken.PROXY: "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY",
    Broken.PROTOCOL: "check that a registry listens there",
    Broken.UNSAFE: "if this is meant to be, set allowPrivate for the registry",
}
_NOT_ASKED = " (not asked again: it had failed before in this run)"
WITHHELD = "anonymous, as the"
"""How the credential source begins where there is one that may not be sent."""
_WITHHELD_HINT = "if that token server may have the credential, add it to authHosts of the registry"
_ANONYMOUS_HINT = "log in with docker login or podman login, or configure a credential for this registry"


def no_answer(host: str, error: TransportError, *, via: str = "") -> Unresolvable:
    """Say that no answer came from ``host``, or from ``via``, the place to which it led."""
    hint = _HINTS.get(error.kind)
    if error.kind is Broken.TLS:
        hint = "set caFile for the registry, or skipTlsVerify where that is acceptable"
        if "wrong version number" in str(error) or "record layer failure" in str(error):
            hint = "the registry does not speak TLS on this port; set plainHttp for it if that is meant to be"
    place = f"{one_line(via)}: " if via else ""
    return Unresolvable(_CAUSES[error.kind], f"{host}: {place}{error}", hint)


def refused(host: str, response: Response, subject: str, tried: str, secrets: Iterable[str] = ()) -> Unresolvable:
    """Say what a status that is no success means.

    Args:
        host: the registry, as its references name it.
        response: what it answered.
        subject: what was asked for (``acme/web:1.4``).
        tried: the credential source that was used.
        secrets: texts that must not be shown even if the server repeats them.
    """
    status = response.status
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    said = server_words(response, secrets)
    line = f"{host}: {status} {phrase}".rstrip() + f" for {subject}" + (f", {said}" if said else "") + f" ({tried})"
    hint: str | None = None
    match status:
        case 401:
            cause = Cause.DENIED if tried.startswith("anonymous") else Cause.AUTHENTICATION
        case 403:
            cause = Cause.DENIED
        case 404 | 410:
            cause, hint = Cause.NOT_FOUND, "check the repository and the tag"
        case 429:
            cause, hint = Cause.RATE_LIMITED, "wait, or log in: registries allow more to known users"
        case _ if status in RETRY_STATUSES or status >= 500:  # noqa: PLR2004 - server errors
            cause, hint = Cause.UNAVAILABLE, "the registry is in trouble; try again later"
        case _:
            cause = Cause.BAD_ANSWER
    if cause in {Cause.DENIED, Cause.AUTHENTICATION}:
        line += "; access is denied, or there is no such repository"
        if tried.startswith(WITHHELD):
            hint = _WITHHELD_HINT
        elif tried.startswith("anonymous"):
            hint = _ANONYMOUS_HINT
        else:
            hint = f"check that the {tried} may pull this repository"
    return Unresolvable(cause, line, hint)


def not_asked_again(failure: Unresolvable) -> Unresolvable:
    """Return the answer to those questions that a host's earlier failure spares it."""
    if failure.reason.endswith(_NOT_ASKED):
        return failure
    return Unresolvable(failure.cause, failure.reason + _NOT_ASKED, failure.hint)


def server_words(response: Response, secrets: Iterable[str] = ()) -> str:
    """Return a registry's own error (``CODE: message``) as safe text, or nothing where the answer holds none."""
    try:
        document = json.loads(response.body) if response.body else None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        kind = response.header("content-type").partition(";")[0].strip().lower()
        return "with an HTML page" if response.body and kind == "text/html" else ""
    errors = document.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else document
    if not isinstance(first, dict):
        return ""
    code, message = first.get("code"), first.get("message") or first.get("error_description") or first.get("details")
    parts = [
        code if isinstance(code, str) and _CODE.fullmatch(code) else "",
        one_line(without(message, secrets), 120) if isinstance(message, str) else "",
    ]
    return ": ".join(part for part in parts if part)


def without(text: str, secrets: Iterable[str]) -> str:
    """Return a text in which no secret stands: a server may repeat what it was sent."""
    for secret in secrets:
        if len(secret) >= 4 and secret in text:  # noqa: PLR2004 - shorter ones would blot out ordinary words
            return "(its message is not shown: it repeats a secret)"
    return text
