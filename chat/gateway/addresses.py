"""Who the client really is: the peer, or whom a trusted proxy names. Nobody else is believed about it."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Literal

from chat.domain.addresses import parse_address
from chat.domain.startup import CannotStart

Headers = Iterable[tuple[str, str]]
"""Names in lower case with their values, in the order they came."""


UNKNOWN = "unknown"
"""The address of a client whom a trusted proxy does not name, or not for certain (RFC 7239, section 6.2)."""

Believed = Literal["auto", "x-forwarded-for", "forwarded"]
"""What the proxies set: `X-Forwarded-For` with `-Proto` and `-Host`, or `Forwarded`. `auto`: whichever comes."""


class Proxies:
    """The reverse proxies that are believed, as addresses and networks. Raises CannotStart at a malformed one.

    A proxy adds to the header that it sets, and lets the client's own pass of the kind that it does not. So where
    both come and differ, `auto` believes neither.
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
        """Whether the peer at `address` is one of them."""
        return bool(self._networks) and self._trusts(parse_address(address))

    def client_address(self, peer: str, headers: Headers) -> str:
        """The address of the client that `peer` speaks for: the nearest one that is no trusted proxy.

        Read from the right, where the trusted proxies write: what stands further left is the client's own word.
        UNKNOWN where the proxy tells nothing certain, and where it names loopback, which limits spare: a client
        may have written that. The proxy's own address where it sets no such header at all.
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
        """`http` or `https`, as the client sees it: ours, or what a trusted proxy says of its own side."""
        match self._said(peer, headers, "proto"):
            case "https" | "wss":
                return "https"
            case "http" | "ws":
                return "http"
        return "https" if tls else "http"

    def client_host(self, peer: str, headers: Headers) -> str | None:
        """The `Host` that the client asked a trusted proxy for, in lower case, where the proxy tells it."""
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
        """The nearest hop that is no trusted proxy, or the farthest of all; None at a hidden one, and at nonsense."""
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
    """That parameter of each element of `Forwarded`, "" where one has none; nothing where none has it."""
    # Split at every comma, in quotes too: a quote that a client leaves open must not swallow what follows it.
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
