"""The hidden line of a pull request's body that says what it holds, and the box that asks for a new build.

Anybody who may edit the body may edit the marker. It is a note that saves work, never a proof: what
``decide`` does to a branch rests on the commits that were inspected.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from gitops_streams.oci.digest import Digest
from gitops_streams.streams.model import TagKey

COMMENT_BLOCKED = "blocked"
"""Key of the one comment that says whose work is in the way."""
COMMENT_CLOSED = "closed"
"""Key of the one comment that says why we closed it."""
COMMENT_REVIEW = "review"
"""Key of the one comment that holds a review: what ``check`` says, and what does not fit into a body."""
REBUILD_BOX = "<!-- gitops-streams:rebuild -->"
"""Stands behind ``- [ ]`` in the body; ticked, it asks for the branch to be built anew."""

_VERSION = "gitops-streams:v1"
_MAX_BODY = 1 << 21
_MAX_JSON = 16_384
_MAX_NAME = 4096
_LINE = re.compile(
    rf"^[ \t]*(?:<!--[ \t]*{_VERSION}[ \t]+(\{{[^\r\n]*\}})[ \t]*-->|`{_VERSION}[ \t]+(\{{[^\r\n`]*\}})`)[ \t]*\r?$",
    re.MULTILINE,
)
_TICKED = re.compile(rf"^[ \t]*[-*+][ \t]+\[[xX]\][ \t]+{re.escape(REBUILD_BOX)}", re.MULTILINE)
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_FINGERPRINT = re.compile(r"(?:[0-9a-f]{12})?")


@dataclass(frozen=True, slots=True)
class Marker:
    """What a pull request held when its body was written."""

    group: str
    """The group's name."""
    base: str
    """The branch that it was to go to."""
    head: str
    """The commit that was at the head of its branch."""
    fingerprint: str
    """Of the moves that it proposed."""
    closed: bool = False
    """Whether we have closed it ourselves: that is no person's refusal of its moves."""


@dataclass(frozen=True, slots=True)
class NoMarker:
    """A body holds no marker that can be read."""

    reason: str


def write(marker: Marker, *, hidden: bool = True) -> str:
    """Return the first line of a body, without its end.

    Args:
        marker: what it says.
        hidden: as a comment of HTML; else as a code span, for forges that keep no comments.
    """
    content: dict[str, str | bool] = {
        "group": marker.group,
        "base": marker.base,
        "head": marker.head,
        "fp": marker.fingerprint,
    }
    content |= {"closed": True} if marker.closed else {}
    text = json.dumps(content, separators=(",", ":"))
    # Inside of JSON's strings, where alone they can stand, these mean the same; nothing closes the comment or the span.
    for sign, escape in (("--", "-\\u002d"), ("<", "\\u003c"), (">", "\\u003e"), ("`", "\\u0060")):
        text = text.replace(sign, escape)
    return f"<!-- {_VERSION} {text} -->" if hidden else f"`{_VERSION} {text}`"


def read(body: str) -> Marker | NoMarker:
    """Read the first marker of a body, which anybody may have edited."""
    found = _LINE.search(body[:_MAX_BODY])
    if found is None:
        return NoMarker("its body has no marker")
    text = found[1] or found[2]
    if len(text) > _MAX_JSON:
        return NoMarker("its marker is too long")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return NoMarker("its marker is not JSON")
    if not isinstance(content, dict):
        return NoMarker("its marker is no object")
    group, base, head, fingerprint = (content.get(name) for name in ("group", "base", "head", "fp"))
    if not (
        isinstance(group, str) and isinstance(base, str) and isinstance(head, str) and isinstance(fingerprint, str)
    ):
        return NoMarker("its marker lacks a field")
    if not (0 < len(group) <= _MAX_NAME and 0 < len(base) <= _MAX_NAME):
        return NoMarker("its marker names no group or no base")
    if not (_SHA.fullmatch(head) and _FINGERPRINT.fullmatch(fingerprint)):
        return NoMarker("its marker names no commit or no fingerprint")
    return Marker(group, base, head, fingerprint, content.get("closed") is True)


def rewritten(body: str, marker: Marker) -> str:
    """Return ``body`` with another marker in the place of the one that ``read`` finds; the same if there is none."""
    found = _LINE.search(body[:_MAX_BODY])
    if found is None:
        return body
    end = "\r" if found[0].endswith("\r") else ""
    return body[: found.start()] + write(marker, hidden=found[1] is not None) + end + body[found.end() :]


def rebuild_asked(body: str) -> bool:
    """Whether a person ticked the box that asks for the branch to be built anew."""
    return _TICKED.search(body[:_MAX_BODY]) is not None


def fingerprint(pairs: Iterable[tuple[TagKey, Digest]]) -> str:
    """Return 12 hexadecimal digits for a set of moves, in whatever order; the empty string for none."""
    moves = sorted({(str(key), str(digest)) for key, digest in pairs})
    if not moves:
        return ""
    return hashlib.sha256(json.dumps(moves).encode()).hexdigest()[:12]
