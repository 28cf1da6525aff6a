"""What is asked of keys again and again, remembered: a tree of manifests has few keys, in very many places."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

Answer = TypeVar("Answer")

_LONGEST_KEY = 100
"""Characters; what is longer is not worth a place in a cache."""
_MOST = 4096
"""Keys."""


def remembered(ask: Callable[[str], Answer]) -> Callable[[str], Answer]:
    """Return a function that says of a key what ``ask`` says, which must depend on nothing else."""
    known = lru_cache(maxsize=_MOST)(ask)

    def answer(key: str) -> Answer:
        return known(key) if len(key) <= _LONGEST_KEY else ask(key)

    return answer
