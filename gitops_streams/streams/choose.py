"""Choose one of a repository's tags, as a policy says. Pure: the same tags in any order give the same choice.

The semantics are Flux' (image-reflector-controller, ``internal/policy``) where it has the policy. Beyond it, tags
that are no images are never looked at, ties are settled, and ``newest-build`` asks for dates.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, assert_never

from gitops_streams.streams.policy_defaults import Defaults
from gitops_streams.streams.semver import InvalidRange, Range, Version, parse_range, parse_version
from gitops_streams.streams.tag_filter import InvalidFilter, compile_filter, is_artifact
from gitops_streams.streams.tag_policy import (
    Alphabetical,
    NewestBuild,
    Numerical,
    Order,
    SemverRange,
    TagPolicy,
)

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_DIGITS = re.compile(r"([0-9]+)")
_ADVICE = "gitops-streams.io/pattern chooses which tags are looked at"
_DEFAULTS = Defaults()

_Pair = tuple[str, str]
"""What is compared, and its tag."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The tag that the policy chooses."""

    tag: str


@dataclass(frozen=True, slots=True)
class NothingChosen:
    """No tag can be chosen."""

    reason: str


@dataclass(frozen=True, slots=True)
class NeedsDates:
    """The policy compares the dates of these tags' images: choose again with them."""

    candidates: tuple[str, ...]
    """In natural order, the last first."""
    passed: int
    """How many tags passed the filter; more than are candidates where there are too many."""


Choice = Chosen | NothingChosen | NeedsDates


def choose(
    policy: TagPolicy,
    tags: Collection[str],
    dates: Mapping[str, datetime | None] | None = None,
    *,
    defaults: Defaults = _DEFAULTS,
) -> Choice:
    """Choose a tag.

    Args:
        policy: the order, and which tags are looked at.
        tags: the repository's tags, in any order.
        dates: when the images of the candidates were created, ``None`` where an image does not say: only for
            ``newest-build``, whose first answer is ``NeedsDates``.
        defaults: what the policy leaves open.
    """
    images = [tag for tag in sorted(set(tags)) if not is_artifact(tag)]
    if not images:
        return NothingChosen("the repository has no tags" + (" that are images" if tags else ""))
    pairs: list[_Pair] = [(tag, tag) for tag in images]
    if policy.filter is not None:
        ready = compile_filter(policy.filter)
        if isinstance(ready, InvalidFilter):
            return NothingChosen(f"gitops-streams.io/{ready.annotation}: {ready.reason}")
        pairs = list(ready.pairs(images))
        if not pairs:
            return NothingChosen(f"none of its {_count(images)} matches the pattern {policy.filter.pattern}")
    match policy.order:
        case SemverRange():
            return _highest_version(policy.order, pairs, defaults)
        case Numerical(order=order):
            return _highest_number(pairs, order)
        case Alphabetical(order=order):
            return _end(pairs, lambda text: text, order)
        case NewestBuild():
            return _newest(pairs, dates, defaults)
        case _:
            assert_never(policy.order)


def natural(text: str) -> tuple[str | int, ...]:
    """Return the key of the natural order, in which numbers within a text count as numbers: v9 before v10."""
    return tuple(int(part) if at % 2 else part for at, part in enumerate(_DIGITS.split(text)))


def _highest_version(policy: SemverRange, pairs: Iterable[_Pair], defaults: Defaults) -> Choice:
    wanted = parse_range(policy.range)
    if isinstance(wanted, InvalidRange):
        return NothingChosen(f"gitops-streams.io/range: {wanted.reason}")
    prereleases = defaults.prereleases if policy.prereleases is None else policy.prereleases
    versions = [(version, tag) for text, tag in pairs if (version := parse_version(text)) is not None]
    if not versions:
        return NothingChosen(f"no tag that is looked at is a semantic version; {_ADVICE}")
    admitted = [(version, tag) for version, tag in versions if wanted.admits(version, prereleases=prereleases)]
    if not admitted:
        return NothingChosen(_none_admitted(policy, wanted, [version for version, _ in versions]))
    top = max(version.rank for version, _ in admitted)
    # Of 1.2, 1.2.0 and v1.2.0 the one that says most, and of those the first: 1.2.0.
    _, _, tag = min((-version.width, tag, tag) for version, tag in admitted if version.rank == top)
    return Chosen(tag)


def _none_admitted(policy: SemverRange, wanted: Range, versions: list[Version]) -> str:
    reason = f"none of its {len(versions)} versions is in the range {policy.range}"
    if any(wanted.admits(version, prereleases=True) for version in versions):
        reason += "; pre-releases would be, with gitops-streams.io/prereleases: 'true'"
    return reason


def _highest_number(pairs: Iterable[_Pair], order: Order) -> Choice:
    pairs = list(pairs)
    for text, _ in pairs:
        if _NUMBER.fullmatch(text) is None:
            return NothingChosen(f"{text!r} is no number, so the tags have no order; {_ADVICE}")
    # As they are written: a float could not tell apart timestamps of 17 digits.
    return _end(pairs, Decimal, order)


def _end(pairs: Iterable[_Pair], key: Callable[[str], Any], order: Order) -> Chosen:
    """Return the tag at one end of the order; of equal ones the first by code point."""
    pairs = list(pairs)
    keys = [key(text) for text, _ in pairs]
    wanted = max(keys) if order is Order.ASC else min(keys)
    return Chosen(min(tag for found, (_, tag) in zip(keys, pairs, strict=True) if found == wanted))


def _newest(pairs: Iterable[_Pair], dates: Mapping[str, datetime | None] | None, defaults: Defaults) -> Choice:
    ordered = sorted(pairs, key=lambda pair: (natural(pair[0]), pair[1]), reverse=True)
    candidates = tuple(tag for _, tag in ordered[: defaults.candidates])
    if dates is None:
        return NeedsDates(candidates, len(ordered))
    # Candidates stand in natural order, the last first; max takes the first of equal ones.
    dated = [(date, tag) for tag in candidates if (date := dates.get(tag)) is not None]
    if not dated:
        return NothingChosen(f"none of the {_count(candidates)} that were looked at says when it was created")
    return Chosen(max(dated, key=lambda pair: pair[0])[1])


def _count(tags: Collection[str]) -> str:
    return f"{len(tags)} tag" if len(tags) == 1 else f"{len(tags)} tags"
