"""Semantic versions and ranges of them, as Flux (through Go's ``Masterminds/semver`` v3) reads both.

Sources: semver.org 2.0.0 § 9-11; the README of ``Masterminds/semver`` v3.4, "Checking Version Constraints".
Why this is our own: docs/decisions/0011-tag-policies.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

MAX_RANGE = 256
"""Characters of the longest range that is read."""

_NUMBER = r"(0|[1-9][0-9]*|0[0-9]+)"
_SUFFIX = r"(?:-(?P<pre>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
_VERSION = re.compile(rf"v?{_NUMBER}(?:\.{_NUMBER})?(?:\.{_NUMBER})?{_SUFFIX}")
_PART = r"(?:[0-9]+|[xX*])"
_PARTIAL = rf"v?{_PART}(?:\.{_PART}){{0,2}}(?:[-+][0-9A-Za-z.+-]*)?"
_HYPHEN = re.compile(rf"({_PARTIAL})\s+-\s+({_PARTIAL})")
_COMPARATOR = re.compile(rf"(=|!=|>|<|>=|=>|<=|=<|~|~>|\^|)\s*({_PARTIAL})")
_SEPARATOR = re.compile(r"\s*,\s*|\s+")
_WIDTH = 3
_LARGEST = 2**64
_NUMERIC = re.compile(r"[0-9]+")

PreRelease = tuple[tuple[bool, int, str], ...]


@dataclass(frozen=True, slots=True)
class Version:
    """A version; what is not written (``1.2``) is zero. Build metadata has no rank and is not kept."""

    numbers: tuple[int, int, int]
    pre: PreRelease = ()
    """The identifiers of a pre-release, numbers before words; empty for a release."""
    width: int = _WIDTH
    """How many of the numbers are written; it has no rank either."""

    @property
    def rank(self) -> tuple[tuple[int, int, int], bool, PreRelease]:
        """Orders versions: a release follows its own pre-releases (semver § 11)."""
        return self.numbers, not self.pre, self.pre


class _Operator(StrEnum):
    EQUAL = "="
    NOT_EQUAL = "!="
    GREATER = ">"
    LESS = "<"
    AT_LEAST = ">="
    AT_MOST = "<="
    TILDE = "~"
    CARET = "^"


_SPELT = {"": "=", "=>": ">=", "=<": "<=", "~>": "~"}


@dataclass(frozen=True, slots=True)
class _Comparator:
    """An operator with a version, of which the numbers from a wildcard on are not given."""

    operator: _Operator
    version: Version

    def admits(self, version: Version) -> bool:
        """Whether a version fulfils it; whether pre-releases count at all is the range's to say."""
        own, width = self.version, self.version.width
        given, there = own.numbers[:width], version.numbers[:width]
        whole = width == _WIDTH
        match self.operator:
            case _Operator.EQUAL:
                return version.rank == own.rank if whole else there == given and version.rank >= own.rank
            case _Operator.NOT_EQUAL:
                return version.rank != own.rank if whole else there != given
            case _Operator.GREATER:
                return version.rank > own.rank if whole else there > given
            case _Operator.LESS:
                return version.rank < own.rank
            case _Operator.AT_LEAST:
                return version.rank >= own.rank
            case _Operator.AT_MOST:
                return version.rank <= own.rank if whole else there <= given
            case _Operator.TILDE:
                fixed = min(width, 2)
                return version.rank >= own.rank and version.numbers[:fixed] == own.numbers[:fixed]
            case _Operator.CARET:
                # Up to the first number that is not zero everything stays; what is not written may change.
                first = next((at + 1 for at, number in enumerate(given) if number), width)
                return version.rank >= own.rank and version.numbers[:first] == own.numbers[:first]


@dataclass(frozen=True, slots=True)
class Range:
    """Alternatives (``||``), each of comparators that must all be fulfilled."""

    alternatives: tuple[tuple[_Comparator, ...], ...]

    def admits(self, version: Version, *, prereleases: bool = False) -> bool:
        """Whether a version is in the range.

        Args:
            version: the version.
            prereleases: whether a pre-release may be; otherwise it may where a comparator of the same alternative
                names a pre-release.
        """
        for comparators in self.alternatives:
            if version.pre and not prereleases and not any(each.version.pre for each in comparators):
                continue
            if all(each.admits(version) for each in comparators):
                return True
        return False


@dataclass(frozen=True, slots=True)
class InvalidRange:
    """The text is no range."""

    reason: str


def parse_version(text: str) -> Version | None:
    """Read a version: ``v`` before it, missing numbers and leading zeros (``2024.01``) are accepted."""
    match = _VERSION.fullmatch(text)
    if match is None:
        return None
    written = [int(number) for number in match.group(1, 2, 3) if number is not None]
    if any(number >= _LARGEST for number in written):
        return None
    identifiers = match["pre"].split(".") if match["pre"] is not None else []
    if any(len(one) > 1 and one[0] == "0" and _NUMERIC.fullmatch(one) for one in identifiers):
        return None
    pre = tuple((False, int(one), "") if _NUMERIC.fullmatch(one) else (True, 0, one) for one in identifiers)
    major, minor, patch = [*written, 0, 0][:_WIDTH]
    return Version((major, minor, patch), pre, len(written))


def parse_range(text: str) -> Range | InvalidRange:
    """Read a range: ``1.0.x``, ``>=1.2 <2``, ``^1.2 || ~0.4.1``, ``1.2 - 1.4``; a comma is a blank."""
    if len(text) > MAX_RANGE:
        return InvalidRange(f"it is longer than {MAX_RANGE} characters")
    alternatives = []
    for alternative in text.split("||"):
        comparators = _alternative(alternative.strip())
        if isinstance(comparators, InvalidRange):
            return comparators
        alternatives.append(comparators)
    return Range(tuple(alternatives))


def _alternative(text: str) -> tuple[_Comparator, ...] | InvalidRange:
    comparators: list[_Comparator] = []
    at = 0
    while not comparators or at < len(text):
        if comparators:
            separator = _SEPARATOR.match(text, at)
            if separator is None:
                return _misread(text[at:])
            at = separator.end()
        hyphen = _HYPHEN.match(text, at)
        match = hyphen or _COMPARATOR.match(text, at)
        if match is None:
            return _misread(text[at:])
        pairs = [(">=", match[1]), ("<=", match[2])] if hyphen else [(match[1], match[2])]
        for operator, partial in pairs:
            version = _partial(partial)
            if version is None:
                return _misread(partial)
            comparators.append(_Comparator(_Operator(_SPELT.get(operator, operator)), version))
        at = match.end()
    return tuple(comparators)


def _partial(text: str) -> Version | None:
    """Read a version that may have wildcards; numbers behind one are not given either."""
    core, suffix = re.fullmatch(r"([^+-]*)(.*)", text).groups()  # type: ignore[union-attr]  # it matches any text
    numbers: list[str] = []
    for part in core.removeprefix("v").split("."):
        if part in {"x", "X", "*"}:
            break
        numbers.append(part)
    version = parse_version(".".join(numbers or ["0"]) + suffix)
    return None if version is None else Version(version.numbers, version.pre, len(numbers))


def _misread(text: str) -> InvalidRange:
    return InvalidRange(f"{text[:40]!r} is no version or comparison" if text else "a comparison is missing")
