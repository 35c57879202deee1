"""The tasks behind typing: the others are told of one's own, and who is not heard of any more is forgotten."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

import trio

from chat.cli.talk.state import State
from chat.client import Activity, ChatError, Event, NewMessage

_EVERY = 3.0
"""Seconds between two tellings."""


class Activities:
    """Who types, oneself and others.

    Args:
        state: what is on the screen.
        tell: tells those in a room that one types.
        redraw: called when somebody is forgotten.
    """

    def __init__(
        self, state: State, tell: Callable[[int], Awaitable[None]], redraw: Callable[[], object]
    ) -> None:
        self._state = state
        self._tell = tell
        self._redraw = redraw
        self._typed = trio.Event()
        self._heard = trio.Event()

    async def run(self) -> None:
        """Tell and forget until cancelled. Cancelling: others forget by themselves that one types."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._tell_all)
            nursery.start_soon(self._forget_all)

    def note_typed(self) -> None:
        """Something was typed. Sync."""
        self._typed.set()

    def hear(self, event: Event) -> None:
        """Note who types, and who has said it. Sync."""
        typists = self._state.typists
        match event:
            case Activity(room=room, person=person, what="typing") if person.id != self._state.me:
                typists.hear(room, person, trio.current_time())
                self._heard.set()
            case Activity(room=room, person=person) | NewMessage(room=room, sender=person):
                typists.stop(room, person.id)

    async def _tell_all(self) -> None:
        while True:
            await self._typed.wait()
            self._typed = trio.Event()
            room = self._state.room
            if room is None or not self._state.is_writing:
                continue
            with suppress(ChatError):  # nobody has to know
                await self._tell(room)
            await trio.sleep(_EVERY)

    async def _forget_all(self) -> None:
        while True:
            await self._heard.wait()
            self._heard = trio.Event()
            while (until := self._state.typists.forget(trio.current_time())) is not None:
                self._redraw()
                await trio.sleep_until(until)
            self._redraw()
