"""How much of a body waits for its handler: no more is read until that has taken some of it."""

import trio
from trio.testing import wait_all_tasks_blocked

from chat.gateway.http1.body_flow import _MOST_UNREAD, BodyFlow


async def test_the_client_is_read_up_to_the_limit_and_then_when_there_is_room_again() -> None:
    flow, went_on = BodyFlow(), list[int]()

    async def wait() -> None:
        await flow.wait()
        went_on.append(flow._unread)

    async with trio.open_nursery() as nursery:
        for _ in range(2):  # and again
            went_on.clear()
            flow.came(_MOST_UNREAD)
            await wait()
            flow.came(2)
            nursery.start_soon(wait)
            await wait_all_tasks_blocked()
            flow.took(1)
            await wait_all_tasks_blocked()
            assert went_on == [_MOST_UNREAD]
            flow.took(1)
            await wait_all_tasks_blocked()
            assert went_on == [_MOST_UNREAD] * 2
            flow.took(_MOST_UNREAD)
            assert flow._progress.tasks_waiting == 0


async def test_waiting_is_a_turn_for_the_others_and_cancels_nothing_where_there_is_room() -> None:
    flow, steps = BodyFlow(), list[str]()

    async def other() -> None:
        steps.append("other")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(other)
        nursery.cancel_scope.cancel()
        for _ in range(2):  # in one turn of the loop either may come first
            await flow.wait()
        steps.append("went on")
    assert steps == ["other", "went on"]


def test_a_small_body_and_its_end_wait_for_nobody_and_more_pieces_do() -> None:
    flow = BodyFlow()
    assert [flow.came(size) for size in (10, 0, 10)] == [False, False, True]
    assert BodyFlow().came(_MOST_UNREAD + 1)
