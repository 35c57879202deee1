"""Who the client really is: the peer, or whom a trusted proxy names. Nobody else is believed about it."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from chat.model.addresses import parse_address
from chat.model.startup import CannotStart

Headers = Iterable[tuple[str, str]]
"""Names in lower case with their values, in the order they came."""


class Proxies:
    """The reverse proxies that are believed, as addresses and networks. Raises CannotStart at a malformed one."""

    __slots__ = ("_networks",)

    def __init__(self, trusted: Iterable[str]) -> None:
        self._networks: list[IPv4Network | IPv6Network] = []
        for text in trusted:
            try:
                self._networks.append(ip_network(text, strict=False))
            except ValueError:
                raise CannotStart(f"trusted proxy {text!r} is no address and no network") from None

    def trusts(self, address: str) -> bool:
        """Whether the peer at `address` is one of them."""
        return bool(self._networks) and self._trusts(parse_address(address))

    def client_address(self, peer: str, headers: Headers) -> str:
        """The address of the client that `peer` speaks for: the nearest one that is no trusted proxy.

        Read from the right, where the trusted proxies write: what stands further left is the client's own word.
        `X-Forwarded-For` comes before `Forwarded` (RFC 7239), because more proxies set it, and one that sets
        it usually lets the client's own `Forwarded` through.
        """
        client = parse_address(peer)
        if self.trusts(peer):
            for hop in reversed(_hops(list(headers))):
                address = parse_address(_without_port(hop))
                if address is None:  # hidden or nonsense: all that is known is who sent us that
                    break
                client = address
                if not self._trusts(address):
                    break
        return str(client) if client is not None else peer

    def client_scheme(self, peer: str, headers: Headers, *, tls: bool) -> str:
        """`http` or `https`, as the client sees it: ours, or what a trusted proxy says of its own side."""
        if self.trusts(peer):
            headers = list(headers)
            said = _listed(headers, "x-forwarded-proto") or _parameters(headers, "proto")
            match said[-1].lower() if said else "":
                case "https" | "wss":
                    return "https"
                case "http" | "ws":
                    return "http"
        return "https" if tls else "http"

    def _trusts(self, address: IPv4Address | IPv6Address | None) -> bool:
        return address is not None and any(address in network for network in self._networks)


def _hops(headers: list[tuple[str, str]]) -> list[str]:
    return _listed(headers, "x-forwarded-for") or _parameters(headers, "for")


def _listed(headers: list[tuple[str, str]], name: str) -> list[str]:
    values = ",".join(value for known, value in headers if known == name)
    return [item.strip() for item in values.split(",")] if values else []


def _parameters(headers: list[tuple[str, str]], name: str) -> list[str]:
    # Split at every comma, in quotes too: a quote that a client leaves open must not swallow what follows it.
    found = []
    for element in _listed(headers, "forwarded"):
        for pair in element.split(";"):
            key, equals, value = pair.partition("=")
            if equals and key.strip().lower() == name:
                found.append(value.strip().strip('"'))
    return found


def _without_port(hop: str) -> str:
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
