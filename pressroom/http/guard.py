"""Which addresses may be fetched from. Asked with the very address that is about to be connected to, on every hop.

Only public unicast is: the lists below name what the IANA special-purpose registries (RFC 6890 and its updates) keep
for something else, so that a feed's address, its redirects and its name's answers cannot reach into our own networks.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from pressroom.http.answer import FetchError
from pressroom.http.urls import Url, ip_of, named_user
from schemas.errors import ErrorKind

Ip = IPv4Address | IPv6Address

PORTS = (80, 443, 8080, 8443)

_REFUSED_V4 = {
    "0.0.0.0/8": "unspecified",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "shared by a provider (carrier-grade NAT)",
    "127.0.0.0/8": "loopback",
    "169.254.0.0/16": "link-local",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "kept for protocols",
    "192.0.2.0/24": "for documentation",
    "192.88.99.0/24": "a 6to4 relay",
    "192.168.0.0/16": "private",
    "198.18.0.0/15": "for benchmarks",
    "198.51.100.0/24": "for documentation",
    "203.0.113.0/24": "for documentation",
    "224.0.0.0/4": "multicast",
    "255.255.255.255/32": "broadcast",
    "240.0.0.0/4": "reserved",
}
_REFUSED_V6 = {
    "::1/128": "loopback",
    "::/128": "unspecified",
    "::ffff:0:0/96": "an IPv4 address in disguise (mapped)",
    "::/96": "an IPv4 address in disguise (compatible)",
    "64:ff9b::/96": "an IPv4 address behind NAT64",
    "64:ff9b:1::/48": "an IPv4 address behind a local NAT64",
    "2001::/32": "an IPv4 address behind Teredo",
    "2001:db8::/32": "for documentation",
    "2001::/23": "kept for protocols",
    "2002::/16": "an IPv4 address behind 6to4",
    "3fff::/20": "for documentation",
    "fc00::/7": "private (unique local)",
    "fe80::/10": "link-local",
    "fec0::/10": "site-local",
    "ff00::/8": "multicast",
}
_GLOBAL_V6 = IPv6Network("2000::/3")
_V4 = tuple((IPv4Network(network), what) for network, what in _REFUSED_V4.items())
_V6 = tuple((IPv6Network(network), what) for network, what in _REFUSED_V6.items())


class Guard:
    """Says no to addresses and ports. Networks given as `allowed` are exempt, on any port, spelled as they are.

    A mapped or translated IPv6 form of an allowed IPv4 network is not in it: allow that form itself if it is meant.
    """

    def __init__(self, ports: Iterable[int] = PORTS, allowed: Iterable[str] = ()) -> None:
        self._ports = frozenset(ports)
        self._allowed = tuple(ip_network(network) for network in allowed)

    def check_url(self, url: Url) -> None:
        """What can be said before a name is looked up. Raises `FetchError`."""
        address = ip_of(url.host)
        if address is not None:
            self.check_address(address, url.port)
        if url.user:
            raise named_user()

    def check_address(self, address: Ip, port: int) -> None:
        """Raises `FetchError` of kind `blocked_address` unless a connection to `address` and `port` may be made."""
        if any(address in network for network in self._allowed):
            return
        what = refused_because(address)
        if what is not None:
            raise FetchError(ErrorKind.BLOCKED_ADDRESS, f"{address} is not public: {what}")
        if port not in self._ports:
            raise FetchError(ErrorKind.BLOCKED_ADDRESS, f"port {port} is not among those that are fetched from")


def refused_because(address: Ip) -> str | None:
    """What an address is kept for, or None for public unicast."""
    if isinstance(address, IPv4Address):
        return next((what for network, what in _V4 if address in network), None)
    if address.scope_id is not None:
        return "it has a zone"
    named = next((what for network, what in _V6 if address in network), None)
    return named or (None if address in _GLOBAL_V6 else "not global unicast")
