"""A bus in memory, on sockets, on a real PostgreSQL and on a real Redis, through connections that are lost."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import trio
from trio_cancel_sweep import Run, Scenario

from chat.bus.bus import Bus
from chat.storage.postgres.asyncio_bridge import open_asyncio
from chat.storage.postgres.database import DatabaseAddress
from tests.bus.media import DirectPostgres, Medium, RedisMedium, worker_buses
from tests.bus.receiving import receive_until
from tests.reference.bus import LocalNetwork
from tests.support.redis import RedisServer


def on_postgres(address: DatabaseAddress) -> Scenario:
    """NOTIFY and LISTEN: whenever it is cancelled, no connection is left."""

    async def scenario(run: Run) -> None:
        async with open_asyncio():
            await _lives(run, DirectPostgres(address))

    return scenario


def on_redis(server: RedisServer) -> Scenario:
    """PUBLISH and SUBSCRIBE: whenever it is cancelled, no connection is left."""

    async def scenario(run: Run) -> None:
        await _lives(run, RedisMedium(server))

    return scenario


async def _lives(run: Run, medium: Medium) -> None:
    async def live() -> None:
        with trio.fail_after(20):
            async with medium.open_bus() as bus:
                assert await bus.receive() is None
                await _until_received(bus, b"one")
                await trio.sleep(0.05)  # it is looked at whether it still listens
                await medium.end_connections()
                while await bus.receive() is not None:
                    pass
                await _until_received(bus, b"two")
                bus.publish(b"the last")

    await run.target(live)
    with trio.fail_after(15):
        while await medium.connections():  # noqa: ASYNC110 - they are another process's
            await trio.sleep(0.01)


async def _until_received(bus: Bus, payload: bytes) -> None:
    """Publish until it arrives: the sender's connection may be lost and not know it."""
    heard = False
    while not heard:
        bus.publish(payload)
        with trio.move_on_after(0.5):
            await receive_until(bus, payload)
            heard = True


async def in_memory(run: Run) -> None:
    """Two servers of one process."""
    network = LocalNetwork()
    await _lives_beside_another(run, network.open_bus)
    assert not network.buses, "a bus is left in the network"


async def on_sockets(run: Run) -> None:
    """Two workers of one parent."""
    with worker_buses(2) as open_bus:
        await _lives_beside_another(run, open_bus)


async def _lives_beside_another(run: Run, open_bus: Callable[[], AbstractAsyncContextManager[Bus]]) -> None:
    """What one was cancelled at is nothing to the other, and no payload is lost by it."""
    received: list[bytes] = []

    async def listen(bus: Bus) -> None:
        while len(received) < 3:
            received.extend(await bus.receive() or [])

    async with open_bus() as witness:
        assert await witness.receive() is None

        async def live() -> None:
            async with open_bus() as bus, trio.open_nursery() as nursery:
                nursery.start_soon(listen, bus)
                for n in range(3):
                    await trio.sleep(0.1)
                    bus.publish(b"%d" % n)

        await run.target(live)
        witness.publish(b"after")
        heard = await receive_until(witness, b"after")
        assert heard[: len(received)] == received
