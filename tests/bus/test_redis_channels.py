"""Several chats on one Redis, and foreign messages on their channels."""

import trio

from chat.bus.redis import open_redis_bus
from tests.bus.receiving import receive, settle
from tests.support.redis import redis_server


async def test_two_chats_on_one_redis_are_separate() -> None:
    with redis_server() as server, trio.fail_after(30):
        async with (
            open_redis_bus(server.url, channel="chat:one") as one,
            open_redis_bus(server.url, channel="chat:two") as two,
        ):
            await settle(one, two)
            one.publish(b"for one")
            assert await receive(one, 1) == [b"for one"]
            two.publish(b"for two")
            assert await receive(two, 1) == [b"for two"]


async def test_anything_published_on_the_channel_is_a_payload() -> None:
    with redis_server() as server, trio.fail_after(30):
        async with open_redis_bus(server.url, channel="chat:one") as bus:
            await settle(bus)
            await server.ask("PUBLISH chat:one hello", 'PUBLISH chat:one "\\xff"')
            assert await receive(bus, 2) == [b"hello", b"\xff"]
