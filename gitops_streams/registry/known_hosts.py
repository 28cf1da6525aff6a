"""The hosts that were asked so far, registries and token servers, each with the traffic to it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from gitops_streams.registry.hosts import RegistryHost
from gitops_streams.registry.limits import Clock, Gate, RateLimit

if TYPE_CHECKING:
    from gitops_streams.oci.reference import Repository
    from gitops_streams.registry.settings import RegistrySettings

_TOKEN_CONCURRENCY = 4


class KnownHosts:
    """Grows with what is asked; safe to use from several threads.

    Args:
        settings: what the user has set.
        clock: time for pauses.
    """

    def __init__(self, settings: RegistrySettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._gates: dict[str, Gate] = {}
        self._token_gates: dict[str, Gate] = {}
        self._hosts: dict[tuple[str, str, bool], RegistryHost] = {}

    @property
    def requests(self) -> int:
        """The HTTP requests that were sent to registries, retries included."""
        return sum(self.requests_by_host.values())

    @property
    def requests_by_host(self) -> dict[str, int]:
        """The same by registry (``docker.io``)."""
        return {domain: gate.requests for domain, gate in list(self._gates.items())}

    @property
    def token_requests(self) -> int:
        """The HTTP requests that were sent to token servers."""
        return sum(gate.requests for gate in list(self._token_gates.values()))

    def rate_limit(self, domain: str) -> RateLimit | None:
        """Return what a registry last said about its quota."""
        gate = self._gates.get(domain)
        return None if gate is None else gate.rate_limit

    def reopen(self, domain: str) -> None:
        """Ask a registry again at once that is left alone since it failed."""
        gate = self._gates.get(domain)
        if gate is not None:
            gate.reopen()

    def of(self, repository: Repository, *, insecure: bool) -> RegistryHost:
        """Return the host of a repository, under the entry of the settings that is its own."""
        entry, settings = self._settings.entry(repository.domain, repository.path)
        key = (repository.domain, entry, insecure)
        host = self._hosts.get(key)
        if host is None:
            with self._lock:
                host = self._hosts.get(key)
                if host is None:
                    gate = self._gates.get(repository.domain)
                    if gate is None:
                        gate = self._gates[repository.domain] = Gate(
                            repository.domain,
                            self._clock,
                            concurrency=settings.concurrency,
                            per_second=settings.requests_per_second,
                            budget=self._settings.retry_budget,
                        )
                    host = self._hosts[key] = RegistryHost(
                        repository.domain, settings, gate, self._settings, insecure=insecure
                    )
        return host

    def token_gate(self, authority: str) -> Gate:
        """Return the traffic to a token server (``host:port``)."""
        with self._lock:
            gate = self._token_gates.get(authority)
            if gate is None:
                gate = self._token_gates[authority] = Gate(
                    authority, self._clock, concurrency=_TOKEN_CONCURRENCY, budget=self._settings.retry_budget
                )
            return gate
