"""Bans of network addresses: of registering from there, or of all access, until a time or for good.

The bans that hold are in memory, so that a check costs no query. All of it is sync.
"""

import math
import time
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Protocol

import msgspec

from chat.domain.addresses import parse_address
from chat.domain.administration.audit import Act, Named, What
from chat.domain.features import Port
from chat.domain.refusals import Code, Refusal

MOST_BANS = 10_000
LONGEST_REASON = 500

Network = IPv4Network | IPv6Network

_LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
_MAPPED = ip_network("::ffff:0:0/96")
_MAPPED_BITS = 96

NO_NETWORK = Refusal(
    Code.INVALID,
    "that is no address or network: write it as 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32",
    field="network",
    reason="bad_network",
)
LOOPBACK = Refusal(
    Code.INVALID,
    "that network has addresses of this machine, which can't be banned",
    field="network",
    reason="ban_of_loopback",
)
TRUSTED_PROXY = Refusal(
    Code.INVALID,
    "that network has a trusted proxy: everybody behind it would be banned",
    field="network",
    reason="ban_of_proxy",
)
OWN_ADDRESS = Refusal(
    Code.CONFLICT,
    "your own address is in that network: you would be banned too",
    field="network",
    reason="ban_of_own_address",
)
PAST = Refusal(Code.INVALID, "that time is over", field="until", reason="ban_is_over")
TOO_MANY_BANS = Refusal(Code.TOO_MANY, f"there are at most {MOST_BANS} bans", reason="too_many_bans")
NO_BAN = Refusal(Code.NOT_FOUND, "there is no such ban", reason="no_ban")
FROM_REGISTERING = Refusal(
    Code.FORBIDDEN,
    "nobody may register from this network: ask an admin for an invitation",
    reason="registering_banned",
)
_FOR_GOOD = Refusal(Code.FORBIDDEN, "this network is banned", reason="address_banned")


class AddressBan(msgspec.Struct, frozen=True, kw_only=True):
    """A ban of a network. `until` and `at` are in Unix seconds; until None: for good. `by` None: a command.

    With `registering_only` people who have an account still get in. `reason` is for admins.
    """

    id: int
    network: str
    registering_only: bool = False
    until: float | None = None
    reason: str = ""
    by: Named | None = None
    at: float = 0.0


class AddressBanTable(Protocol):
    """Bans in a storage. Every method may raise StorageDown; those that write OutcomeUnknown too.

    Cancelling a write: it is done whole, or not at all.
    """

    async def list(self) -> "list[AddressBan]":
        """Return the bans that hold, the newest first."""
        ...

    async def add(self, ban: AddressBan, by_id: int | None) -> AddressBan | Refusal:
        """Add a ban, whose id is of no account, in the place of one of the same network, and note it in the audit."""
        ...

    async def lift(self, ban_id: int, by_id: int | None) -> bool:
        """Remove a ban, and note it in the audit; False: there is none."""
        ...


ADDRESS_BANS = Port[AddressBanTable]("address bans")


class AddressBans:
    """The bans that hold, as this server knows them. `clock` returns Unix seconds."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._by_prefix: dict[tuple[int, int], dict[int, AddressBan]] = {}
        self._proxies: list[Network] = []
        self.appeal_address = ""
        """Where people appeal whom a ban concerns, or whose account is disabled; empty: nowhere."""

    def spare(self, proxies: Iterable[str]) -> None:
        """Let nobody ban these addresses and networks: those of trusted proxies."""
        self._proxies += [ip_network(each, strict=False) for each in proxies]

    def replace(self, bans: Collection[AddressBan]) -> None:
        """Hold these bans from now on, and no others."""
        self._by_prefix = {}
        for ban in bans:
            network = network_of(ban.network)
            if not isinstance(network, Refusal):
                key = network.version, network.max_prefixlen - network.prefixlen
                self._by_prefix.setdefault(key, {})[int(network.network_address) >> key[1]] = ban

    def refusal(self, address: str) -> Refusal | None:
        """Return why a client at this address gets no access; None: it may have it."""
        for ban in self._find(address):
            if not ban.registering_only:
                return access_refusal(ban, self._clock())
        return None

    def registering_refusal(self, address: str) -> Refusal | None:
        """Return why nobody registers from this address; None: they may."""
        return next((FROM_REGISTERING for _ in self._find(address)), None)

    def wrong(self, network: Network) -> Refusal | None:
        """Return why a network can't be banned."""
        if any(_overlap(network, each) for each in _LOOPBACK):
            return LOOPBACK
        return TRUSTED_PROXY if any(_overlap(network, each) for each in self._proxies) else None

    def _find(self, address: str) -> Iterable[AddressBan]:
        if not self._by_prefix:
            return
        parsed = parse_address(address)
        if parsed is None or parsed.is_loopback:
            return
        now, number = self._clock(), int(parsed)
        for (version, bits), bans in self._by_prefix.items():
            ban = bans.get(number >> bits) if version == parsed.version else None
            if ban is not None and (ban.until is None or ban.until > now):
                yield ban


def network_of(text: str) -> Network | Refusal:
    """Return the network that a text names, or a single address as one; bits behind the prefix are dropped."""
    try:
        network = ip_network(text.strip(), strict=False) if "%" not in text else None
    except ValueError:
        network = None
    if network is None:
        return NO_NETWORK
    if isinstance(network, IPv6Network) and network.prefixlen >= _MAPPED_BITS and _overlap(network, _MAPPED):
        packed = network.network_address.packed[-4:]
        return IPv4Network((packed, network.prefixlen - _MAPPED_BITS), strict=False)
    return network


def has_address(network: Network, address: str) -> bool:
    """Whether an address, or what stands for one, is in the network."""
    parsed = parse_address(address)
    return parsed is not None and parsed.version == network.version and parsed in network


def access_refusal(ban: AddressBan, now: float) -> Refusal:
    """Return what a client reads that a ban of all access concerns."""
    if ban.until is None:
        return _FOR_GOOD
    end = datetime.fromtimestamp(math.ceil(ban.until / 60) * 60, UTC)
    text = f"this network is banned until {end:%Y-%m-%d %H:%M} UTC"
    return Refusal(Code.FORBIDDEN, text, retry_after=max(ban.until - now, 0.0), reason="address_banned_until")


def ban_act(ban: AddressBan, by_id: int | None, *, is_lifted: bool = False) -> Act:
    """Return the act of banning a network, or of lifting the ban."""
    what = What.ADDRESS_UNBANNED if is_lifted else What.ADDRESS_BANNED
    return Act(by_id=by_id, what=what, detail=ban.network)


def _overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)
