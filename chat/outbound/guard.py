"""Which network addresses the server may connect to in somebody else's name. Pure."""

import ipaddress
from collections.abc import Iterable

import msgspec

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")
"""All that IANA has assigned for global unicast. Mapped, compatible, translated, private, link-local and multicast
addresses are outside of it."""

# `is_global` depends on the version of Python: what matters is named here.
_REFUSED: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' NAT; the metadata of Alibaba
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's wire server: global by its number only
        "169.254.0.0/16",  # link-local; the metadata of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",  # the metadata of Oracle
        "192.0.2.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "2001::/23",  # Teredo, ORCHID, and other protocols' own
        "2001:db8::/32",
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",
    )
)

_NEVER_BY_NAME = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "192.0.0.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)

_PRIVATE_IPV6 = tuple(ipaddress.ip_network(text) for text in ("::1/128", "fc00::/7"))


class AllowedHosts(msgspec.Struct, frozen=True):
    """Hosts that may be private: names, compared exactly, and networks. Made by `allowed_hosts`."""

    names: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()


def allowed_hosts(items: Iterable[str]) -> AllowedHosts:
    """Parse names, addresses and networks, as an admin lists them. What looks like a bad network is a name. Pure."""
    names, networks = set(), []
    for item in items:
        try:
            networks.append(ipaddress.ip_network(item, strict=False))
        except ValueError:
            names.add(item.lower().rstrip("."))
    return AllowedHosts(frozenset(names), tuple(networks))


def may_connect(host: str, address: Address, allowed: AllowedHosts) -> bool:
    """Return whether the server may connect to `address`, which `host` resolved to. Pure.

    A listed network allows its addresses. A listed name allows private addresses, loopback among them, but neither
    link-local ones nor the metadata of clouds: the owner of the name may not choose these.
    """
    if any(address in network for network in allowed.networks):
        return True
    if is_global(address):
        return True
    if host.lower().rstrip(".") not in allowed.names:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        return address.scope_id is None and any(address in network for network in _PRIVATE_IPV6)
    return not any(address in network for network in _NEVER_BY_NAME)


def is_global(address: Address) -> bool:
    """Return whether an address is reached over the internet and contains no other one. Pure."""
    if isinstance(address, ipaddress.IPv6Address) and (
        address.scope_id is not None or address not in _GLOBAL_IPV6
    ):
        return False
    return address.is_global and not any(address in network for network in _REFUSED)
