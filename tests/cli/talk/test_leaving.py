"""A room that disappears, or is unavailable, while it is open or queried."""

from typing import cast

import pytest

from chat.cli.talk.commands import run
from chat.cli.talk.context import CommandError
from chat.cli.talk.state import State
from chat.client import Members, Membership, Person, Room
from tests.cli.talk.contexts import with_chat
from tests.cli.talk.test_keys import pressed
from tests.cli.talk.test_view import room, state_of


class RemovedWhileAsked:
    """Answers who is in a room, from which one is removed meanwhile."""

    def __init__(self, state: State) -> None:
        self.http = self
        self._state = state

    async def members(self, room: int) -> Members:
        self._state.room = None
        cast("dict[int, Room]", self._state.rooms).pop(room)
        return Members(members=(Membership(person=Person(id=2, name="ben")),))


async def test_a_removal_during_the_members_query_is_shown() -> None:
    state = state_of(room(2, "room", "roses"))
    await run(with_chat(RemovedWhileAsked(state), state), "/who")
    assert state.page is not None
    assert (state.page.title, state.page.lines) == ("who is in #roses", ((("", "  ben"),),))


async def test_a_room_that_the_client_does_not_know_just_now_stays_the_one_that_is_read() -> None:
    state = state_of(room(2, "room", "roses"), room(1, "lobby", "lobby"))
    state.editor.insert("to the gardeners")
    roses = cast("dict[int, Room]", state.rooms).pop(2)  # as while a client catches up that fell behind
    state.open_known()
    with pytest.raises(CommandError):
        await run(with_chat(None, state), "/leave")
    cast("dict[int, Room]", state.rooms)[2] = roses
    state.open_known()
    assert (state.room, state.editor.text) == (2, "to the gardeners")


def test_text_typed_in_a_room_is_not_sent_to_another_after_a_removal() -> None:
    state = state_of(room(2, "room", "secret"), room(1, "lobby", "lobby"))
    rooms = cast("dict[int, Room]", state.rooms)
    state.editor.insert("between you and me, ")
    rooms.pop(2)
    state.leave_room(2)
    state.open_known()
    assert pressed(state, "the code", "enter") == []
    assert (state.room, state.editor.text, state.notice) == (
        None,
        "between you and me, the code",
        "you are in no room",
    )
    state.open_relative(1)
    assert (state.room, state.editor.text) == (1, "")
    assert state.drafts == {2: "between you and me, the code"}


def test_leaving_without_input_opens_the_first_room() -> None:
    state = state_of(room(2, "room", "roses"), room(1, "lobby", "lobby"))
    cast("dict[int, Room]", state.rooms).pop(2)
    state.leave_room(2)
    state.open_known()
    assert (state.room, state.drafts) == (1, {})


def test_an_awaited_room_is_not_opened_after_another_was() -> None:
    state = state_of(room(2, "room", "roses"), room(1, "lobby", "lobby"))
    state.open_when_known(9)
    state.open(1)
    state.editor.insert("half a line")
    cast("dict[int, Room]", state.rooms)[9] = room(9, "room", "late")
    state.open_known()
    assert (state.room, state.editor.text) == (1, "half a line")
    state.open_when_known(9)
    assert state.room == 9
    state.open_when_known(9)
    state.show("help", ["help"])
    state.open_known()
    assert state.page is not None
