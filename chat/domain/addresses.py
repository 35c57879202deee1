"""Network addresses, and the keys by which limits count them."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

_LONGEST = 100
"""Characters of an address with its zone; longer texts are neither parsed nor cached."""


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address in `text`; None: there is none. An IPv4-mapped IPv6 address becomes IPv4."""
    return _parsed(text) if len(text) <= _LONGEST else None


def address_key(text: str) -> bytes | None:
    """Return the key by which limits count the address in `text`; None: loopback, which is exempt.

    In labs, and behind a proxy that names no address, everybody comes from loopback. An IPv6 client has all 2**64
    addresses of its network, so the network counts. A text that is no address (`unknown`, RFC 7239 section 6.2) counts
    as itself.
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
