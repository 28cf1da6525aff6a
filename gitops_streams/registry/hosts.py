"""One registry host as this run knows it: how to reach it, what it asks for, where it may lead us."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops_streams.registry.addresses import Reach, is_loopback_name, literal_reach, reach_of
from gitops_streams.registry.failures import not_asked_again
from gitops_streams.registry.limits import REST
from gitops_streams.registry.messages import DEFAULT_PORTS, Route, Url
from gitops_streams.registry.settings import HUB_NAMES
from gitops_streams.registry.tls import SYSTEM_TRUST, TlsChoice, choice_from_folders

if TYPE_CHECKING:
    from gitops_streams.oci.resolution import Unresolvable
    from gitops_streams.registry.challenge import Basic, Bearer
    from gitops_streams.registry.limits import Gate
    from gitops_streams.registry.settings import HostSettings, RegistrySettings

_MAX_REJECTIONS = 3
_ACCEPTED = -1_000_000_000
_HUB_API = "registry-1.docker.io"
_BUILT_IN_AUTH_HOSTS = {"docker.io": ("auth.docker.io",), "registry.gitlab.com": ("gitlab.com",)}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One way to speak to a host."""

    scheme: str
    tls: TlsChoice


class RegistryHost:
    """The state of one host under one entry of the settings, shared by threads."""

    def __init__(
        self, domain: str, settings: HostSettings, gate: Gate, common: RegistrySettings, *, insecure: bool
    ) -> None:
        self.domain = domain
        self.settings = settings
        self.gate = gate
        self.name, self._port = _split(_HUB_API if domain in HUB_NAMES else domain)
        self.endpoints = _endpoints(self.name, self._port, settings, common, insecure=insecure)
        self.challenge: Bearer | Basic | None = None
        """What the host asked for last; ``None`` while it answers without."""
        self.extra_scopes: dict[str, tuple[str, ...]] = {}
        """Scopes beside ``pull`` that the host asked for, by repository path."""
        self._rejection: Unresolvable | None = None
        self._rejected_until = 0.0
        self._rejections = 0
        self._timeouts = common.timeouts
        self._current = 0
        self._settled = len(self.endpoints) == 1
        self._reach = literal_reach(self.name)
        self._seen_peers: set[str] = set()
        self._lock = threading.Lock()
        self.route = self._route(Reach.SPECIAL, self.endpoint.tls)

    def url(self, target: str) -> Url:
        """Return the URL of a target on this host."""
        scheme = self.endpoints[self._current].scheme
        return Url(scheme, self.name, self._port or DEFAULT_PORTS[scheme], target)

    def other_endpoint(self, tried: Endpoint) -> bool:
        """Turn to the next way of speaking after ``tried`` gave no answer; false if there is none."""
        with self._lock:
            if self._settled:
                return False
            if self.endpoints[self._current] == tried and self._current + 1 < len(self.endpoints):
                self._current += 1
                self.route = self._route(Reach.SPECIAL, self.endpoint.tls)
                return True
            return self.endpoints[self._current] != tried

    def rejected(self, failure: Unresolvable, now: float) -> None:
        """Note that the host refused user and password at ``now`` (monotonic)."""
        with self._lock:
            self._rejections += 1
            if self._rejections >= _MAX_REJECTIONS:
                self._rejection, self._rejected_until = not_asked_again(failure), now + REST

    def accepted(self) -> None:
        """Note that the host took user and password: refusals are about single repositories then."""
        if self._rejections != _ACCEPTED:
            with self._lock:
                self._rejections, self._rejection = _ACCEPTED, None

    def rejection(self, now: float) -> Unresolvable | None:
        """Return the refusal that spares the host more of the same: repeating a wrong password may lock the account."""
        return self._rejection if now < self._rejected_until else None

    @property
    def endpoint(self) -> Endpoint:
        """The way of speaking in use."""
        return self.endpoints[self._current]

    def answered(self, peer: str) -> None:
        """Note that the host answered, and from which address."""
        if peer and peer not in self._seen_peers:
            with self._lock:
                self._seen_peers.add(peer)
                # The farthest of its addresses counts: a name that once led to ours must not open the others.
                seen = reach_of(peer)
                self._reach = seen if self._reach is None else min(self._reach, seen)
        self._settled = True

    @property
    def foreign_rule(self) -> Reach:
        """How near to us a host may be that this one names: no nearer than this one is itself."""
        if self.settings.allow_private or self.settings.plain_http or self.settings.skip_tls_verify:
            return Reach.LOCAL
        return Reach.PUBLIC if self._reach is None else self._reach

    def route_to(self, url: Url) -> Route:
        """Return the route to a URL that this host named: a realm, a redirect.

        Another host is checked against the system's certificates and this registry's CA, is never
        shown the client certificate, and is verified even where this one need not be.
        """
        if url.origin == self.url("/").origin:
            return self.route
        if url.host == self.name:
            return self._route(self.foreign_rule, self.endpoint.tls)
        own = self.endpoint.tls
        return self._route(self.foreign_rule, TlsChoice(extra_ca_files=(*own.ca_files, *own.extra_ca_files)))

    def may_receive_secret(self, url: Url) -> bool:
        """Whether this registry's credential may go to ``url``: itself, its known partners, configured hosts."""
        if url.host == self.name:
            return True
        partners = _BUILT_IN_AUTH_HOSTS.get("docker.io" if self.domain in HUB_NAMES else self.domain, ())
        allowed = {*partners, *self.settings.auth_hosts}
        return url.authority in allowed or (url.host in allowed and url.port == DEFAULT_PORTS[url.scheme])

    def _route(self, rule: Reach, tls: TlsChoice) -> Route:
        return Route(tls, rule, self._timeouts.connect, self._timeouts.request)


def _split(domain: str) -> tuple[str, int | None]:
    host, colon, port = domain.rpartition(":")
    if not colon or not port.isdigit():
        return domain.strip("[]").lower(), None
    return host.strip("[]").lower(), int(port)


def _endpoints(
    name: str, port: int | None, settings: HostSettings, common: RegistrySettings, *, insecure: bool
) -> tuple[Endpoint, ...]:
    plain = Endpoint("http", SYSTEM_TRUST)
    if settings.plain_http:
        return (plain,)
    authority = Url("https", name, port or DEFAULT_PORTS["https"], "/").authority
    own = TlsChoice(
        verify=not settings.skip_tls_verify,
        ca_files=(settings.ca_file,) if settings.ca_file is not None else (),
        client_cert=settings.client_cert,
        client_key=settings.client_key,
    )
    if settings.plain_http is None and own == SYSTEM_TRUST and not insecure and is_loopback_name(name):
        return (plain,)
    tls = choice_from_folders(common.certificate_folders, authority) if own == SYSTEM_TRUST else own
    if not insecure:
        return (Endpoint("https", tls),)
    unverified = Endpoint("https", TlsChoice(verify=False, client_cert=tls.client_cert, client_key=tls.client_key))
    # Docker's order for an insecure registry: TLS whatever its certificate, then none.
    return (unverified,) if settings.plain_http is False else (unverified, plain)
