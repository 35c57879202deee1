"""Which bus a setting selects, and how the bus is described to others."""

import trio

from chat.bus.opening import kind_of, open_bus
from chat.bus.remote import RemoteBus
from chat.storage.postgres.asyncio_bridge import open_asyncio
from chat.storage.postgres.database import DatabaseAddress
from tests.bus.receiving import receive, settle
from tests.support.redis import redis_server


def test_the_shown_description_of_a_bus_has_no_password() -> None:
    assert kind_of("notify") == "notify"
    assert kind_of("redis://ada:p@ss@host:6379/1?ssl_keyfile=x") == "redis://host:6379/1"
    assert kind_of("redis://host") == "redis://host"


async def test_a_bus_is_on_the_database_itself(database: DatabaseAddress) -> None:
    with trio.fail_after(30):
        async with open_asyncio(), open_bus("notify", database, "secret", timeout=10) as bus:
            assert isinstance(bus, RemoteBus)
            await settle(bus)
            bus.publish(b"hello")
            assert await receive(bus, 1) == [b"hello"]


async def test_chats_with_different_secrets_are_separate_on_one_redis() -> None:
    with redis_server() as server, trio.fail_after(30):
        async with (
            open_bus(server.url, {}, "one", timeout=10) as one,
            open_bus(server.url, {}, "two", timeout=10) as two,
        ):
            await settle(one, two)
            one.publish(b"for one")
            two.publish(b"for two")
            assert await receive(one, 1) == [b"for one"]
            assert await receive(two, 1) == [b"for two"]


async def test_while_the_secret_is_changed_old_and_new_hear_each_other_on_redis() -> None:
    with redis_server() as server, trio.fail_after(30):
        async with (
            open_bus(server.url, {}, "one", previous="two", timeout=10) as one,
            open_bus(server.url, {}, "two", previous="one", timeout=10) as two,
        ):
            await settle(one, two)
            one.publish(b"from one")
            assert await receive(two, 1) == await receive(one, 1) == [b"from one"]
            two.publish(b"from two")
            assert await receive(two, 1) == await receive(one, 1) == [b"from two"]
