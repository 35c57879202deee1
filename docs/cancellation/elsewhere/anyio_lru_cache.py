"""anyio 4.16.0: calls of a cached function that are cancelled make others fail, and the cache smaller.

pip install anyio==4.16.0 trio && python anyio_lru_cache.py
"""

import anyio
from anyio.functools import lru_cache
from anyio.lowlevel import checkpoint


async def somebody_else_gets_a_key_error() -> None:
    @lru_cache(maxsize=1)
    async def double(number: int) -> int:
        await anyio.sleep(1)
        return 2 * number

    async def second_caller() -> None:
        try:
            print("the second caller has", await double(1))
        except KeyError as error:
            print("the second caller has KeyError:", error)

    async with anyio.create_task_group() as tasks:
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as first:
                first.start_soon(double, 1)
                await checkpoint()
                await checkpoint()
                tasks.start_soon(second_caller)  # waits for what the first computes
                await checkpoint()
                tasks.start_soon(double, 2)  # takes the only place
                await anyio.sleep(0.1)
                scope.cancel()


async def two_places_become_one() -> None:
    computed = []

    @lru_cache(maxsize=2)
    async def double(number: int) -> int:
        computed.append(number)
        await anyio.sleep(0.1)
        return 2 * number

    with anyio.move_on_after(0.05):
        await double(1)
    computed.clear()
    for number in (1, 2, 1, 2, 1, 2):
        await double(number)
    print("two places, two numbers, computed:", computed, double.cache_info())


anyio.run(somebody_else_gets_a_key_error, backend="trio")
anyio.run(two_places_become_one, backend="trio")
