"""The client's real address: the peer's, or the one that a trusted proxy names."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Literal

from chat.domain.addresses import parse_address
from chat.domain.startup import CannotStart

Headers = Iterable[tuple[str, str]]
"""Names in lower case with their values, in the order they came."""

UNKNOWN = "unknown"
"""The address of a client that a trusted proxy does not name, or not for certain (RFC 7239, section 6.2)."""

Believed = Literal["auto", "x-forwarded-for", "forwarded"]
"""The headers that the proxies set: `X-Forwarded-For`, `-Proto` and `-Host`, or `Forwarded`. `auto`: either."""


class Proxies:
    """The trusted reverse proxies, as addresses and networks. Raises CannotStart at a malformed one.

    A proxy appends to the header that it sets, and passes on the client's own header of the other kind. So if both
    come and differ, `auto` trusts neither.
    """

    __slots__ = ("_believed", "_networks")

    def __init__(self, trusted: Iterable[str], believed: Believed = "auto") -> None:
        self._believed = believed
        self._networks: list[IPv4Network | IPv6Network] = []
        for text in trusted:
            try:
                self._networks.append(ip_network(text, strict=False))
            except ValueError:
                raise CannotStart(f"trusted proxy {text!r} is neither an address nor a network") from None

    def trusts(self, address: str) -> bool:
        """Whether the peer at `address` is a trusted proxy."""
        return bool(self._networks) and self._trusts(parse_address(address))

    def client_address(self, peer: str, headers: Headers) -> str:
        """Return the address of the client behind `peer`: the nearest one that is no trusted proxy.

        The header is read from the right, where trusted proxies write; a client can forge the rest. UNKNOWN if the
        proxy names no certain address, or names loopback, which a client may have forged because limits spare it.
        The proxy's own address if it sets no such header.
        """
        client = parse_address(peer)
        if self._trusts(client):
            headers = list(headers)
            chains = [
                _listed(headers, "x-forwarded-for") if self._believed != "forwarded" else [],
                _parameters(headers, "for") if self._believed != "x-forwarded-for" else [],
            ]
            if named := {self._nearest(chain) for chain in chains if chain}:
                client = named.pop() if len(named) == 1 else None
                if client is None or client.is_loopback:
                    return UNKNOWN
        return str(client) if client is not None else peer

    def client_scheme(self, peer: str, headers: Headers, *, tls: bool) -> str:
        """Return `http` or `https`, as the client sees it: this server's, or a trusted proxy's."""
        match self._said(peer, headers, "proto"):
            case "https" | "wss":
                return "https"
            case "http" | "ws":
                return "http"
        return "https" if tls else "http"

    def client_host(self, peer: str, headers: Headers) -> str | None:
        """Return the `Host` that the client asked a trusted proxy for, in lower case, if the proxy tells it."""
        return self._said(peer, headers, "host")

    def _said(self, peer: str, headers: Headers, what: str) -> str | None:
        if not self.trusts(peer):
            return None
        headers = list(headers)
        words = [
            _listed(headers, f"x-forwarded-{what}") if self._believed != "forwarded" else [],
            _parameters(headers, what) if self._believed != "x-forwarded-for" else [],
        ]
        nearest = {word[-1].lower() for word in words if word and word[-1]}
        return nearest.pop() if len(nearest) == 1 else None

    def _nearest(self, hops: list[str]) -> IPv4Address | IPv6Address | None:
        """Return the nearest hop that is no trusted proxy, or the farthest one; None: hidden or malformed."""
        address = None
        for hop in reversed(hops):
            address = parse_address(_without_port(hop))
            if not self._trusts(address):
                break
        return address

    def _trusts(self, address: IPv4Address | IPv6Address | None) -> bool:
        return address is not None and any(address in network for network in self._networks)


def _listed(headers: list[tuple[str, str]], name: str) -> list[str]:
    values = [value for known, value in headers if known == name]
    return [item.strip() for item in ",".join(values).split(",")] if values else []


def _parameters(headers: list[tuple[str, str]], name: str) -> list[str]:
    """Return the parameter of each element of `Forwarded`, "" for an element without it; [] if none has it."""
    # Split at every comma, also in quotes: a quote that a client left open must not hide the following elements.
    elements = [
        {key.strip().lower(): value.strip().strip('"') for key, _, value in _pairs(element)}
        for element in _listed(headers, "forwarded")
    ]
    return [element.get(name, "") for element in elements] if any(name in known for known in elements) else []


def _pairs(element: str) -> Iterator[tuple[str, str, str]]:
    return (pair.partition("=") for pair in element.split(";") if "=" in pair)


def _without_port(hop: str) -> str:
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
