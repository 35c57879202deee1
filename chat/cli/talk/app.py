"""The terminal client: the tasks behind the screen."""

import math
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import trio

from chat.cli.talk.activities import Activities
from chat.cli.talk.bell import Bell
from chat.cli.talk.commands import COMMANDS
from chat.cli.talk.commands import run as run_command
from chat.cli.talk.context import CommandError, Context
from chat.cli.talk.features import FEATURES
from chat.cli.talk.keys import Keys
from chat.cli.talk.new_messages import NewMessages
from chat.cli.talk.notes import Note
from chat.cli.talk.pending import Pending, PendingFiles
from chat.cli.talk.room_log import RoomLog
from chat.cli.talk.settings import TalkSettings
from chat.cli.talk.state import State
from chat.cli.talk.terminal import Terminal
from chat.cli.talk.view import HistoryRequest, Picture, draw
from chat.client import (
    Chat,
    ChatError,
    Connected,
    Disconnected,
    Event,
    FeatureChange,
    File,
    Message,
    NewMessage,
    Refused,
    Restored,
    RoomGone,
    RoomSnapshot,
)
from chat.client.message_keys import new_key

_PAGE_SIZE = 100
_DAY = 86_400 * 10**9
"""Nanoseconds."""
"""Messages of the history in one request."""


class App:
    """Runs the terminal client, and performs the actions of keys.

    Args:
        chat: the client.
        state: the state of the screen.
        files: stores messages that are not sent yet, and drafts.
        settings: the settings of the person.
        log: writes messages to files, if the settings say so.
    """

    def __init__(
        self, chat: Chat, state: State, files: PendingFiles, settings: TalkSettings, log: RoomLog
    ) -> None:
        self._chat = chat
        self._state = state
        self._files = files
        self._terminal = Terminal(self._draw, Keys(state, self).press)
        self._activities = Activities(state, self._report_typing, self._terminal.redraw)
        self._settings = settings
        self._log = log
        self._new_messages = NewMessages()
        self._bell = Bell(chat.rooms, chat.person_id)
        self._context = Context(chat, state, settings, self.send)
        self._ended = trio.Event()
        self._missing: HistoryRequest | None = None
        self._drawn = trio.Event()
        # Unbounded: a person types slowly.
        self._send, self._send_queue = trio.open_memory_channel[Pending](math.inf)
        self._start, self._start_queue = trio.open_memory_channel[Callable[[], Awaitable[None]]](math.inf)

    async def run(self) -> None:
        """Run until the person quits.

        Cancelling: drafts and unsent messages are stored for the next time.
        """
        state = self._state
        state.commands = tuple(COMMANDS)
        state.notice = self._settings.problem
        state.on_pending, state.on_taken_back = self._keep, self._files.drop
        state.drafts = self._files.drafts()
        state.pending = self._files.load()
        for pending in state.pending:
            if pending.refused is None:
                self._send.send_nowait(pending)
        state.open_known()
        try:
            async with trio.open_nursery() as nursery:
                for task in (
                    self._own_terminal,
                    self._end_on_signal,
                    self._handle_events,
                    self._activities.run,
                    self._send_all,
                    self._start_all,
                    self._mark_read,
                    self._load_history,
                ):
                    nursery.start_soon(task)
                await self._ended.wait()
                nursery.cancel_scope.cancel(reason="the person quits")
        finally:
            state.keep_draft()
            self._files.keep_drafts(state.drafts)

    async def _own_terminal(self) -> None:
        await self._terminal.run()
        self._ended.set()

    async def _start_all(self) -> None:
        """Run commands, each in a task of its own."""
        async with trio.open_nursery() as nursery:
            async for command in self._start_queue:
                nursery.start_soon(command)

    async def _end_on_signal(self) -> None:
        with trio.open_signal_receiver(signal.SIGTERM, signal.SIGHUP, signal.SIGINT) as signals:
            async for _ in signals:
                self._ended.set()

    async def _handle_events(self) -> None:
        """Apply the events to the state, and redraw."""
        state = self._state
        async for event in self._chat.events():
            self._activities.note(event)
            self._note(event)
            match event:
                case Disconnected(reason=reason):
                    state.disconnect_reason = reason
                case Connected():
                    state.disconnect_reason = None
                case RoomSnapshot(id=room, reset=str()):
                    state.reset_history(room)
                case Restored():
                    for pending in state.restore(event):
                        self._keep(pending)
                case RoomGone(room=room, reason=reason):
                    if room == state.room:
                        state.notice = f"you are no longer in that room ({reason})"
                    state.leave_room(room)
                case NewMessage():
                    state.people.add(event.sender.id, event.sender.name)
                case FeatureChange(room=room):
                    self._describe(room, event)
            state.open_known()
            self._terminal.redraw()

    def _note(self, event: Event) -> None:
        """Ring the bell and write to the log, if the settings say so. Sync."""
        if (message := self._new_messages.message_in(event)) is None:
            return
        if self._settings["bell"] and self._bell.rings(message, trio.current_time()):
            self._terminal.ring()
        if self._settings["log"]:
            try:
                self._log.write(message)
            except OSError as error:
                self._state.notice = f"cannot write to the log: {error}"

    def _describe(self, room: int, change: FeatureChange) -> None:
        """Show the change of a feature under the room's last message. Sync."""
        last = self._chat.rooms[room].info.seq if room in self._chat.rooms else 0
        for feature in FEATURES:
            if (text := feature.describe(self._state, change)) is not None:
                self._state.notes.add(room, Note(last, change.at, text))

    async def _report_typing(self, room: int) -> None:
        if self._settings["typing"]:
            await self._chat.start_typing(room)

    async def _send_all(self) -> None:
        """Send messages and edits in order; each stays in its file until the server has committed it."""
        async for pending in self._send_queue:
            if self._is_forgotten(pending):
                self._refuse(pending, "typed so long ago that it may be sent already")
                continue
            try:
                seq = await self._save(pending)
            except Refused as refused:
                self._refuse(pending, refused.text)
            else:
                pending.seq = seq
                self._files.drop(pending)
            self._terminal.redraw()

    def _is_forgotten(self, pending: Pending) -> bool:
        """Whether an earlier run may have sent the message so long ago that the server has forgotten its key. Sync."""
        days = self._chat.key_days
        return pending.edits is None and 0 < days < (time.time_ns() - pending.made) / _DAY

    def _refuse(self, pending: Pending, why: str) -> None:
        pending.refused = why
        self._state.notice = f"not sent: {why}; press ↑ on an empty line to edit it"
        self._keep(pending)
        self._terminal.redraw()

    async def _save(self, pending: Pending) -> int:
        if pending.edits is not None:
            await self._chat.edit(pending.room, pending.edits, pending.text)
            return pending.edits
        sent = await self._chat.send(
            pending.room, pending.text, reply=pending.reply, files=pending.files, key=pending.key
        )
        return sent.seq

    async def _mark_read(self) -> None:
        """Mark the messages on the screen as read."""
        marked: dict[int, int] = {}  # each message once, also after a refusal
        while True:
            await self._drawn.wait()
            state, room = self._state, self._state.current
            if (
                room is None
                or state.page is not None
                or state.disconnect_reason is not None
                or room.info.id in state.scroll_positions
            ):
                continue
            number, last = room.info.id, room.info.seq
            if (room.info.unread or room.info.read < last) and marked.get(number) != last:
                marked[number] = last
                await self._try(partial(self._chat.mark_read, number, last))

    async def _load_history(self) -> None:
        """Load the messages that are missing on the screen."""
        while True:
            await self._drawn.wait()
            missing = self._missing
            if missing is None:
                continue
            room, before = missing
            try:
                page = await self._chat.history(room, before=before, limit=_PAGE_SIZE)
            except Refused as refused:
                self._state.notice = refused.text
                self._state.unloadable.add(missing)
            else:
                self._state.note_history_page(room, before, page.messages)
            self._terminal.redraw()

    async def _try(self, act: Callable[[], Awaitable[object]]) -> bool:
        """Return whether an action succeeds; show its error if it does not."""
        try:
            await act()
        except (ChatError, CommandError) as error:
            self._state.notice = error.text if isinstance(error, Refused) else str(error)
            return False
        finally:
            self._terminal.redraw()
        return True

    def _draw(self, width: int, height: int) -> Picture:
        picture = draw(self._state, width, height)
        self._missing = picture.missing
        drawn, self._drawn = self._drawn, trio.Event()
        drawn.set()
        return picture

    def send(
        self, text: str, reply: int | None = None, *, room: int | None = None, files: Sequence[File] = ()
    ) -> None:
        """Store and send a message to the open room, or to another one. Sync."""
        self._store_and_send(self._state.add_message(new_key(), text, reply, room, files))

    def edit(self, message: Message, text: str) -> None:
        """Store and send another text for a message. Sync."""
        self._store_and_send(self._state.add_edit(message, text))

    def _store_and_send(self, pending: Pending) -> None:
        self._keep(pending)
        self._send.send_nowait(pending)

    def _keep(self, pending: Pending) -> None:
        try:
            self._files.keep(pending)
        except OSError as error:
            self._state.notice = (
                f"cannot store the message: it is lost if this program ends before it is sent: {error}"
            )

    def run_command(self, line: str) -> None:
        """Run a command in a task of its own. Sync."""
        self._start.send_nowait(partial(self._run, self._state.room, line))

    def note_typing(self) -> None:
        """The person typed a key. Sync."""
        self._activities.note_typing()

    def reconnect(self) -> None:
        """Reconnect at once. Sync."""
        self._chat.reconnect_now()

    def redraw_all(self) -> None:
        """Redraw the whole screen. Sync."""
        self._terminal.redraw_all()

    def end(self) -> None:
        """Quit. Sync."""
        self._ended.set()

    async def _run(self, room: int | None, line: str) -> None:
        """Run a command; if it fails, put it back into the line of its room, unless another text is there."""
        state = self._state
        if await self._try(lambda: run_command(self._context, line)):
            return
        if state.room != room:
            if room is not None:
                state.drafts.setdefault(room, line)
        elif not state.editor.text and state.editing is None:
            state.editor.replace(line)
