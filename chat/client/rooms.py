"""All rooms of a person: applies each frame, and says which events the program gets and what to request.

Pure: no I/O, no clock. Two positions in each room follow its gapless `pos`: that of the room as it is now
(`Room.info`), and that of the events reported to the program (`Rooms.reported`). They differ after a restart with
stored positions: the room begins with a snapshot of now, the program at its position. The replayed changes then become
events, and the room ignores them.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from msgspec.structs import asdict

from chat.client.events import Change, Event, Frame, Restored, Unlogged
from chat.client.room import Room
from chat.client.structs import Position
from chat.client.wire import (
    Activity,
    Bye,
    KnownRoom,
    LastRestore,
    MarkRead,
    MemberCount,
    Message,
    MoreChanges,
    PresenceChanged,
    ProfileChanged,
    ReadMark,
    RoomGone,
    RoomSnapshot,
    Sync,
    UnknownChange,
)


class RoomEvent(NamedTuple):
    """An event of a room, and the program's position there after it; None: the person is no longer in the room."""

    event: Event
    room: int
    position: Position | None


class Rooms(Mapping[int, Room]):
    """The rooms as they are now, by id.

    Attributes:
        reported: of each room the position of the last event reported. After a restart it may have rooms that are not
            loaded yet.
        gaps: rooms with missing changes, to be requested from `reported` on.
        far_behind: rooms with more changes than were sent, to be requested in pages, in this order. The server sends
            nothing live of them before the last page.
        uncounted: rooms whose unread messages the server has to count.
        watched: the ids of the people to watch on each connection.
        status: the status to set on each connection.
        person_id, name: of the person who is logged in; set by hello.

    Args:
        positions: the program's positions at the start.
        max_messages: how many messages of each room are held.
    """

    def __init__(self, positions: Mapping[int, Position], max_messages: int) -> None:
        self.reported = dict(positions)
        self.gaps: set[int] = set()
        self.far_behind: dict[int, None] = {}
        self.uncounted: set[int] = set()
        self.watched: tuple[int, ...] = ()
        self.status = "online"
        self.person_id = 0
        self.name = ""
        self._max_messages = max_messages
        # The `since` of the first sync that has not been completed; None if all have.
        self._since: int | None = None
        self._rooms: dict[int, Room] = {}
        self._restored: LastRestore | None = None
        self._is_restore_new = False  # since the connection before
        self._has_connected = False
        # Since the last new connection: whether changes are gone, and the messages that are.
        self._is_history_lost = False
        self._lost: list[Message] = []

    def __getitem__(self, room: int) -> Room:
        return self._rooms[room]

    def __iter__(self) -> Iterator[int]:
        return iter(self._rooms)

    def __len__(self) -> int:
        return len(self._rooms)

    def note_restore(self, restored: LastRestore | None) -> None:
        """Note the server's last restore; after a new one, request profiles and read marks again. Sync."""
        self._is_restore_new = restored is not None and restored != self._restored
        if self._has_connected and self._is_restore_new:
            self._since = 0
            for room in self._rooms.values():
                room.forget_profile_time()
        self._restored, self._has_connected = restored, True

    def take_restored(self) -> Restored | None:
        """After the first sync of a connection: return what a restored backup lacks, if the program had it. Sync."""
        lost, self._lost = self._lost, []
        was_lost, self._is_history_lost = self._is_history_lost, False
        if not was_lost:
            return None
        lost.sort(key=lambda message: (message.room, message.seq))
        if self._restored is None:
            return Restored(None, None, tuple(lost))
        return Restored(self._restored.at, self._restored.until, tuple(lost))

    def _note_lost(self, number: int, after: int, since: int = 0) -> None:
        """Note the held messages of the history that the program knows, after this `seq` and time."""
        room, reported = self._rooms.get(number), self.reported.get(number)
        if room is not None and reported is not None:
            self._lost += [
                message
                for message in room.messages.values()
                if message.seq > after and since < message.at <= reported.at
                if message.kind == "text" and not message.deleted
            ]

    def _note_gone(self, number: int) -> None:
        """A room is gone: the restored backup may be older than the room, or than the person's coming there."""
        restored, reported = self._restored, self.reported.get(number)
        if not self._is_restore_new or restored is None or restored.until is None or reported is None:
            return
        if restored.until < reported.at <= restored.at:
            self._is_history_lost = True
            self._note_lost(number, 0, restored.until)

    def apply(self, frame: Frame) -> RoomEvent | Unlogged | None:
        """Apply a frame; return the event for the program, if it is one. Sync."""
        match frame:
            case RoomSnapshot():
                return self._apply_snapshot(frame)
            case RoomGone():
                self._note_gone(frame.room)
                self._rooms.pop(frame.room, None)
                self.gaps.discard(frame.room)
                self.far_behind.pop(frame.room, None)
                self.uncounted.discard(frame.room)
                was_reported = self.reported.pop(frame.room, None) is not None
                return RoomEvent(frame, frame.room, None) if was_reported else None
            case ReadMark():
                if frame.person == self.person_id:
                    self._set_read_mark(frame.room, frame.seq, frame.unread, frame.mentions)
                return self._at_reported(frame)
            case MemberCount():
                if (room := self._rooms.get(frame.room)) is not None:
                    room.set_member_count(frame.members)
                return self._at_reported(frame)
            case ProfileChanged():
                for room in self._rooms.values():
                    room.update_profile(frame)
                return frame
            case Activity() | PresenceChanged():
                return frame
            case MoreChanges(room=number):
                if number in self.reported or number in self._rooms:
                    self.far_behind[number] = None
                return None
            case Bye():
                return None
        return self._apply_change(frame)

    def _at_reported(self, event: ReadMark | MemberCount) -> RoomEvent | None:
        """An event that moves no position; None if the program does not know the room."""
        position = self.reported.get(event.room)
        return None if position is None else RoomEvent(event, event.room, position)

    def apply_read_reply(self, request: MarkRead, unread: int, mentions: int) -> None:
        """Apply the server's reply to a read mark of this client. Sync."""
        if (room := self._rooms.get(request.room)) is not None:
            seq = min(request.seq, room.info.seq)
            # An older mark than the present one is outdated: the reply to the newer mark has its own count.
            if request.back or seq >= room.info.read:
                self._set_read_mark(request.room, seq, unread, mentions)

    def _set_read_mark(self, number: int, seq: int, unread: int, mentions: int) -> None:
        if (room := self._rooms.get(number)) is not None:
            room.set_read_mark(seq, unread, mentions)
            self._update_uncounted(number, room)

    def load_history(self, messages: Iterable[Message]) -> None:
        """Hold messages of the history. They are no events: each has its own. Sync."""
        for message in messages:
            if (room := self._rooms.get(message.room)) is not None:
                room.load(message)

    def sync_requests(self, max_positions: int, *, is_new: bool = True) -> list[Sync]:
        """Return the requests that bring everything up to date, to be sent in this order. Sync.

        Args:
            max_positions: how many positions one request may have.
            is_new: whether the connection is new. Later the server sends no snapshot of a room that it has sent.
        """
        self.gaps.clear()
        self.far_behind.clear()
        if is_new:
            # The server checks the reported position. A room with another position of its own starts from a new
            # snapshot: the person may have left it, or a restored backup may have replaced its history.
            self._rooms = {
                number: room
                for number, room in self._rooms.items()
                if self.reported.get(number) == (room.info.pos, room.info.at)
            }
        self.uncounted.intersection_update(self._rooms)
        loaded = [room for room in self.reported if room in self._rooms]
        # A room with only a position gets its snapshot with `rest`, and then its changes.
        unloaded = [room for room in self.reported if room not in self._rooms]
        if self._since is None:
            self._since = max((position.at for position in self.reported.values()), default=None)
        firsts = (loaded[n : n + max_positions] for n in range(0, len(loaded) - max_positions, max_positions))
        rest = loaded[-(len(loaded) % max_positions or max_positions) :]
        return [
            *(self._sync(each) for each in firsts),
            Sync(known=self._known(rest), since=self._since, far="page"),
            *(self._sync(unloaded[n : n + max_positions]) for n in range(0, len(unloaded), max_positions)),
        ]

    def gap_request(self, max_positions: int) -> Sync:
        """Return the request for the missing changes. Sync."""
        rooms = [room for room in self.gaps if room in self.reported or room in self._rooms]
        return self._sync(rooms[:max_positions])

    @property
    def has_backlog(self) -> bool:
        """Whether there is more to report: changes on the server, or loaded rooms. Sync."""
        return bool(self.far_behind) or any(True for _ in self._unreported())

    def page_request(self, max_rooms: int) -> Sync:
        """Return the request for the next page of rooms that are far behind; the rooms take turns. Sync."""
        rooms = list(islice(self.far_behind, max_rooms))
        for room in rooms:
            del self.far_behind[room]  # a frame in the answer adds it again if there is more
        return self._sync(rooms)

    def request_page_again(self, page: Sync) -> None:
        """Put the rooms of a refused page first again. Sync."""
        self.far_behind = dict.fromkeys([known.room for known in page.known]) | self.far_behind

    def report_rooms(self, limit: int | None) -> list[RoomEvent]:
        """Return snapshots of loaded rooms that the program does not know yet, as they are now. Sync."""
        events = []
        for number in tuple(islice(self._unreported(), limit)):
            info = self._rooms[number].info
            self.reported[number] = position = Position(info.pos, info.at)
            events.append(RoomEvent(RoomSnapshot(**asdict(info)), number, position))
        return events

    def _unreported(self) -> Iterator[int]:
        return (number for number in self._rooms if number not in self.reported)

    def finish_sync(self, sync: Sync) -> bool:
        """The answer to this request is complete: its rooms have no gaps that arose before. Sync.

        Returns:
            Whether it moved no position, although there are more changes: the same request would have the same answer.
        """
        self.gaps.difference_update(known.room for known in sync.known)
        if sync.since is not None:
            self._since = None
        before = {each.room: (each.pos, each.at) for each in sync.known}
        return all(room in self.far_behind and self._position(room) == at for room, at in before.items())

    def verify_read_marks(self) -> None:
        """Have rooms counted where an own message moved the read mark: a crash of the server may lose marks. Sync."""
        for number, room in self._rooms.items():
            room.is_uncounted |= room.has_unconfirmed_mark
            room.has_unconfirmed_mark = False
            self._update_uncounted(number, room)

    def rewind_to(self, positions: Mapping[int, Position]) -> None:
        """Report again from these positions on; to be followed by `sync_requests`. Sync."""
        self.reported = dict(positions)

    def _sync(self, rooms: Iterable[int]) -> Sync:
        return Sync(known=self._known(rooms), rest=False, far="page")

    def _known(self, rooms: Iterable[int]) -> tuple[KnownRoom, ...]:
        return tuple(KnownRoom(room=room, **self._position(room)._asdict()) for room in rooms)

    def _position(self, room: int) -> Position:
        if room in self.reported:
            return self.reported[room]
        info = self._rooms[room].info
        return Position(info.pos, info.at)

    def _apply_snapshot(self, snapshot: RoomSnapshot) -> RoomEvent | None:
        number, room = snapshot.id, self._rooms.get(snapshot.id)
        if snapshot.reset == "other_history":
            self._is_history_lost = True
            self._note_lost(number, snapshot.after or 0)
        if snapshot.reset is not None or number not in self.reported:
            if room is None:
                self._rooms[number] = Room(snapshot, self.person_id, self._max_messages)
            else:
                room.restart(snapshot)
            self.reported[number] = position = Position(snapshot.pos, snapshot.at)
            self.gaps.discard(number)
            self.far_behind.pop(number, None)
            self.uncounted.discard(number)
            return RoomEvent(snapshot, number, position)
        if room is None:
            # After a restart: the changes since the stored position follow, and they are the events.
            self._rooms[number] = Room(snapshot, self.person_id, self._max_messages)
            return None
        room.update(snapshot)
        return RoomEvent(snapshot, number, self.reported[number])

    def _apply_change(self, change: Change) -> RoomEvent | None:
        reported, room = self.reported.get(change.room), self._rooms.get(change.room)
        if room is not None:
            if not room.apply(change):
                self.gaps.add(change.room)
            self._update_uncounted(change.room, room)
        if reported is None:
            return None  # a snapshot will be reported, or the person has left the room
        if change.pos > reported.pos + 1:
            self.gaps.add(change.room)
        if change.pos != reported.pos + 1:
            return None
        self.reported[change.room] = position = Position(change.pos, change.at)
        return None if isinstance(change, UnknownChange) else RoomEvent(change, change.room, position)

    def _update_uncounted(self, number: int, room: Room) -> None:
        (self.uncounted.add if room.is_uncounted else self.uncounted.discard)(number)
