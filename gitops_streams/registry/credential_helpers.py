"""Runs Docker's credential helpers, ``docker-credential-<suffix> get`` (docker/docker-credential-helpers).

The server's name goes to standard input and the secret comes from standard output: neither ever stands in an
argument, and nothing that a helper prints is shown.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_SUFFIX = re.compile(r"[A-Za-z0-9._-]+")
_NOT_FOUND = b"credentials not found in native keychain"
_MAX_OUTPUT = 1 << 20


@dataclass(frozen=True, slots=True)
class HelperSecret:
    """What a helper gave."""

    username: str = field(repr=False)
    """``<token>`` means that the secret is an identity token."""
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class HelperNotFound:
    """The helper works, and has nothing for this server."""


@dataclass(frozen=True, slots=True)
class HelperFailed:
    """The helper could not be run, or answered nothing that can be used."""

    reason: str


def run_helper(
    suffix: str, server: str, environment: Mapping[str, str], timeout: float
) -> HelperSecret | HelperNotFound | HelperFailed:
    """Ask a helper for a server's credential.

    Args:
        suffix: what follows ``docker-credential-`` in the program's name.
        server: the registry as Docker names it (``ghcr.io``, ``https://index.docker.io/v1/``).
        environment: the helper's environment; its ``PATH`` says where the helper is.
        timeout: seconds that the helper may take.
    """
    import subprocess  # noqa: PLC0415 - 10 ms that most runs do not pay

    program = f"docker-credential-{suffix}"
    if _SUFFIX.fullmatch(suffix) is None:
        return HelperFailed("a credential helper's name has characters that are not allowed")
    path = shutil.which(program, path=environment.get("PATH", ""))
    if path is None:
        return HelperFailed(f"{program} is not on PATH")
    try:
        done = subprocess.run(
            [path, "get"], input=server.encode(), capture_output=True, timeout=timeout, check=False, env=environment
        )
    except subprocess.TimeoutExpired:
        return HelperFailed(f"{program} did not answer within {timeout:g} s")
    except OSError as error:
        return HelperFailed(f"{program} cannot be run: {error.strerror}")
    return _read_answer(program, done.returncode, done.stdout)


def _read_answer(program: str, status: int, output: bytes) -> HelperSecret | HelperNotFound | HelperFailed:
    if status != 0:
        return HelperNotFound() if _NOT_FOUND in output else HelperFailed(f"{program} failed with exit status {status}")
    try:
        answer = json.loads(output) if len(output) <= _MAX_OUTPUT else None
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        return HelperFailed(f"{program} printed no JSON object")
    username, secret = answer.get("Username"), answer.get("Secret")
    if not isinstance(username, str) or not isinstance(secret, str) or not secret:
        return HelperFailed(f"{program} printed neither a user nor a secret")
    return HelperSecret(username, secret)
