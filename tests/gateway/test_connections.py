"""What is known of connections: nothing of those that are over, and no waiting for those that come as it stops."""

import trio

from tests.support.gateway import OPENING, none_left, nothing_logged, running, wire_to


async def test_of_a_connection_that_is_over_nothing_is_kept() -> None:
    with trio.fail_after(10):
        async with running() as gateway:
            async with wire_to(gateway) as wire:
                assert (await wire.get())[0] == 200
                assert len(gateway._connections._sockets) == 1
                assert gateway._connections._early == set()
            await none_left(gateway)
            while gateway._connections._sockets:
                await trio.lowlevel.checkpoint()


async def test_who_comes_while_it_stops_and_sends_no_head_is_not_waited_for() -> None:
    with trio.fail_after(10), nothing_logged():
        async with running(head_timeout=60.0, grace=60.0) as gateway:
            await gateway._connections.stop()
            async with wire_to(gateway) as wire:
                await wire.send(OPENING[:20])
                assert await wire.until_closed() == b""
