"""Servers with a lease, in memory. A method's work is done in one go after its checkpoint: no await in between."""

import time
from collections.abc import Callable

import msgspec
import trio
from msgspec import structs

from chat.domain.nodes import LEASE, Node, OtherBus, OtherSecret


class _Lease(msgspec.Struct, frozen=True):
    """A server, and when its lease ends by the storage's clock."""

    node: Node
    secret_digest: str
    previous_digest: str | None
    ends: float


class MemoryNodes:
    """The port `Nodes`. `end_of_log` returns the highest id; `now` is the clock of all leases, in seconds."""

    def __init__(self, end_of_log: Callable[[], int], now: Callable[[], float] = trio.current_time) -> None:
        self._end_of_log = end_of_log
        self._now = now
        self._leases: dict[int, _Lease] = {}
        self._newest = 0

    async def register(
        self,
        *,
        address: str,
        version: str,
        bus: str,
        secret_digest: str,
        previous_digest: str | None = None,
        number: int | None = None,
    ) -> int:
        await trio.lowlevel.checkpoint()
        self._forget_lapsed()
        for other, lease in self._leases.items():
            if other == number:
                continue
            if lease.node.bus != bus:
                raise OtherBus(bus, lease.node.bus)
            accepts_each_other = (lease.secret_digest, lease.previous_digest) == (
                previous_digest,
                secret_digest,
            )
            if lease.secret_digest != secret_digest and not accepts_each_other:
                raise OtherSecret
        if number is None:
            self._newest += 1
            number = self._newest
        known = self._leases.get(number)
        node = Node(
            number=number,
            address=address,
            version=version,
            bus=bus,
            started_at=known.node.started_at if known else round(time.time(), 6),
            position=0,
            clients=0,
            lease=LEASE,
        )
        self._leases[number] = _Lease(node, secret_digest, previous_digest, self._now() + LEASE)
        return number

    async def renew(self, number: int, position: int, clients: int) -> int | None:
        await trio.lowlevel.checkpoint()
        self._forget_lapsed()
        if number not in self._leases:
            return None
        lease = self._leases[number]
        node = structs.replace(lease.node, position=position, clients=clients)
        self._leases[number] = structs.replace(lease, node=node, ends=self._now() + LEASE)
        return self._end_of_log()

    async def live(self) -> list[Node]:
        await trio.lowlevel.checkpoint()
        self._forget_lapsed()
        now = self._now()
        return [
            structs.replace(lease.node, lease=lease.ends - now) for _, lease in sorted(self._leases.items())
        ]

    async def leave(self, number: int) -> None:
        await trio.lowlevel.checkpoint()
        self._leases.pop(number, None)

    def _forget_lapsed(self) -> None:
        now = self._now()
        self._leases = {number: lease for number, lease in self._leases.items() if lease.ends > now}
