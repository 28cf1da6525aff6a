"""Who asks the registries: one client and its answers for all repositories with the same settings of registries.

Settings say which credential is used, so answers are never shared between repositories that differ in them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from gitops_streams.registry import RegistryClient
from gitops_streams.registry.limits import Clock, RateLimit
from gitops_streams.registry.settings import RegistrySettings
from gitops_streams.serve.answers import Answers
from gitops_streams.serve.overview import RegistryView
from gitops_streams.serve.pace import Pace

OpenClient = Callable[[RegistrySettings], RegistryClient]


@dataclass(frozen=True, slots=True)
class Traffic:
    """What was asked of one registry."""

    host: str
    requests: int
    rate_limit: RateLimit | None


class Pool:
    """The answers by settings; safe to use from several threads."""

    def __init__(self, open_client: OpenClient, clock: Clock, pace: Pace) -> None:
        self._open = open_client
        self._clock = clock
        self._pace = pace
        self._lock = threading.Lock()
        self._kept: list[tuple[RegistrySettings, Answers]] = []

    def of(self, settings: RegistrySettings) -> Answers:
        """Return the answers for these settings."""
        with self._lock:
            for known, answers in self._kept:
                if known == settings:
                    return answers
            answers = Answers(self._open(settings), self._clock, self._pace)
            self._kept.append((settings, answers))
            return answers

    def all(self) -> tuple[Answers, ...]:
        """Return all answers."""
        with self._lock:
            return tuple(answers for _, answers in self._kept)

    def drop_unused(self, used: Iterable[Answers]) -> None:
        """Close what no repository uses any more. Call it while no pass is under way."""
        kept = {id(answers) for answers in used}
        with self._lock:
            for _, answers in self._kept:
                if id(answers) not in kept:
                    answers.close()
            self._kept = [(settings, answers) for settings, answers in self._kept if id(answers) in kept]

    def traffic(self) -> list[Traffic]:
        """Return what was asked of each registry since the start."""
        found: dict[str, Traffic] = {}
        for answers in self.all():
            for host, requests in answers.client.requests_by_host.items():
                before = found.get(host)
                limit = answers.client.rate_limit(host) or (before.rate_limit if before else None)
                found[host] = Traffic(host, requests + (before.requests if before else 0), limit)
        return [found[host] for host in sorted(found)]

    def views(self) -> tuple[RegistryView, ...]:
        """Show the registries that were asked."""
        failing = {host: said for answers in self.all() for host, said in answers.failing().items()}
        return tuple(_view(traffic, failing.get(traffic.host)) for traffic in self.traffic())

    def close(self) -> None:
        """Close everything."""
        for answers in self.all():
            answers.close()


def _view(traffic: Traffic, failing: tuple[float, str] | None) -> RegistryView:
    since, reason = failing or (None, "")
    limit = traffic.rate_limit
    return RegistryView(
        traffic.host,
        traffic.requests,
        limit.limit if limit is not None else None,
        limit.remaining if limit is not None else None,
        failing_since=None if since is None else datetime.fromtimestamp(since, tz=UTC),
        reason=reason,
    )
