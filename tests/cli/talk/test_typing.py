"""Typing notices: sent to others, and shown of others. Their seconds pass at once."""

import pytest
import trio
from trio.testing import MockClock

from chat.cli.talk.activities import Activities
from chat.cli.talk.typists import Typists
from chat.cli.talk.view import draw
from chat.client import Activity, Refused, Sender
from chat.client.wire import ErrorReply, NewMessage
from tests.cli.talk.test_view import ADA, BEN, NOON, room, shown, state_of

EVE = Sender(id=3, name="eve")


def test_typing_people_are_named_in_words() -> None:
    typists = Typists()
    got = [typists.describe(1)]
    for person in (BEN, EVE, Sender(id=4, name="joe"), Sender(id=5, name="kim")):
        typists.add(1, person, 0)
        got.append(typists.describe(1))
    assert got == [
        "",
        "ben is typing",
        "ben and eve are typing",
        "ben, eve and 1 more are typing",
        "ben, eve and 2 more are typing",
    ]
    assert (typists.describe(2), typists.describe(None)) == ("", "")


def test_a_typing_person_is_dropped_after_six_seconds_without_a_repeat() -> None:
    typists = Typists()
    typists.add(1, BEN, 0)
    typists.add(1, EVE, 2)
    typists.add(1, BEN, 3)
    assert (typists.expire(7), typists.describe(1)) == (8, "ben and eve are typing")
    assert (typists.expire(8), typists.describe(1)) == (9, "ben is typing")
    assert (typists.expire(9), typists.describe(1)) == (None, "")


async def test_the_status_row_names_typing_people_until_they_send_or_time_out(
    autojump_clock: MockClock,
) -> None:
    state = state_of(room(1, "lobby", "lobby"))
    seen: list[tuple[float, str]] = []

    def look() -> None:
        seen.append((trio.current_time() - start, shown(draw(state, 60, 6))[-2]))

    async def tell(room: int) -> None:
        raise AssertionError("nothing is typed here")

    activities = Activities(state, tell, look)
    start = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(activities.run)
        for person in (ADA, BEN, EVE):  # one is not told of oneself
            activities.note(Activity(room=1, person=person, what="typing"))
        activities.note(Activity(room=1, person=EVE, what="none"))
        look()
        activities.note(NewMessage(room=1, seq=1, pos=1, at=NOON, sender=BEN, text="it"))
        look()
        activities.note(Activity(room=1, person=EVE, what="typing"))
        await trio.sleep(10)
        nursery.cancel_scope.cancel()
    assert [seen[0], seen[1], seen[-1]] == [
        (0, " ada at chat.example · ben is typing"),
        (0, " ada at chat.example"),
        (6, " ada at chat.example"),
    ]
    assert all(line.endswith("eve is typing") for _, line in seen[2:-1])


@pytest.mark.parametrize("is_refused", [False, True])
async def test_typing_is_announced_every_three_seconds(
    autojump_clock: MockClock, *, is_refused: bool
) -> None:
    state = state_of(room(1, "lobby", "lobby"))
    got: list[tuple[float, int]] = []

    async def tell(room: int) -> None:
        got.append((trio.current_time() - start, room))
        if is_refused:
            raise Refused(ErrorReply(code="forbidden"))

    activities = Activities(state, tell, lambda: None)
    start = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(activities.run)
        for _ in range(8):
            state.editor.insert("x")
            activities.note_typing()
            await trio.sleep(0.5)
        state.editor.replace("")  # it is said
        await trio.sleep(10)
        nursery.cancel_scope.cancel()
    assert got == [(0, 1), (3, 1)]
