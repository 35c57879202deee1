"""Events wait for the program in a bounded queue, and its position is that of the last event it took."""

import pytest
import trio
import trio.testing

from chat.client.events import Connected, Event, Restored
from chat.client.inbox import Inbox
from chat.client.rooms import RoomEvent
from chat.client.structs import Position
from chat.client.wire import LoggedChange, RoomGone


def event(n: int, room: int = 1) -> RoomEvent:
    gone = RoomGone(room=room, reason=str(n))  # any event will do
    return RoomEvent(gone, room, Position(n, n))


def nothing() -> None:
    raise AssertionError("nothing was dropped")


async def test_the_position_is_that_of_the_last_event_taken() -> None:
    inbox = Inbox({2: Position(5, 5)}, 10, nothing)
    for n in range(1, 4):
        inbox.put(event(n))
    inbox.put(RoomEvent(RoomGone(room=2), 2, None))
    assert inbox.positions == {2: Position(5, 5)}
    await inbox.take()
    await inbox.take()
    assert inbox.positions == {1: Position(2, 2), 2: Position(5, 5)}
    await inbox.take()
    await inbox.take()
    assert inbox.positions == {1: Position(3, 3)}


async def test_too_many_events_are_dropped_and_requested_when_the_program_takes_one() -> None:
    asked: list[str] = []
    inbox = Inbox({}, 3, lambda: asked.append("again"))
    inbox.put(event(1))
    await inbox.take()
    for n in range(2, 10):
        inbox.put(event(n))
    assert inbox.has_dropped
    assert not asked
    async with trio.open_nursery() as nursery:
        taken: list[Event] = []

        async def take() -> None:
            taken.append(await inbox.take())

        nursery.start_soon(take)
        await trio.testing.wait_all_tasks_blocked()
        assert asked == ["again"]
        assert inbox.positions == {1: Position(1, 1)}
        inbox.put(event(2))
    assert taken == [event(2).event]


async def test_a_restore_is_told_once_also_if_the_queue_was_full() -> None:
    inbox = Inbox({}, 2, lambda: None)
    restored = Restored(7, 5, ())
    inbox.put(event(1))
    inbox.put(restored)
    inbox.put(event(2))
    assert inbox.has_dropped
    with trio.move_on_after(0.01):
        await inbox.take()  # it requests what was dropped
    inbox.put(event(1))
    inbox.finish_catching_up()
    inbox.finish_catching_up()
    assert [await inbox.take(), await inbox.take()] == [event(1).event, restored]
    with trio.move_on_after(0.01) as waiting:
        await inbox.take()
    assert waiting.cancelled_caught


async def test_a_second_reader_gets_an_error_and_the_first_gets_the_event() -> None:
    inbox = Inbox({}, 10, nothing)
    taken: list[Event] = []

    async def take() -> None:
        taken.append(await inbox.take())

    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(take)
            await trio.testing.wait_all_tasks_blocked()
            with pytest.raises(trio.BusyResourceError):
                await anext(inbox)
            inbox.put(event(1))
        inbox.put(event(2))
        await take()
    assert taken == [event(1).event, event(2).event]


async def test_another_task_may_read_after_the_first_was_cancelled() -> None:
    inbox = Inbox({}, 10, nothing)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(inbox.take)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    inbox.put(event(1))
    assert await inbox.take() == event(1).event


async def test_the_next_page_is_requested_when_most_events_are_taken() -> None:
    wanted: list[int] = []
    inbox = Inbox({}, 8, nothing, lambda: wanted.append(len(wanted)))
    assert (inbox.wants_page, inbox.page_size) == (True, 4)
    for n in range(4):
        inbox.put(event(n))
    assert (inbox.wants_page, inbox.page_size) == (False, 2)
    await inbox.take()
    assert not wanted
    await inbox.take()
    assert wanted
    assert inbox.wants_page
    for n in range(9):
        inbox.put(event(n))
    assert inbox.has_dropped
    assert (inbox.wants_page, inbox.page_size) == (True, None), "nothing is kept"


async def test_a_cancelled_take_takes_nothing() -> None:
    inbox = Inbox({}, 3, nothing)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(inbox.take)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    inbox.put(event(1))
    with trio.CancelScope() as scope:
        scope.cancel()
        await inbox.take()
    assert scope.cancelled_caught
    assert not inbox.positions
    assert await inbox.take() == event(1).event


async def test_an_event_of_no_room_moves_no_position() -> None:
    inbox = Inbox({}, 3, nothing)
    inbox.put(Connected())
    assert not isinstance(await inbox.take(), LoggedChange)
    assert not inbox.positions
