"""Ranges of addresses as people write them, and whether an address is in one."""

from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Network = IPv4Network | IPv6Network
Networks = tuple[Network, ...]


def network_of(text: str) -> Network:
    """Read `10.0.0.0/8` or one address; anything else is a `ValueError` with a fix."""
    try:
        whole = ip_network(text, strict=False)
    except ValueError:
        raise ValueError(
            "is no range of addresses, such as 10.0.0.0/8 or 2001:db8::/32"
        ) from None
    try:
        return ip_network(text)
    except ValueError:
        raise ValueError(f"names an address inside of its range: {whole}") from None


def address_of(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address; IPv4 that is written as IPv6 is IPv4. None: it is none."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def holds(networks: Iterable[Network], text: str) -> bool:
    """Say whether the address *text* is in one of *networks*."""
    found = address_of(text)
    return found is not None and any(found in network for network in networks)
