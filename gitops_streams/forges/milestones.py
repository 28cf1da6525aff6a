"""Finds the milestone that is configured among those that a repository has."""

from __future__ import annotations

from collections.abc import Iterable

from gitops_streams.forges.http.answers import Record


def milestone_named(name: str, milestones: Iterable[Record], key: str) -> int | None:
    """Return a milestone's own number, by its title, else by that number.

    Args:
        name: the title, or the number.
        milestones: read no further than to one of that title.
        key: under which a milestone has its number.
    """
    numbers: list[int] = []
    for milestone in milestones:
        if milestone.text("title") == name:
            return milestone.whole(key)
        numbers.append(milestone.whole(key))
    return next((number for number in numbers if str(number) == name.lstrip("0")), None)
