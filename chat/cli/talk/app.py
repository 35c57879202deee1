"""The terminal client while it is connected, or about to be again: the tasks behind the screen."""

import math
import secrets
import signal
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import trio

from chat.cli.talk.activities import Activities
from chat.cli.talk.bell import Bell
from chat.cli.talk.commands import COMMANDS
from chat.cli.talk.commands import run as run_command
from chat.cli.talk.context import Context, Wrong
from chat.cli.talk.keys import Keys
from chat.cli.talk.news import News
from chat.cli.talk.pending import Pending, PendingFiles
from chat.cli.talk.room_log import RoomLog
from chat.cli.talk.settings import TalkSettings
from chat.cli.talk.state import State
from chat.cli.talk.terminal import Terminal
from chat.cli.talk.view import Picture, Wanted, draw
from chat.client import (
    Chat,
    ChatError,
    Connected,
    Disconnected,
    Event,
    File,
    Message,
    NewMessage,
    Refused,
    RoomGone,
    RoomSnapshot,
)

_PAGE = 100
"""Messages that are loaded at once."""


class App:
    """Everything behind one screen; what keys ask for is done here.

    Args:
        chat: the client.
        state: what is on the screen.
        files: keeps what is not sent.
        settings: what the person has set.
        log: writes down what is said, where the person wants that.
    """

    def __init__(
        self, chat: Chat, state: State, files: PendingFiles, settings: TalkSettings, log: RoomLog
    ) -> None:
        self._chat = chat
        self._state = state
        self._files = files
        self._terminal = Terminal(self._draw, Keys(state, self).press)
        self._activities = Activities(state, self._tell_typing, self._terminal.redraw)
        self._settings = settings
        self._log = log
        self._news = News()
        self._bell = Bell(chat.rooms, chat.person_id)
        self._context = Context(chat, state, settings, self.say)
        self._ended = trio.Event()
        self._wanted: Wanted | None = None
        self._drawn = trio.Event()
        # Neither has more than what somebody types.
        self._send, self._to_send = trio.open_memory_channel[Pending](math.inf)
        self._start, self._to_start = trio.open_memory_channel[Callable[[], Awaitable[None]]](math.inf)

    async def run(self) -> None:
        """Own the terminal until the person ends it.

        Cancelling: what is typed and what was not saved is kept, and is there the next time.
        """
        state = self._state
        state.commands = tuple(COMMANDS)
        state.notice = self._settings.problem
        state.kept, state.taken_back = self._keep, self._files.drop
        state.drafts = self._files.drafts()
        state.pending = self._files.load()
        for pending in state.pending:
            if pending.refused is None:
                self._send.send_nowait(pending)
        state.open_awaited()
        try:
            async with trio.open_nursery() as nursery:
                for task in (
                    self._own_terminal,
                    self._end_on_signal,
                    self._hear,
                    self._activities.run,
                    self._send_all,
                    self._start_all,
                    self._note_read,
                    self._load_history,
                ):
                    nursery.start_soon(task)
                await self._ended.wait()
                nursery.cancel_scope.cancel(reason="the person ends it")
        finally:
            state.keep_draft()
            self._files.keep_drafts(state.drafts)

    async def _own_terminal(self) -> None:
        await self._terminal.run()
        self._ended.set()

    async def _start_all(self) -> None:
        """Do what was asked for, each beside the others."""
        async with trio.open_nursery() as nursery:
            async for asked in self._to_start:
                nursery.start_soon(asked)

    async def _end_on_signal(self) -> None:
        with trio.open_signal_receiver(signal.SIGTERM, signal.SIGHUP, signal.SIGINT) as signals:
            async for _ in signals:
                self._ended.set()

    async def _hear(self) -> None:
        """Draw what happens."""
        state = self._state
        async for event in self._chat.events():
            self._activities.hear(event)
            self._note(event)
            match event:
                case Disconnected(reason=reason):
                    state.down = reason
                case Connected():
                    state.down = None
                case RoomSnapshot(id=room, reset=str()):
                    state.forget_history(room)
                case RoomGone(room=room, reason=reason):
                    if room == state.room:
                        state.notice = f"you are in that room no longer ({reason})"
                    state.forget(room)
                case NewMessage():
                    state.people.meet(event.sender.id, event.sender.name)
            state.open_awaited()
            self._terminal.redraw()

    def _note(self, event: Event) -> None:
        """Ring and write down, where the person wants that. Sync."""
        if (message := self._news.message_of(event)) is None:
            return
        if self._settings["bell"] and self._bell.rings(message, trio.current_time()):
            self._terminal.ring()
        if self._settings["log"]:
            try:
                self._log.write(message)
            except OSError as error:
                self._state.notice = f"not in the log: {error}"

    async def _tell_typing(self, room: int) -> None:
        if self._settings["typing"]:
            await self._chat.start_typing(room)

    async def _send_all(self) -> None:
        """Send what was said and edited, in order: each stays in its file until the server has it."""
        async for pending in self._to_send:
            try:
                seq = await self._save(pending)
            except Refused as refused:
                pending.refused = refused.text
                self._state.notice = f"not sent: {refused.text}; ↑ on an empty line takes it back"
                self._keep(pending)
            else:
                pending.seq = seq
                self._files.drop(pending)
            self._terminal.redraw()

    async def _save(self, pending: Pending) -> int:
        if pending.edits is not None:
            await self._chat.edit(pending.room, pending.edits, pending.text)
            return pending.edits
        sent = await self._chat.send(
            pending.room, pending.text, reply=pending.reply, files=pending.files, key=pending.key
        )
        return sent.seq

    async def _note_read(self) -> None:
        """Have read what is on the screen."""
        noted: dict[int, int] = {}  # what is refused once is not asked again for the same message
        while True:
            await self._drawn.wait()
            state, room = self._state, self._state.current
            if (
                room is None
                or state.page is not None
                or state.down is not None
                or room.info.id in state.places
            ):
                continue
            number, last = room.info.id, room.info.seq
            if (room.info.unread or room.info.read < last) and noted.get(number) != last:
                noted[number] = last
                await self._try(partial(self._chat.mark_read, number, last))

    async def _load_history(self) -> None:
        """Load what is missing on the screen."""
        while True:
            await self._drawn.wait()
            wanted = self._wanted
            if wanted is None:
                continue
            room, before = wanted
            try:
                page = await self._chat.history(room, before=before, limit=_PAGE)
            except Refused as refused:
                self._state.notice = refused.text
                self._state.unloadable.add(wanted)
            else:
                self._state.note_loaded(room, before, page.messages)
            self._terminal.redraw()

    async def _try(self, ask: Callable[[], Awaitable[object]]) -> bool:
        """Ask something; say what the server says against it."""
        try:
            await ask()
        except (ChatError, Wrong) as error:
            self._state.notice = error.text if isinstance(error, Refused) else str(error)
            return False
        finally:
            self._terminal.redraw()
        return True

    def _draw(self, width: int, height: int) -> Picture:
        picture = draw(self._state, width, height)
        self._wanted = picture.wanted
        drawn, self._drawn = self._drawn, trio.Event()
        drawn.set()
        return picture

    def say(
        self, text: str, reply: int | None = None, *, room: int | None = None, files: Sequence[File] = ()
    ) -> None:
        """Say something in the room that is read, or another: it is in a file, and on its way. Sync."""
        self._keep_and_send(self._state.say(secrets.token_urlsafe(18), text, reply, room, files))

    def edit(self, message: Message, text: str) -> None:
        """Give a message another text: it is in a file, and on its way. Sync."""
        self._keep_and_send(self._state.edit(message, text))

    def _keep_and_send(self, pending: Pending) -> None:
        self._keep(pending)
        self._send.send_nowait(pending)

    def _keep(self, pending: Pending) -> None:
        try:
            self._files.keep(pending)
        except OSError as error:
            self._state.notice = f"it is in no file, and lost where this ends before it is saved: {error}"

    def run_command(self, line: str) -> None:
        """Do a command. Sync."""
        self._start.send_nowait(partial(self._run, self._state.room, line))

    def note_typed(self) -> None:
        """Something is being written. Sync."""
        self._activities.note_typed()

    def reconnect(self) -> None:
        """Connect now. Sync."""
        self._chat.reconnect_now()

    def redraw_all(self) -> None:
        """Draw all of the screen again. Sync."""
        self._terminal.redraw_all()

    def end(self) -> None:
        """End it. Sync."""
        self._ended.set()

    async def _run(self, room: int | None, line: str) -> None:
        """Do a command; one that is wrong is in the line of its room again, where that is empty."""
        state = self._state
        if await self._try(lambda: run_command(self._context, line)):
            return
        if state.room != room:
            if room is not None:
                state.drafts.setdefault(room, line)
        elif not state.editor.text and state.editing is None:
            state.editor.replace(line)
