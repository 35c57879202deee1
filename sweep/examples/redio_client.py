"""redio: a command is cancelled, and the next one must get its own answer."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import redio
import trio
from trio_cancel_sweep import Options

SWEPT = redio
REAL: Options = {"virtual": False, "limit": 10.0}


@asynccontextmanager
async def client() -> AsyncGenerator[redio.Redis]:
    redis = redio.Redis("redis://127.0.0.1:7399/")
    await redis().set("one", "1").set("two", "2")
    yield redis
    for protocol in redis.pool:
        await protocol.aclose()


async def get_one(redis: redio.Redis) -> None:
    for _ in range(2):
        assert await redis().get("one") == b"1"


async def get_both(redis: redio.Redis) -> None:
    assert await redis().get("one").get("two") == [b"1", b"2"]


async def transact(redis: redio.Redis) -> None:
    database = redis()
    await database.watch("one")
    await database.multi().set("one", "1").set("two", "2").exec()


async def each_answer_is_its_own(redis: redio.Redis) -> None:
    with trio.fail_after(5):
        for _ in range(3):
            assert await redis().get("two") == b"2"
            assert await redis().get("one") == b"1"


SWEEPS = {
    "two commands, twice at the same time": ((get_one, get_both), client, each_answer_is_its_own, REAL),
    "a transaction": ((transact,), client, each_answer_is_its_own, REAL | {"ignore": ["resource"]}),
}
