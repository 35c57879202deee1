"""A room that is not there any more, or not just now, while it is read or asked about."""

from typing import cast

import pytest

from chat.cli.talk.commands import Wrong, run
from chat.cli.talk.state import State
from chat.client import Chat, Members, Membership, Person, Room
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


async def test_who_is_removed_while_they_ask_who_is_there_is_told_nevertheless() -> None:
    state = state_of(room(2, "room", "roses"))
    await run(cast("Chat", RemovedWhileAsked(state)), state, "/who")
    assert state.page is not None
    assert (state.page.title, state.page.lines) == ("who is in #roses", ((("", "  ben"),),))


async def test_a_room_that_the_client_does_not_know_just_now_stays_the_one_that_is_read() -> None:
    state = state_of(room(2, "room", "roses"), room(1, "lobby", "lobby"))
    state.editor.insert("to the gardeners")
    roses = cast("dict[int, Room]", state.rooms).pop(2)  # as while a client catches up that fell behind
    state.open_awaited()
    with pytest.raises(Wrong):
        await run(cast("Chat", None), state, "/leave")
    cast("dict[int, Room]", state.rooms)[2] = roses
    state.open_awaited()
    assert (state.room, state.editor.text) == (2, "to the gardeners")
