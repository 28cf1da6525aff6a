"""The names of our branches: one for each group and base, the same in every run, and never of a digest."""

from __future__ import annotations

import hashlib
import re

MAX_BYTES = 200
"""The longest name: forges and file systems take 255, and people's tools put things before it."""
MAX_PREFIX = 60
"""The longest prefix, in bytes; the configuration's schema holds it too."""
_MAX_BASE = 60
_MAX_GROUP = 78
_HASH = 12
# Letters and digits with one separator between them; "--" stands for "/".
_PLAIN = re.compile(r"[a-z0-9]+(?:(?:[._]|--?)[a-z0-9]+)*")
_HASHED = re.compile(rf".*-[0-9a-f]{{{_HASH}}}")
_OTHER = re.compile(r"[^a-z0-9]+")


def branch_of(prefix: str, base: str, group_name: str) -> str:
    """Return the branch of a group's pull request: ``PREFIX/BASE/GROUP``.

    Base and group are written so that two pairs never share a branch, in upper and lower case neither
    (some file systems take them for the same). A slash is written as ``--``: Git keeps a branch ``a`` and a
    branch ``a/b`` in one place. A text that would be changed in any other way, or is too long, gets the
    beginning of its SHA-256 behind it.

    Args:
        prefix: ``branchPrefix`` of the configuration: at most ``MAX_PREFIX`` bytes, good for the start of a branch.
        base: the branch that the pull request goes to.
        group_name: the group's name.

    Returns:
        A name that ``git check-ref-format --branch`` takes, of at most ``MAX_BYTES`` ASCII characters.
    """
    return f"{prefix_of(prefix, base)}{_slug(group_name, _MAX_GROUP)}"


def prefix_of(prefix: str, base: str) -> str:
    """Return what the branches of all groups of one base start with, with the slash at its end."""
    return f"{prefix}/{_slug(base, _MAX_BASE)}/"


def _slug(text: str, longest: int) -> str:
    plain = text.replace("/", "--")
    faithful = (
        len(plain) <= longest
        and _PLAIN.fullmatch(plain) is not None
        and plain.replace("--", "/") == text
        and not plain.endswith(".lock")  # Git's own files
        and not _HASHED.fullmatch(plain)  # else it could be what another text becomes
    )
    if faithful:
        return plain
    kept = _OTHER.sub("-", text.lower())[: longest - _HASH - 1].strip("-") or "x"
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{kept}-{digest[:_HASH]}"
