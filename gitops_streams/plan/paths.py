"""Globs over repository paths: ``**`` crosses directories, ``*`` and ``?`` do not, a trailing slash means all below."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_SPECIAL = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def matches_any(patterns: Iterable[str], path: str) -> bool:
    """Whether one of the globs matches all of a repository-relative path."""
    return any(_compile(pattern).fullmatch(path) for pattern in patterns)


@lru_cache(maxsize=256)
def _compile(pattern: str) -> re.Pattern[str]:
    pattern = pattern.removeprefix("./")
    if pattern.endswith("/"):
        pattern += "**"
    # Runs of stars say no more than two do, and would make the expression slow.
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", re.sub(r"\*{3,}", "**", pattern))
    return re.compile("".join(_SPECIAL.get(piece) or re.escape(piece) for piece in pieces), re.DOTALL)
