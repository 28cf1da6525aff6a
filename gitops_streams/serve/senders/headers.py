"""A request's headers as HTTP means them: names in any case, and nothing that is said twice differently."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Headers:
    """Headers by their names in lower case."""

    values: Mapping[str, str]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> Self:
        """Read pairs of name and value.

        A name with two different values is left out: of two signatures nobody can say which one was meant.
        """
        values: dict[str, str] = {}
        ambiguous: set[str] = set()
        for name, value in pairs:
            key = name.lower()
            if values.setdefault(key, value) != value:
                ambiguous.add(key)
        return cls({name: value for name, value in values.items() if name not in ambiguous})

    def get(self, name: str) -> str:
        """Return a header without blanks around it; empty where there is none."""
        return self.values.get(name.lower(), "").strip(" \t")

    def first(self, *names: str) -> str:
        """Return the first of these headers that there is."""
        return next((value for name in names if (value := self.get(name))), "")
