"""The hidden first line by which a comment of ours is known again, on every forge."""

from __future__ import annotations


def marker(key: str) -> str:
    """Return the first line of the comment of a key."""
    return f"<!-- gitops-streams:{key} -->"


def comment_text(key: str, body: str) -> str:
    """Return a comment with its marker."""
    return f"{marker(key)}\n{body}"


def is_sticky(text: str, key: str) -> bool:
    """Say whether a comment bears the marker; who wrote it is another question."""
    return text.lstrip("\ufeff \t\r\n").partition("\n")[0].rstrip() == marker(key)


def same_text(stored: str, wanted: str) -> bool:
    """Compare what a forge stored with what it was given: line ends and blanks at the end do not count."""
    return _plain(stored) == _plain(wanted)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").rstrip()
