"""Which proxy stands before a URL, from ``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``.

Follows Go's rules (``golang.org/x/net/http/httpproxy``), which registries' other clients use:
loopback is never proxied, ``NO_PROXY`` takes names with their subdomains, ports, addresses and CIDR blocks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from gitops_streams.registry.addresses import is_loopback_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops_streams.registry.messages import Url

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy to go through."""

    scheme: str
    host: str
    port: int
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class UnusableProxy:
    """The environment names a proxy that cannot be used; going past it in silence would be wrong."""

    reason: str


@dataclass(frozen=True, slots=True)
class ProxyRules:
    """What the environment says about proxies."""

    by_scheme: Mapping[str, Proxy | UnusableProxy] = field(default_factory=dict)
    exceptions: tuple[str, ...] = ()

    def proxy_for(self, url: Url) -> Proxy | UnusableProxy | None:
        """Return the proxy for a URL; ``None`` goes there directly."""
        proxy = self.by_scheme.get(url.scheme)
        if proxy is None or is_loopback_name(url.host) or any(_excepted(url, rule) for rule in self.exceptions):
            return None
        return proxy


def rules_from(environment: Mapping[str, str]) -> ProxyRules:
    """Read the variables, the lower-case one first (``http_proxy`` before ``HTTP_PROXY``)."""
    everything = _variable(environment, "all_proxy")
    by_scheme: dict[str, Proxy | UnusableProxy] = {}
    for scheme in ("http", "https"):
        name = f"{scheme}_proxy"
        text = _variable(environment, name)
        if text:
            by_scheme[scheme] = _parse(text, name.upper())
        elif everything:
            by_scheme[scheme] = _parse(everything, "ALL_PROXY")
    exceptions = _variable(environment, "no_proxy").lower().split(",")
    return ProxyRules(by_scheme, tuple(rule.strip() for rule in exceptions if rule.strip()))


def _variable(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name) or environment.get(name.upper()) or ""


def _parse(text: str, variable: str) -> Proxy | UnusableProxy:
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return UnusableProxy(f"{variable} is not a URL")
    if parts.scheme not in _PORTS:
        return UnusableProxy(f"{variable} names a proxy that is neither http nor https")
    if not host:
        return UnusableProxy(f"{variable} names no host")
    return Proxy(
        parts.scheme, host, port or _PORTS[parts.scheme], unquote(parts.username or ""), unquote(parts.password or "")
    )


def _excepted(url: Url, rule: str) -> bool:
    if rule == "*":
        return True
    if "/" in rule:
        try:
            return ip_address(url.host) in ip_network(rule, strict=False)
        except ValueError:
            return False
    name, colon, port = rule.rpartition(":")
    if colon and port.isdigit() and (":" not in name or name.endswith("]")):
        if int(port) != url.port:
            return False
        rule = name
    rule = rule.strip("[]").removeprefix("*")
    return url.host == rule.removeprefix(".") or url.host.endswith(rule if rule.startswith(".") else f".{rule}")
