"""Share one repository's streams out over several runs, so that each stream belongs to exactly one of them.

A share is told by a hash of a name, not by a position in a list: it stays the same when other streams come and go,
and runs that read different commits still agree on whose a stream is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Self

from gitops_streams.plan.bind import Bindings
from gitops_streams.plan.model import Plan
from gitops_streams.plan.narrow import narrowed
from gitops_streams.streams.model import Catalog, StreamKey

_WRITTEN = re.compile(r"(?P<index>[0-9]{1,4})/(?P<count>[0-9]{1,4})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Shard:
    """One of ``count`` runs."""

    index: int
    """From 0 on, as a Kubernetes Indexed Job counts (``JOB_COMPLETION_INDEX``)."""
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``INDEX/COUNT``.

        Raises:
            ValueError: it is not written so, or the index is not below the count.
        """
        found = _WRITTEN.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is not INDEX/COUNT, such as 0/8")
        index, count = int(found["index"]), int(found["count"])
        if index >= count:
            last = f"; the last one of {count} is {count - 1}/{count}" if count else ""
            raise ValueError(f"{text!r}: the index counts from 0 and stays below the count{last}")
        return cls(index, count)

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def holds(self, name: str) -> bool:
        """Whether what has this name is this run's: a stream, or a group of streams that share a pull request."""
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") % self.count == self.index


Share = Callable[[Catalog], Collection[StreamKey]]
"""Picks the streams that one run looks after."""


def by_stream(shard: Shard) -> Share:
    """Share out stream by stream."""

    def pick(catalog: Catalog) -> frozenset[StreamKey]:
        return frozenset(key for key in catalog.by_key if shard.holds(str(key)))

    return pick


def shared_bindings(bindings: Bindings, streams: Collection[StreamKey]) -> Bindings:
    """Leave out the sites of other runs' streams.

    Sites on a scalar that aliases share stay, whosever they are: an edit of it needs the consent of all of them.
    """
    sites = tuple(
        site
        for site in bindings.sites
        if site.tag.stream in streams or any(field.scalar.aliases for field in site.occurrence.fields)
    )
    return replace(bindings, sites=sites)


def shared_plan(plan: Plan, streams: Collection[StreamKey]) -> Plan:
    """Leave out what other runs' streams would write and report."""
    return narrowed(plan, {tag.key for tag in plan.tags if tag.key.stream in streams})
