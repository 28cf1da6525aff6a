"""The first line by which a comment of ours is known again, on every forge; hidden, where the forge hides it."""

from __future__ import annotations


def marker(key: str, *, hidden: bool = True) -> str:
    """Return the first line of the comment of a key; as a code span where a forge shows comments of HTML."""
    return f"<!-- gitops-streams:{key} -->" if hidden else f"`gitops-streams:{key}`"


def comment_text(key: str, body: str, *, hidden: bool = True) -> str:
    """Return a comment with its marker."""
    return f"{marker(key, hidden=hidden)}\n{body}" if hidden else f"{marker(key, hidden=hidden)}\n\n{body}"


def is_sticky(text: str, key: str) -> bool:
    """Say whether a comment bears the marker; who wrote it is another question."""
    first = text.lstrip("\ufeff \t\r\n").partition("\n")[0].rstrip()
    return first in {marker(key), marker(key, hidden=False)}


def same_text(stored: str, wanted: str) -> bool:
    """Compare what a forge stored with what it was given: line ends and blanks at the end do not count."""
    return _plain(stored) == _plain(wanted)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").rstrip()
