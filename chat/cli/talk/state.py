"""What is on the screen, apart from what the client knows of the rooms: which one, how far up, what is typed."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from chat.cli.room_names import label
from chat.cli.talk.completion import Words
from chat.cli.talk.line_editor import LineEditor
from chat.cli.talk.paths import paths_beginning
from chat.cli.talk.pending import Pending
from chat.cli.talk.people import People
from chat.cli.talk.typed_history import TypedHistory
from chat.cli.talk.typists import Typists
from chat.cli.talk.width import Row
from chat.client import File, Message, Room

_ORDER = {"lobby": 0, "room": 1, "direct": 2, "support": 3}
"""The order of the list; kinds that a newer server has come last."""


class Place(NamedTuple):
    """What stands at the bottom of a room that is scrolled up: message `seq` without its last `below` rows."""

    seq: int
    below: int = 0


class Page(NamedTuple):
    """A text that covers the messages until a key is pressed."""

    title: str
    lines: tuple[Row, ...]


class State:
    """What is on the screen.

    Attributes:
        rooms: those that one is in, as the client has them.
        me: one's id.
        name: one's name.
        server: where one is, as the last line says it.
        room: the one that is read.
        editor: the line that is typed.
        editing: the message that is edited; None: a new one is written.
        pending: what is not saved yet, in the order in which it is sent.
        places: of each room that is scrolled up, where.
        new_after: of each room that was opened, how far it was read then.
        firsts: of each room whose history does not begin with 1, where it does.
        unloadable: rooms, and before which `seq` no more of them can be had.
        page: what covers the messages; its rows from `page_top` on are shown.
        notice: what came of the last key or command.
        awaited: the room to read once one is told that one is in it.
        down: why there is no connection; None: there is one.
        is_away: whether one is shown as away.
        drafts: of each room that is not read now, what is typed in it.
        typed: what was typed before.
        typists: who else types.
        commands: what may be typed, with the slash.
        kept: called with each message or edit that is to outlive the program.
        taken_back: called with each refused one that is in the line again.
        people: those who were met.
    """

    def __init__(self, rooms: Mapping[int, Room], me: int, name: str, server: str) -> None:
        self.rooms = rooms
        self.me = me
        self.name = name
        self.server = server
        self.room: int | None = None
        self.editor = LineEditor()
        self.editing: Message | None = None
        self.pending: list[Pending] = []
        self.places: dict[int, Place] = {}
        self.new_after: dict[int, int] = {}
        self.firsts: dict[int, int] = {}
        self.unloadable: set[tuple[int, int]] = set()
        self.page: Page | None = None
        self.page_top = 0
        self.notice = ""
        self.awaited: int | None = None
        self._left: int | None = None  # the room whose line is still there, where one was removed from it
        self.down: str | None = None
        self.is_away = False
        self.drafts: dict[int, str] = {}
        self.typed = TypedHistory()
        self.typists = Typists()
        self.commands: tuple[str, ...] = ()
        self.kept: Callable[[Pending], object] = lambda pending: None
        self.taken_back: Callable[[Pending], object] = lambda pending: None
        self.people = People(rooms)

    @property
    def current(self) -> Room | None:
        """The room that is read; None: one is in none."""
        return None if self.room is None else self.rooms.get(self.room)

    @property
    def is_writing(self) -> bool:
        """Whether what is typed is something to say: no command, and no edit."""
        text = self.editor.text.strip()
        return bool(text) and self.editing is None and (not text.startswith("/") or text.startswith("//"))

    def listed(self) -> list[int]:
        """Return the rooms of the list: the lobby, rooms and people by name; none that is hidden and read. Sync."""
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
        """Cover the messages with a page of lines, styled or not. Sync."""
        rows = ((("", line),) if isinstance(line, str) else line for line in lines)
        self.page, self.page_top = Page(title, tuple(rows)), 0

    def open(self, room: int) -> None:
        """Read another room; what is typed stays in the one that is left. Sync."""
        if self.room == room and self.page is None:
            return
        self.page = self.awaited = None
        self.keep_draft()
        self.stop_editing()
        self.room, self._left = room, None
        self.typed.stop()
        self.editor.replace(self.drafts.pop(room, ""))
        info = self.rooms[room].info
        if info.unread:
            self.new_after[room] = info.read
        else:
            self.new_after.pop(room, None)

    def open_soon(self, room: int) -> None:
        """Read a room that one has just come into, as soon as it is told. Sync."""
        self.awaited = room
        self.open_awaited()

    def open_awaited(self) -> None:
        """Read the room that is waited for, or any where there is none. Sync.

        A room that is not known just now is not gone: the client has it again as soon as it has caught up.
        """
        if self.awaited is not None and self.awaited in self.rooms:
            room, self.awaited = self.awaited, None
            self.open(room)
        elif self.room is None and not (self._left is not None and self.editor.text):
            for room in self.listed()[:1]:
                self.open(room)

    def forget(self, room: int) -> None:
        """One is in a room no longer. Sync.

        A line that is typed there stays, and is said nowhere else until another room is opened.
        """
        self.forget_history(room)
        if self.room == room:
            self.keep_draft()
            self.stop_editing()
            self.room, self._left = None, room

    def keep_draft(self) -> None:
        """Note what is typed as the draft of its room, or as an edit that was not finished. Sync."""
        room = self._left if self.room is None else self.room
        if room is None or not self.editor.text:
            return
        if self.editing is None:
            self.drafts[room] = self.editor.text
        elif self.editor.text != self.text_of(self.editing):
            self.edit(self.editing, self.editor.text).refused = "the edit was not finished"
            self.kept(self.pending[-1])

    def step(self, by: int) -> None:
        """Read the room so many places further down the list. Sync."""
        listed = self.listed()
        if listed:
            at = listed.index(self.room) if self.room in listed else -by
            self.open(listed[(at + by) % len(listed)])

    def step_to(self, n: int) -> None:
        """Read the n-th room of the list, from 1. Sync."""
        listed = self.listed()
        if n <= len(listed):
            self.open(listed[n - 1])
        else:
            self.notice = f"there is no room {n} in the list"

    def step_to_unread(self) -> None:
        """Read the next room with something new. Sync."""
        listed = self.listed()
        at = listed.index(self.room) if self.room in listed else 0
        for number in (*listed[at + 1 :], *listed[:at]):
            if self.rooms[number].info.unread:
                return self.open(number)
        self.notice = "nothing is unread"
        return None

    def edit_last(self) -> bool:
        """Take back what was refused, or edit one's last message; return whether there is one. Sync."""
        for pending in reversed(self.pending):
            if pending.refused is not None and (pending.room == self.room or pending.room not in self.rooms):
                self.pending.remove(pending)
                self.taken_back(pending)
                self.editing = self._edited(pending)
                self.editor.replace(self._typed_again(pending))
                return True
        if (message := self.nth_last(1, own=True)) is None:
            return False
        self.editing = message
        self.editor.replace(self.text_of(message))
        return True

    def text_of(self, message: Message) -> str:
        """Return the text of a message as it will be once one's edits of it are saved. Sync."""
        for pending in reversed(self.pending):
            if pending.edits == message.seq and pending.room == message.room and pending.refused is None:
                return pending.text
        return message.text

    def stop_editing(self) -> None:
        """Write a new message again. Sync."""
        if self.editing is not None:
            self.editing = None
            self.editor.replace("")

    def nth_last(self, n: int, *, own: bool) -> Message | None:
        """Return the last text but so many that is held of the room, one's own or anybody's. Sync.

        While something is on its way, the last of one's own is not known.
        """
        if own and any(map(self._will_be_last, self.waiting())):
            return None
        texts = (each for each in self._last_texts() if not own or each.sender.id == self.me)
        return next(islice(texts, n - 1, None), None)

    def _will_be_last(self, pending: Pending) -> bool:
        return pending.room == self.room and pending.refused is None and pending.edits is None

    def _edited(self, pending: Pending) -> Message | None:
        """The message that was to be edited; None: it was none, or is not there."""
        room = self.current
        if room is None or pending.room != self.room or pending.edits is None:
            return None
        message = room.messages.get(pending.edits)
        return None if message is None or message.deleted is not None else message

    def _last_texts(self) -> Iterator[Message]:
        """The texts of the room, the last one first, as far as they are held."""
        room = self.current
        seq = 0 if room is None else room.info.seq
        while room is not None and (message := room.messages.get(seq)) is not None:
            if message.kind == "text" and not message.deleted:
                yield message
            seq -= 1

    def _typed_again(self, pending: Pending) -> str:
        """What is to be typed to say it again: a reply is one again, where what it answers is held."""
        if pending.reply is not None and pending.room == self.room:
            for n, message in enumerate(self._last_texts(), 1):
                if message.seq == pending.reply:
                    return f"/reply {n} {pending.text}"
        return pending.text

    def note_loaded(self, room: int, before: int, messages: Iterable[Message]) -> None:
        """Note what a page of history before this `seq` had: the room may begin there, or be held no further. Sync."""
        if room not in self.rooms or before > self.rooms[room].info.seq + 1:
            return  # history was reset since it was asked for: nothing begins there
        if before - 1 not in {message.seq for message in messages}:
            self.firsts[room] = before
        elif before - 1 not in self.rooms[room].messages:
            self.unloadable.add((room, before))

    def forget_history(self, room: int) -> None:
        """What was known of a room's history is void. Sync."""
        self.places.pop(room, None)
        self.firsts.pop(room, None)
        self.unloadable = {each for each in self.unloadable if each[0] != room}
        # What was saved there may be no more, as after a restored backup: it is not waited for.
        self.pending = [each for each in self.pending if each.room != room or each.seq is None]

    def say(
        self,
        key: str,
        text: str,
        reply: int | None = None,
        room: int | None = None,
        files: Sequence[File] = (),
    ) -> Pending:
        """Put a message behind those that are on their way, to the room that is read or another. Sync."""
        room = self.room if room is None else room
        assert room is not None
        names = {file.id: file.name for file in files}
        pending = Pending(key, room, text, time.time_ns(), reply=reply, files=names)
        self.pending.append(pending)
        self.places.pop(room, None)
        return pending

    def edit(self, message: Message, text: str) -> Pending:
        """Put another text for a message behind what is on its way. Sync."""
        made = time.time_ns()
        pending = Pending(str(made), message.room, text, made, edits=message.seq)
        self.pending.append(pending)
        return pending

    def waiting(self) -> list[Pending]:
        """Return what is not yet among the messages; forget what is. Sync."""
        self.pending = [each for each in self.pending if not self._is_held(each)]
        return self.pending

    def _is_held(self, pending: Pending) -> bool:
        room = self.rooms.get(pending.room)
        return pending.seq is not None and (room is None or room.info.seq >= pending.seq)

    def words(self) -> Words:
        """Return what Tab can complete. Sync."""
        people = [name for number, name in self.people.names(self.current).items() if number != self.me]
        return Words(
            self.commands, people, [label(room.info) for room in self.rooms.values()], paths_beginning
        )
