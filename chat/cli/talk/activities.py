"""Two tasks for typing notices: send the person's own, and expire those of others."""

from collections.abc import Awaitable, Callable
from contextlib import suppress

import trio

from chat.cli.talk.state import State
from chat.client import Activity, ChatError, Event, NewMessage

_INTERVAL = 3.0
"""Seconds between two typing notices."""


class Activities:
    """Who is typing: the person and others.

    Args:
        state: the state of the screen.
        report: sends a typing notice to a room.
        redraw: called when a notice of somebody expires.
    """

    def __init__(
        self, state: State, report: Callable[[int], Awaitable[None]], redraw: Callable[[], object]
    ) -> None:
        self._state = state
        self._report = report
        self._redraw = redraw
        self._typed = trio.Event()
        self._typist_added = trio.Event()

    async def run(self) -> None:
        """Run both tasks until cancelled. Cancelling: the notice sent last expires at the others."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._report_own_typing)
            nursery.start_soon(self._expire_typists)

    def note_typing(self) -> None:
        """The person typed a key. Sync."""
        self._typed.set()

    def note(self, event: Event) -> None:
        """Update who is typing. Sync."""
        typists = self._state.typists
        match event:
            case Activity(room=room, person=person, what="typing") if person.id != self._state.person_id:
                typists.add(room, person, trio.current_time())
                self._typist_added.set()
            case Activity(room=room, person=person) | NewMessage(room=room, sender=person):
                typists.stop(room, person.id)

    async def _report_own_typing(self) -> None:
        while True:
            await self._typed.wait()
            self._typed = trio.Event()
            room = self._state.room
            if room is None or not self._state.is_writing:
                continue
            with suppress(ChatError):  # a notice may be lost
                await self._report(room)
            await trio.sleep(_INTERVAL)

    async def _expire_typists(self) -> None:
        while True:
            await self._typist_added.wait()
            self._typist_added = trio.Event()
            while (until := self._state.typists.expire(trio.current_time())) is not None:
                self._redraw()
                await trio.sleep_until(until)
            self._redraw()
