"""coredis on Trio: a command is cancelled, and the next one must get its own answer."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import coredis
import trio
from trio_cancel_sweep import Options

SWEPT = coredis
REAL: Options = {"virtual": False, "limit": 10.0, "ignore": ["resource"]}


@asynccontextmanager
async def client() -> AsyncGenerator[coredis.Redis[str]]:
    async with coredis.Redis(host="127.0.0.1", port=7399, decode_responses=True) as redis:
        await redis.set("one", "1")
        await redis.set("two", "2")
        await redis.delete(["list"])
        yield redis


async def get_one(redis: coredis.Redis[str]) -> None:
    for _ in range(2):
        assert await redis.get("one") == "1"


async def get_two(redis: coredis.Redis[str]) -> None:
    for _ in range(2):
        assert await redis.get("two") == "2"


async def pipeline(redis: coredis.Redis[str]) -> None:
    async with redis.pipeline(transaction=True) as commands:
        one, two = commands.get("one"), commands.get("two")
    assert (await one, await two) == ("1", "2")


async def wait_for_an_item(redis: coredis.Redis[str]) -> None:
    await redis.blpop(["list"], timeout=0.2)


async def subscribe(redis: coredis.Redis[str]) -> None:
    async with redis.pubsub(channels=["news"]) as news:
        await redis.publish("news", "hello")
        async for message in news:
            if message["type"] == "message":
                break


async def each_answer_is_its_own(redis: coredis.Redis[str]) -> None:
    with trio.fail_after(5):
        for _ in range(3):
            assert await redis.get("two") == "2"
            assert await redis.get("one") == "1"


SWEEPS = {
    "two callers at the same time": ((get_one, get_two), client, each_answer_is_its_own, REAL),
    "a transaction": ((pipeline,), client, each_answer_is_its_own, REAL),
    "a blocking command": ((wait_for_an_item, get_two), client, each_answer_is_its_own, REAL),
    "a subscription": ((subscribe,), client, each_answer_is_its_own, REAL),
}
