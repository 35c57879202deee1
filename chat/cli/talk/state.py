"""The state of the screen besides the rooms of the client: the open room, scrolling, the line being typed."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from chat.cli.room_names import label
from chat.cli.talk.completion import Candidates
from chat.cli.talk.input_history import InputHistory
from chat.cli.talk.line_editor import LineEditor
from chat.cli.talk.notes import Notes
from chat.cli.talk.paths import complete_path
from chat.cli.talk.pending import Pending
from chat.cli.talk.people import People
from chat.cli.talk.typists import Typists
from chat.cli.talk.width import Row
from chat.client import File, Message, Restored, Room

_ORDER = {"lobby": 0, "room": 1, "direct": 2, "support": 3}
"""The order of the room list; unknown kinds of a newer server come last."""


_LOST = "a restored backup does not have it; press ↑ on an empty line to edit it and send it again"


class ScrollPosition(NamedTuple):
    """The bottom of a room that is scrolled up: message `seq` without its last `below` rows."""

    seq: int
    below: int = 0


class Page(NamedTuple):
    """A text shown in place of the messages until a key is pressed."""

    title: str
    lines: tuple[Row, ...]


class State:
    """The state of the screen.

    Attributes:
        rooms: the rooms of the client.
        person_id, name: of the person who is logged in.
        server: host and port, as the status line shows them.
        room: the id of the open room.
        editor: the line being typed.
        editing: the message being edited; None while typing a new one.
        pending: messages and edits that are not committed yet, in the order of sending.
        scroll_positions: of each room that is scrolled up.
        read_when_opened: the read mark of each room with unread messages, when it was opened.
        history_starts: the first `seq` of each room whose history does not begin with 1.
        unloadable: pairs of a room and the `seq` before which its history cannot be loaded.
        page: a text shown in place of the messages, from row `page_top` on.
        notice: the result of the last key or command.
        room_to_open: a room to open as soon as the client has it.
        disconnect_reason: None while connected.
        is_away: whether others see the person as away.
        drafts: of each other room, the text typed there.
        input_history: the lines typed before.
        typists: who else is typing.
        commands: the names of the commands, with the slash.
        on_pending: called with each message or edit to store.
        on_taken_back: called with each refused message or edit that was put back into the line.
        people: the people that the client has seen.
        notes: lines about changes of features, among the messages.
    """

    def __init__(self, rooms: Mapping[int, Room], person_id: int, name: str, server: str) -> None:
        self.rooms = rooms
        self.person_id = person_id
        self.name = name
        self.server = server
        self.room: int | None = None
        self.editor = LineEditor()
        self.editing: Message | None = None
        self.pending: list[Pending] = []
        self.scroll_positions: dict[int, ScrollPosition] = {}
        self.read_when_opened: dict[int, int] = {}
        self.history_starts: dict[int, int] = {}
        self.unloadable: set[tuple[int, int]] = set()
        self.page: Page | None = None
        self.page_top = 0
        self.notice = ""
        self.room_to_open: int | None = None
        self._left: int | None = None  # a room that the person left while typing there
        self.disconnect_reason: str | None = None
        self.is_away = False
        self.drafts: dict[int, str] = {}
        self.input_history = InputHistory()
        self.typists = Typists()
        self.commands: tuple[str, ...] = ()
        self.on_pending: Callable[[Pending], object] = lambda pending: None
        self.on_taken_back: Callable[[Pending], object] = lambda pending: None
        self.people = People(rooms)
        self.notes = Notes()

    @property
    def current(self) -> Room | None:
        """The open room, or None."""
        return None if self.room is None else self.rooms.get(self.room)

    @property
    def is_writing(self) -> bool:
        """Whether the line is a new message, and neither empty nor a command nor an edit."""
        text = self.editor.text.strip()
        return bool(text) and self.editing is None and (not text.startswith("/") or text.startswith("//"))

    def listed_rooms(self) -> list[int]:
        """Return the room list: lobby, rooms and direct rooms by name, without hidden ones that are read. Sync."""
        shown = [
            (number, room.info)
            for number, room in self.rooms.items()
            if number == self.room or room.info.unread or not (room.info.hidden or room.info.archived)
        ]
        shown.sort(
            key=lambda each: (_ORDER.get(each[1].kind, len(_ORDER)), label(each[1]).casefold(), each[0])
        )
        return [number for number, _ in shown]

    def show(self, title: str, lines: Iterable[str | Row]) -> None:
        """Show lines in place of the messages; a line may be styled. Sync."""
        rows = ((("", line),) if isinstance(line, str) else line for line in lines)
        self.page, self.page_top = Page(title, tuple(rows)), 0

    def open(self, room: int) -> None:
        """Open a room; the line being typed becomes the draft of the previous one. Sync."""
        if self.room == room and self.page is None:
            return
        self.page = self.room_to_open = None
        self.keep_draft()
        self.stop_editing()
        self.room, self._left = room, None
        self.input_history.stop()
        self.editor.replace(self.drafts.pop(room, ""))
        info = self.rooms[room].info
        if info.unread:
            self.read_when_opened[room] = info.read
        else:
            self.read_when_opened.pop(room, None)

    def open_when_known(self, room: int) -> None:
        """Open a room that the person just came into, as soon as the client has it. Sync."""
        self.room_to_open = room
        self.open_known()

    def open_known(self) -> None:
        """Open `room_to_open` if the client has it; without an open room, open the first of the list. Sync.

        A room may be missing while the client catches up.
        """
        if self.room_to_open is not None and self.room_to_open in self.rooms:
            room, self.room_to_open = self.room_to_open, None
            self.open(room)
        elif self.room is None and not (self._left is not None and self.editor.text):
            for room in self.listed_rooms()[:1]:
                self.open(room)

    def leave_room(self, room: int) -> None:
        """The person is no longer in a room. Sync.

        The line typed there stays, and cannot be sent elsewhere until another room is opened.
        """
        self.reset_history(room)
        if self.room == room:
            self.keep_draft()
            self.stop_editing()
            self.room, self._left = None, room

    def keep_draft(self) -> None:
        """Keep the line as the draft of its room, or as an unfinished edit. Sync."""
        room = self._left if self.room is None else self.room
        if room is None or not self.editor.text:
            return
        if self.editing is None:
            self.drafts[room] = self.editor.text
        elif self.editor.text != self.latest_text(self.editing):
            self.add_edit(self.editing, self.editor.text).refused = "the edit was not finished"
            self.on_pending(self.pending[-1])

    def open_relative(self, by: int) -> None:
        """Open the room `by` places further down the list. Sync."""
        listed = self.listed_rooms()
        if listed:
            at = listed.index(self.room) if self.room in listed else -by
            self.open(listed[(at + by) % len(listed)])

    def open_nth(self, n: int) -> None:
        """Open room number `n` of the list, from 1. Sync."""
        listed = self.listed_rooms()
        if n <= len(listed):
            self.open(listed[n - 1])
        else:
            self.notice = f"there is no room {n} in the list"

    def open_next_unread(self) -> None:
        """Open the next room with unread messages. Sync."""
        listed = self.listed_rooms()
        at = listed.index(self.room) if self.room in listed else 0
        for number in (*listed[at + 1 :], *listed[:at]):
            if self.rooms[number].info.unread:
                return self.open(number)
        self.notice = "no unread messages in other rooms"
        return None

    def edit_last_message(self) -> bool:
        """Put a refused message back into the line, or edit the last own one; return False if there is none. Sync."""
        for pending in reversed(self.pending):
            if pending.refused is not None and (pending.room == self.room or pending.room not in self.rooms):
                self.pending.remove(pending)
                self.on_taken_back(pending)
                self.editing = self._edited(pending)
                self.editor.replace(self._as_input(pending))
                return True
        if (message := self.nth_last_message(1, own=True)) is None:
            return False
        self.editing = message
        self.editor.replace(self.latest_text(message))
        return True

    def latest_text(self, message: Message) -> str:
        """Return the text of a message after its pending edits. Sync."""
        for pending in reversed(self.pending):
            if pending.edits == message.seq and pending.room == message.room and pending.refused is None:
                return pending.text
        return message.text

    def stop_editing(self) -> None:
        """Stop editing and empty the line. Sync."""
        if self.editing is not None:
            self.editing = None
            self.editor.replace("")

    def nth_last_message(self, n: int, *, own: bool) -> Message | None:
        """Return the n-th last text of the open room among those held, of anybody or only own ones. Sync.

        Return no own message while one is pending: the last one is not known then.
        """
        if own and any(map(self._may_become_last, self.unsaved())):
            return None
        texts = (each for each in self._last_texts() if not own or each.sender.id == self.person_id)
        return next(islice(texts, n - 1, None), None)

    def _may_become_last(self, pending: Pending) -> bool:
        return pending.room == self.room and pending.refused is None and pending.edits is None

    def _edited(self, pending: Pending) -> Message | None:
        """The message that a pending edit changes; None if it is no edit or the message is not held."""
        room = self.current
        if room is None or pending.room != self.room or pending.edits is None:
            return None
        message = room.messages.get(pending.edits)
        return None if message is None or message.deleted is not None else message

    def _last_texts(self) -> Iterator[Message]:
        """The texts of the open room, newest first, as far as they are held."""
        room = self.current
        seq = 0 if room is None else room.info.seq
        while room is not None and (message := room.messages.get(seq)) is not None:
            if message.kind == "text" and not message.deleted:
                yield message
            seq -= 1

    def _as_input(self, pending: Pending) -> str:
        """The line that sends the message again: with /reply if the answered message is held."""
        if pending.reply is not None and pending.room == self.room:
            for n, message in enumerate(self._last_texts(), 1):
                if message.seq == pending.reply:
                    return f"/reply {n} {pending.text}"
        return pending.text

    def note_history_page(self, room: int, before: int, messages: Iterable[Message]) -> None:
        """Remember from a page before this `seq` whether the history begins there, or cannot be held. Sync."""
        if room not in self.rooms or before > self.rooms[room].info.seq + 1:
            return  # the history was reset since the request
        if before - 1 not in {message.seq for message in messages}:
            self.history_starts[room] = before
        elif before - 1 not in self.rooms[room].messages:
            self.unloadable.add((room, before))

    def reset_history(self, room: int) -> None:
        """Forget everything about the history of a room. Sync."""
        self.scroll_positions.pop(room, None)
        self.history_starts.pop(room, None)
        self.notes.clear(room)
        self.unloadable = {each for each in self.unloadable if each[0] != room}
        # A restored backup may not have the committed messages: do not wait for them.
        self.pending = [each for each in self.pending if each.room != room or each.seq is None]

    def restore(self, restored: Restored) -> list[Pending]:
        """Say what a restored backup lacks; return the own messages of it as refused ones, to edit and send. Sync."""
        if not restored.lost:
            return []
        count, backup = len(restored.lost), "a backup"
        if restored.until is not None:
            backup = f"a backup of {datetime.fromtimestamp(restored.until / 1000):%Y-%m-%d %H:%M}"
        gone = (
            "a message that you saw after it is"
            if count == 1
            else f"{count} messages that you saw after it are"
        )
        self.notice = f"the server was restored from {backup}; {gone} gone"
        own = [each for each in restored.lost if each.sender.id == self.person_id and each.text]
        known = {pending.key for pending in self.pending}
        lost = []
        for message in own:
            key = f"again-{message.room}-{message.seq}-{message.at}"
            if key not in known:
                lost.append(Pending(key, message.room, message.text, time.time_ns(), refused=_LOST))
        self.pending += lost
        return lost

    def add_message(
        self,
        key: str,
        text: str,
        reply: int | None = None,
        room: int | None = None,
        files: Sequence[File] = (),
    ) -> Pending:
        """Add a pending message to the open room, or to another one. Sync."""
        room = self.room if room is None else room
        assert room is not None
        names = {file.id: file.name for file in files}
        pending = Pending(key, room, text, time.time_ns(), reply=reply, files=names)
        self.pending.append(pending)
        self.scroll_positions.pop(room, None)
        return pending

    def add_edit(self, message: Message, text: str) -> Pending:
        """Add a pending edit of a message. Sync."""
        made = time.time_ns()
        pending = Pending(str(made), message.room, text, made, edits=message.seq)
        self.pending.append(pending)
        return pending

    def unsaved(self) -> list[Pending]:
        """Return the pending messages that are not among the messages of a room; forget the others. Sync."""
        self.pending = [each for each in self.pending if not self._is_held(each)]
        return self.pending

    def _is_held(self, pending: Pending) -> bool:
        room = self.rooms.get(pending.room)
        return pending.seq is not None and (room is None or room.info.seq >= pending.seq)

    def candidates(self) -> Candidates:
        """Return everything that Tab can complete. Sync."""
        people = [
            name for number, name in self.people.names(self.current).items() if number != self.person_id
        ]
        return Candidates(
            self.commands, people, [label(room.info) for room in self.rooms.values()], complete_path
        )
