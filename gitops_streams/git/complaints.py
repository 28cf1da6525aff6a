"""What a remote said to a push or a fetch, understood: a lost race, a refusal, a credential, an address."""

from __future__ import annotations

import re

from gitops_streams.errors import PushRejected
from gitops_streams.git.process import Finished

LOST = re.compile(
    r"stale info|fetch first|non-fast-forward|cannot lock ref|failed to (?:update|lock) ref|failed to lock"
    r"|incorrect old value|reference already exists|remote ref updated since checkout",
    re.IGNORECASE,
)
"""Reasons of a remote that did not change a branch since it has moved, or since somebody else has locked it."""
_AUTHENTICATION = re.compile(
    r"could not read (?:username|password)|authentication failed|terminal prompts disabled|permission denied"
    r"|returned error: 40[13]|host key verification failed|access denied|invalid credentials",
    re.IGNORECASE,
)
_DUPLICATE = re.compile(r"returned error: 400|duplicate header", re.IGNORECASE)
_REDIRECTED = re.compile(r"returned error: 30\d|unable to update url base from redirection", re.IGNORECASE)
_UNREACHABLE = re.compile(
    r"could not resolve host|connection (?:refused|timed out|reset)|failed to connect|network is unreachable"
    r"|returned error: 5\d\d|unable to connect|timeout:|hung up unexpectedly|early eof",
    re.IGNORECASE,
)
_MISSING = re.compile(
    r"repository not found|does not appear to be a git repository|not found|returned error: 404", re.IGNORECASE
)
_REMOTE_LINES = 6


def rejection(done: Finished, ref: str) -> str | None:
    """Return the remote's reason from ``--porcelain`` output: ``!<TAB>from:to<TAB>[rejected] (stale info)``."""
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        flag, _, rest = line.partition("\t")
        names, _, reason = rest.partition("\t")
        if flag == "!" and names.endswith(f":{ref}"):
            return reason
    return None


def unreachable(done: Finished, remote: str, branch: str, verb: str) -> PushRejected:
    """Say why a remote could not be spoken to, and what to do about it.

    Args:
        done: the git command that failed.
        remote: the remote's name.
        branch: what was to be read or written there.
        verb: what was to be done, as it follows "cannot be".
    """
    said = one_line(f"{done.complaint} {remote_lines(done.stderr)}".strip())
    if _DUPLICATE.search(done.stderr):
        return PushRejected(
            f"{remote} was sent two credentials: {said}",
            hint="a git setting http.<url>.extraHeader adds one (git config --get-urlmatch http.extraHeader URL);"
            " with actions/checkout, set persist-credentials: false",
        )
    if _REDIRECTED.search(done.stderr):
        return PushRejected(
            f"{remote} has moved: {said}",
            hint=f"git remote set-url {remote} NEW-URL; a credential is not sent to an address that a server names",
        )
    if _AUTHENTICATION.search(done.stderr):
        return PushRejected(
            f"{remote} did not accept the credentials: {said}",
            hint="check that git push works here: a credential helper, an SSH key, or the token's write permission",
        )
    if "couldn't find remote ref" in done.stderr:
        return PushRejected(f"{remote} has no branch {branch}", hint="create it there first")
    if _UNREACHABLE.search(done.stderr):
        return PushRejected(f"{remote} cannot be reached: {said}", hint="run again when it answers; nothing was pushed")
    if _MISSING.search(done.stderr):
        return PushRejected(f"{remote} cannot be {verb}: {said}", hint=f"check the URL: git remote get-url {remote}")
    return PushRejected(f"{remote} cannot be {verb}: {said}", hint="see whether git push works here")


def remote_lines(stderr: str) -> str:
    """Return what the remote's hooks say, which git marks with ``remote:``; it is foreign text."""
    lines = [line.removeprefix("remote:").strip() for line in stderr.splitlines() if line.startswith("remote:")]
    return one_line("; ".join([line for line in lines if line][:_REMOTE_LINES]))


def one_line(text: str) -> str:
    """Make one line of foreign text; what no terminal should be sent becomes a space."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())
