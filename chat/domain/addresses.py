"""Network addresses as clients are counted by them."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

_LONGEST = 100
"""Characters of an address, its zone included; what is longer is not even looked at, nor remembered."""


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """The address in `text`, an IPv4 one also where it is mapped into IPv6; None where there is none."""
    return _parsed(text) if len(text) <= _LONGEST else None


def address_key(text: str) -> bytes | None:
    """The key that limits count the address in `text` by, or None: loopback is spared.

    Loopback is everybody's in labs, and behind a proxy that tells no address. Whoever has one IPv6 address has the
    2**64 of its network, so that network counts. What is no address (`unknown`, RFC 7239 section 6.2) counts as itself.
    """
    return _key(text) if len(text) <= _LONGEST else text[:_LONGEST].encode(errors="replace")


@lru_cache(1024)
def _key(text: str) -> bytes | None:
    address = _parsed(text)
    if address is None:
        return text.encode(errors="replace")
    if address.is_loopback:
        return None
    return address.packed[:8]  # all four bytes of an IPv4 address


@lru_cache(1024)
def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
