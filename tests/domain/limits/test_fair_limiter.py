"""Every waiter gets a turn: log-ins first, addresses in rotation, and no place is lost."""

from collections.abc import Sequence
from contextlib import AsyncExitStack

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from chat.domain.limits.fair_limiter import FairLimiter, Kind

A, B, C = b"a", b"b", b"c"
LOGIN, REGISTRATION = Kind.LOGIN, Kind.REGISTRATION


def limiter_of(total: int = 1, most: int = 100, most_each: int = 100) -> FairLimiter:
    return FairLimiter(total, most=most, most_each=most_each)


class Line:
    """Tasks that wait for turns at a limiter, and the order in which they get them."""

    def __init__(self, limiter: FairLimiter, nursery: trio.Nursery) -> None:
        self.limiter = limiter
        self.served: list[tuple[Kind, bytes | None]] = []
        self._nursery = nursery

    async def queue(self, *waiting: tuple[Kind, bytes | None]) -> list[trio.CancelScope]:
        """Stand in line in this order."""
        scopes = []
        for kind, key in waiting:
            scopes.append(trio.CancelScope())
            self._nursery.start_soon(self._take_turn, kind, key, scopes[-1])
            await wait_all_tasks_blocked()
        return scopes

    async def _take_turn(self, kind: Kind, key: bytes | None, scope: trio.CancelScope) -> None:
        with scope:
            await self.limiter.acquire(kind, key)
            self.served.append((kind, key))
            self.limiter.release()


async def order_of(waiting: Sequence[tuple[Kind, bytes | None]]) -> list[tuple[Kind, bytes | None]]:
    """The order in which those are served who wait, in this order, for the only turn."""
    limiter = limiter_of()
    await limiter.acquire(LOGIN, None)
    async with trio.open_nursery() as nursery:
        line = Line(limiter, nursery)
        await line.queue(*waiting)
        assert line.served == []
        limiter.release()
    assert limiter.free == 1
    return line.served


async def test_as_many_as_there_is_room_for_go_at_once() -> None:
    limiter = limiter_of(2)
    await limiter.acquire(LOGIN, A)
    await limiter.acquire(REGISTRATION, A)
    with trio.move_on_after(0):
        await limiter.acquire(LOGIN, B)
    assert limiter.free == 0
    limiter.release()
    assert limiter.free == 1
    await limiter.acquire(REGISTRATION, B)


async def test_logins_go_before_registrations() -> None:
    waiting = [(REGISTRATION, A), (REGISTRATION, B), (LOGIN, A), (REGISTRATION, C), (LOGIN, C)]
    assert await order_of(waiting) == [
        (LOGIN, A),
        (LOGIN, C),
        (REGISTRATION, A),
        (REGISTRATION, B),
        (REGISTRATION, C),
    ]


@pytest.mark.parametrize("kind", Kind)
async def test_an_address_with_a_hundred_waiting_does_not_delay_others(kind: Kind) -> None:
    served = await order_of([(kind, A)] * 100 + [(kind, B)] * 2 + [(kind, None)])
    assert served[:6] == [(kind, key) for key in (A, B, None, A, B, A)]
    assert len(served) == 103


async def test_of_one_address_the_first_goes_first() -> None:
    limiter, served = limiter_of(), list[int]()

    async def take_turn(number: int) -> None:
        await limiter.acquire(LOGIN, A)
        served.append(number)
        limiter.release()

    await limiter.acquire(LOGIN, A)
    async with trio.open_nursery() as nursery:
        for number in range(5):
            nursery.start_soon(take_turn, number)
            await wait_all_tasks_blocked()
        limiter.release()
    assert served == [0, 1, 2, 3, 4]


async def test_a_cancelled_waiter_leaves_the_queue_intact() -> None:
    limiter = limiter_of(most_each=3)
    await limiter.acquire(LOGIN, None)
    async with trio.open_nursery() as nursery:
        line = Line(limiter, nursery)
        scopes = await line.queue((LOGIN, A), (LOGIN, A), (LOGIN, A), (REGISTRATION, B), (LOGIN, C))
        assert limiter.is_full(LOGIN, A)
        for scope in (scopes[1], scopes[3], scopes[4]):
            scope.cancel()
        await wait_all_tasks_blocked()
        assert not limiter.is_full(LOGIN, A)
        limiter.release()
    assert line.served == [(LOGIN, A), (LOGIN, A)]
    assert limiter.free == 1


async def test_a_waiter_cancelled_at_its_turn_passes_it_on() -> None:
    limiter = limiter_of()
    await limiter.acquire(LOGIN, None)
    async with trio.open_nursery() as nursery:
        line = Line(limiter, nursery)
        [first, _] = await line.queue((LOGIN, A), (LOGIN, B))
        limiter.release()
        first.cancel()
    assert line.served in ([(LOGIN, B)], [(LOGIN, A), (LOGIN, B)])
    assert limiter.free == 1


async def test_a_task_cancelled_before_waiting_takes_no_turn() -> None:
    limiter = limiter_of()
    with trio.CancelScope() as scope:
        scope.cancel()
        await limiter.acquire(LOGIN, A)
    assert scope.cancelled_caught
    assert limiter.free == 1


async def test_so_many_of_a_kind_and_so_many_of_an_address_may_wait() -> None:
    limiter = limiter_of(most=4, most_each=2)
    async with AsyncExitStack() as stack:
        nursery = await stack.enter_async_context(trio.open_nursery())
        line = Line(limiter, nursery)
        await limiter.acquire(LOGIN, A)
        assert not limiter.is_full(LOGIN, A), "who has a turn does not wait"
        await line.queue((LOGIN, A), (LOGIN, A))
        assert limiter.is_full(LOGIN, A)
        assert not limiter.is_full(LOGIN, B)
        assert not limiter.is_full(REGISTRATION, A), (
            "registrations do not take the logins' places, nor they theirs"
        )
        await line.queue((LOGIN, None), (LOGIN, None))
        assert limiter.is_full(LOGIN, B)
        assert limiter.is_full(LOGIN, None)
        assert not limiter.is_full(REGISTRATION, None)
        limiter.release()
    assert not limiter.is_full(LOGIN, A)


async def test_loopback_is_spared_the_bound_of_an_address() -> None:
    limiter = limiter_of(most=4, most_each=2)
    await limiter.acquire(LOGIN, None)
    async with trio.open_nursery() as nursery:
        await Line(limiter, nursery).queue((LOGIN, None), (LOGIN, None), (LOGIN, None))
        assert not limiter.is_full(LOGIN, None)
        limiter.release()
