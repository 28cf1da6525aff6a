"""How a stream tag chooses among the tags of a repository, where it does not follow one by name.

Annotations on a stream or on an entry of ``spec.tags``: ``gitops-streams.io/policy`` names the order
(``semver``, ``numerical``, ``alphabetical``, ``newest-build``); ``range``, ``order``, ``pattern``,
``extract`` and ``prereleases`` refine it. The words are Flux' (``ImagePolicy``), so that people who
know those know these.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Order(StrEnum):
    """Which end of the order is chosen."""

    ASC = "asc"
    """The last, which is the highest."""
    DESC = "desc"
    """The first, which is the lowest."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which tags are looked at, and what of them is compared."""

    pattern: str
    """A regular expression (RE2), found anywhere in the tag."""
    extract: str | None = None
    """A template of its groups (``$1``, ``${name}``); ``None`` compares the whole tag."""


@dataclass(frozen=True, slots=True)
class SemverRange:
    """The highest version in a range."""

    range: str = "*"
    prereleases: bool | None = None
    """Whether a pre-release counts even where the range names none; ``None`` takes the configuration's."""


@dataclass(frozen=True, slots=True)
class Numerical:
    """The highest (or lowest) number."""

    order: Order = Order.ASC


@dataclass(frozen=True, slots=True)
class Alphabetical:
    """The last (or first) by code point."""

    order: Order = Order.ASC


@dataclass(frozen=True, slots=True)
class NewestBuild:
    """The image whose configuration says that it was created last."""


@dataclass(frozen=True, slots=True)
class TagPolicy:
    """An order over the tags that pass a filter."""

    order: SemverRange | Numerical | Alphabetical | NewestBuild
    filter: Filter | None = None

    def __str__(self) -> str:
        """A canonical text, for fingerprints and reports."""
        match self.order:
            case SemverRange(range=text, prereleases=prereleases):
                order = f"semver {text}"
                if prereleases is not None:
                    order += " with pre-releases" if prereleases else " without pre-releases"
            case Numerical(order=direction):
                order = f"numerical {direction.value}"
            case Alphabetical(order=direction):
                order = f"alphabetical {direction.value}"
            case NewestBuild():
                order = "newest-build"
        if self.filter is None:
            return order
        extract = "" if self.filter.extract is None else f" as {self.filter.extract}"
        return f"{order} of {self.filter.pattern}{extract}"
