"""Which IP addresses a request may reach: a public registry must not lead us into a private network.

Checked on the address that is actually connected to, so a name that resolves differently the
second time gains nothing. IPv4-mapped and NAT64 IPv6 addresses count as the IPv4 address within.
"""

from __future__ import annotations

from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network


class Reach(IntEnum):
    """How far an address is from the public network; a larger one is nearer to us."""

    PUBLIC = 0
    PRIVATE = 1
    """A private network: RFC 1918, RFC 6598, unique local."""
    LOCAL = 2
    """Loopback."""
    SPECIAL = 3
    """Link-local (where clouds serve credentials), unspecified, multicast, reserved: no place for a token server."""

    def __str__(self) -> str:
        """The words for messages: ``a … address``."""
        return "link-local or reserved" if self is Reach.SPECIAL else self.name.lower()


AddressRule = Reach
"""The nearest ``Reach`` that a request may connect to; ``SPECIAL`` allows everything."""

_NAT64 = ip_network("64:ff9b::/96")
_PRIVATE = tuple(ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
_UNIQUE_LOCAL = ip_network("fc00::/7")


def reach_of(address: str) -> Reach:
    """Classify an IP address; what cannot be read is ``SPECIAL``, the strictest class."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return Reach.SPECIAL
    if isinstance(ip, IPv6Address):
        inner = _embedded(ip)
        if inner is None:
            if ip in _UNIQUE_LOCAL:
                return Reach.PRIVATE
            return _public_or_near(ip)
        ip = inner
    if any(ip in network for network in _PRIVATE):
        return Reach.PRIVATE
    return _public_or_near(ip)


def _public_or_near(ip: IPv4Address | IPv6Address) -> Reach:
    if ip.is_loopback:
        return Reach.LOCAL
    return Reach.PUBLIC if ip.is_global and not ip.is_multicast else Reach.SPECIAL


def is_loopback_name(host: str) -> bool:
    """Whether a host is ``localhost``, in ``127.0.0.0/8`` or ``::1`` by its very name."""
    if host == "localhost":
        return True
    if not (host.startswith("127.") or ":" in host):
        return False
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def literal_reach(host: str) -> Reach | None:
    """Classify a host that is written as an IP address or ``localhost``; ``None`` for other names."""
    if host == "localhost" or host.endswith(".localhost"):
        return Reach.LOCAL
    try:
        ip_address(host)
    except ValueError:
        return None
    return reach_of(host)


def _embedded(ip: IPv6Address) -> IPv4Address | None:
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip.sixtofour is not None:
        return ip.sixtofour
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return None
