"""Globs over repository paths: ``**`` crosses directories, ``*`` and ``?`` do not, a trailing slash means all below."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

# `**/` is "in any directory" at the start of a segment only; elsewhere the slash stands for itself.
_WILD = re.compile(r"((?:(?<=/)|^)(?:\*\*/)+|\*+)")


def matches_any(patterns: Iterable[str], path: str) -> bool:
    """Whether one of the globs matches all of a repository-relative path."""
    return any(_compile(pattern).fullmatch(path) for pattern in patterns)


@lru_cache(maxsize=256)
def _compile(pattern: str) -> re.Pattern[str]:
    """Translate a glob.

    Patterns are anybody's text, and a regular expression that may try every way to share a path out
    between several wildcards takes for ever. What stands between two wildcards is therefore matched
    where it first fits, for good (an atomic group): the second one can absorb whatever is left over.
    """
    pattern = pattern.removeprefix("./").removeprefix("/")
    if pattern.endswith("/"):
        pattern += "**"
    fixed, *others = _WILD.split(pattern)
    expression, block = "", _fixed(fixed)
    for wild, fixed, following in zip(others[::2], others[1::2], [*others[2::2], ""], strict=False):
        if wild == "*":
            piece = f"[^/]*?{_fixed(fixed)}"
            block += f"(?>{piece})" if following == "*" and "/" not in fixed else piece
        else:
            expression += f"(?>{block})"
            block = f"{'(?:.*?/)??' if wild.endswith('/') else '.*?'}{_fixed(fixed)}"
    return re.compile(expression + block, re.DOTALL)


def _fixed(text: str) -> str:
    return re.escape(text).replace("\\?", "[^/]")
