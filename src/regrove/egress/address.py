"""Which network an IP address belongs to: only public ones may be spoken to.

The list is this package's own and not that of ``ipaddress``, whose answers change between patch releases. Sources: the
IANA special-purpose address registries for IPv4 and IPv6, read as "globally reachable: no"; of IPv6 only 2000::/3 is
handed out at all. Addresses that carry another address inside (mapped, NAT64, 6to4, Teredo) are never public: what
they lead to is decided by someone else.
"""

from __future__ import annotations

import ipaddress
from typing import Final

from regrove.errors import Refused

__all__ = ["Address", "network_of", "parsed"]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NETWORKS: Final = tuple(
    (ipaddress.ip_network(network), words)
    for network, words in (
        ("127.0.0.0/8", "loopback"),
        ("169.254.169.254/32", "the metadata service of a cloud"),
        ("168.63.129.16/32", "the metadata service of a cloud"),
        ("100.100.100.200/32", "the metadata service of a cloud"),
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "a private network"),
        ("100.64.0.0/10", "a carrier's inner network"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "a private network"),
        ("192.0.0.0/24", "a protocol's own network"),
        ("192.0.2.0/24", "a network for documentation"),
        ("192.88.99.0/24", "a relay to IPv6"),
        ("192.168.0.0/16", "a private network"),
        ("198.18.0.0/15", "a network for benchmarks"),
        ("198.51.100.0/24", "a network for documentation"),
        ("203.0.113.0/24", "a network for documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "a reserved network"),
        ("::1/128", "loopback"),
        ("::/128", "no address"),
        ("::ffff:0:0/96", "an IPv4 address in IPv6"),
        ("64:ff9b::/96", "an IPv4 address behind NAT64"),
        ("64:ff9b:1::/48", "an IPv4 address behind NAT64"),
        ("2001::/32", "an IPv4 address behind Teredo"),
        ("2001::/23", "a protocol's own network"),
        ("2001:db8::/32", "a network for documentation"),
        ("2002::/16", "an IPv4 address behind 6to4"),
        ("3fff::/20", "a network for documentation"),
        ("fc00::/7", "a private network"),
        ("fe80::/10", "link-local"),
        ("ff00::/8", "multicast"),
    )
)
_HANDED_OUT: Final = ipaddress.ip_network("2000::/3")


def network_of(address: Address) -> str:
    """``public``, ``loopback``, or the words for a network that may not be spoken to.

    >>> network_of(ipaddress.ip_address("8.8.8.8")), network_of(ipaddress.ip_address("192.168.1.1"))
    ('public', 'a private network')
    """
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
        return "an address of one interface"
    for network, words in _NETWORKS:
        if address.version == network.version and address in network:
            return words
    return "public" if address.version == 4 or address in _HANDED_OUT else "a reserved network"


def parsed(text: str) -> Address:
    """An address as a resolver gives it; Refused for anything else."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise Refused("A resolver gave something that is no address", received=repr(text)[:80]) from None
