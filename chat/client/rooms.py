"""All rooms of a person: what each frame makes of them, what is news to the program, and what has to be asked again.

Pure: no I/O, no clock. Two things follow each room's changes by their gapless `pos`: the room as it is now, and what
the program has been told. After a restart with kept positions the first begins with a snapshot and the second with
the position, so the same replay gives nothing to the one and the news to the other.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from chat.client.events import (
    Activity,
    Beside,
    Bye,
    Change,
    Event,
    Frame,
    Gone,
    MembersTold,
    PersonTold,
    PresenceTold,
    ReadMark,
    RoomTold,
    Unknown,
)
from chat.client.requests import KnownRoom, Read, Sync
from chat.client.room import Room
from chat.client.values import Message, Position


class News(NamedTuple):
    """An event for the program, and how far it has been told of a room with it; None: it is in it no longer."""

    event: Event
    room: int
    position: Position | None


class Rooms(Mapping[int, Room]):
    """The rooms as they are now, by id.

    Attributes:
        told: how far the program has been told of each room; a room may be here and not known yet, after a restart.
        gaps: rooms with missing changes, to be asked for from `told`.
        uncounted: rooms whose unread messages have to be asked for.

    Args:
        keep: how many messages of each room are held.
    """

    def __init__(self, positions: Mapping[int, Position], keep: int) -> None:
        self.told = dict(positions)
        self.gaps: set[int] = set()
        self.uncounted: set[int] = set()
        self.watched: tuple[int, ...] = ()  # whom one watches, on every connection
        self.status = "online"  # what one is, on every connection
        self.me = 0  # who one is; set by the first hello, as is the name
        self.name = ""
        self._keep = keep
        self._since: int | None = None  # of the first sync that was cut off since the last that was not
        self._rooms: dict[int, Room] = {}

    def __getitem__(self, room: int) -> Room:
        return self._rooms[room]

    def __iter__(self) -> Iterator[int]:
        return iter(self._rooms)

    def __len__(self) -> int:
        return len(self._rooms)

    def apply(self, frame: Frame) -> News | Beside | None:
        """Apply a frame as it came; return what is news to the program. Sync."""
        match frame:
            case RoomTold():
                return self._tell(frame)
            case Gone():
                self._rooms.pop(frame.room, None)
                self.gaps.discard(frame.room)
                self.uncounted.discard(frame.room)
                is_told = self.told.pop(frame.room, None) is not None
                return News(frame, frame.room, None) if is_told else None
            case ReadMark():
                if frame.person == self.me:
                    self._mark(frame.room, frame.seq, frame.unread, frame.mentions)
                told = self.told.get(frame.room)
                return None if told is None else News(frame, frame.room, told)
            case MembersTold():
                if (room := self._rooms.get(frame.room)) is not None:
                    room.count_members(frame.members)
                told = self.told.get(frame.room)
                return None if told is None else News(frame, frame.room, told)
            case PersonTold():
                for room in self._rooms.values():
                    room.meet(frame)
                return frame
            case Activity() | PresenceTold():
                return frame
            case Bye():
                return None
        return self._change(frame)

    def answered(self, read: Read, unread: int, mentions: int) -> None:
        """The server has noted how far one has read. Sync."""
        if (room := self._rooms.get(read.room)) is not None:
            seq = min(read.seq, room.info.seq)
            if (
                read.back or seq >= room.info.read
            ):  # else one has read on meanwhile, and that has its own count
                self._mark(read.room, seq, unread, mentions)

    def _mark(self, room: int, seq: int, unread: int, mentions: int) -> None:
        if (known := self._rooms.get(room)) is not None:
            known.mark(seq, unread, mentions)
            self._note_uncounted(room, known)

    def load(self, messages: Iterable[Message]) -> None:
        """Hold messages of the history; they are no news: each is told, or was, at its place. Sync."""
        for message in messages:
            if (room := self._rooms.get(message.room)) is not None:
                room.load(message)

    def syncs(self, most: int) -> list[Sync]:
        """Return the requests that bring everything up to date, to be asked in this order. Sync.

        Args:
            most: positions that one request may have.
        """
        self.gaps.clear()
        # The server looks at the position of what was told. A room that is not just there is begun anew: it may have
        # ended meanwhile, or be ahead in a history that was replaced by a backup.
        self._rooms = {
            number: room
            for number, room in self._rooms.items()
            if self.told.get(number) == (room.info.pos, room.info.at)
        }
        self.uncounted.intersection_update(self._rooms)
        known = [room for room in self.told if room in self._rooms]
        # A room of which only the position is known gets its snapshot with the rest, and then its changes.
        without = [room for room in self.told if room not in self._rooms]
        if self._since is None:
            self._since = max((position.at for position in self.told.values()), default=None)
        firsts = (known[n : n + most] for n in range(0, len(known) - most, most))
        rest = known[-(len(known) % most or most) :]
        return [
            *(self._sync(each) for each in firsts),
            Sync(known=self._known(rest), since=self._since),
            *(self._sync(without[n : n + most]) for n in range(0, len(without), most)),
        ]

    def sync_of_gaps(self, most: int) -> Sync:
        """Return the request for the changes that are missing. Sync."""
        return self._sync([room for room in self.gaps if room in self.told][:most])

    def synced(self, sync: Sync) -> None:
        """All since the positions of this request has been told: what was missing meanwhile is not. Sync."""
        self.gaps.difference_update(known.room for known in sync.known)
        if sync.since is not None:
            self._since = None

    def doubt_marks(self) -> None:
        """A server may have crashed before it noted marks that one's own messages moved: ask in those rooms. Sync."""
        for number, room in self._rooms.items():
            room.is_uncounted |= room.has_spoken
            room.has_spoken = False
            self._note_uncounted(number, room)

    def begin_again_at(self, positions: Mapping[int, Position]) -> None:
        """The program was told no more than this. To be followed by `syncs`. Sync."""
        self.told = dict(positions)

    def _sync(self, rooms: Iterable[int]) -> Sync:
        return Sync(known=self._known(rooms), rest=False)

    def _known(self, rooms: Iterable[int]) -> list[KnownRoom]:
        return [KnownRoom(room, *self.told[room]) for room in rooms]

    def _tell(self, told: RoomTold) -> News | None:
        room, is_told = self._rooms.get(told.id), told.id in self.told
        position = Position(told.pos, told.at)
        if told.reset is not None or not is_told:
            if room is None:
                self._rooms[told.id] = Room(told, self.me, self._keep)
            else:
                room.restart(told)
            self.told[told.id] = position
            self.gaps.discard(told.id)
            self.uncounted.discard(told.id)
            return News(told, told.id, position)
        if (
            room is None
        ):  # after a restart: the changes since the position are still to come, and they are the news
            self._rooms[told.id] = Room(told, self.me, self._keep)
            return None
        room.update(told)
        return News(told, told.id, self.told[told.id])

    def _change(self, change: Change) -> News | None:
        told = self.told.get(change.room)
        if told is None:
            return None  # its snapshot always comes first, so this room has been left
        room = self._rooms.get(change.room)
        if room is not None:
            if not room.apply(change):
                self.gaps.add(change.room)
            self._note_uncounted(change.room, room)
        if change.pos > told.pos + 1:
            self.gaps.add(change.room)
        if change.pos != told.pos + 1:
            return None
        self.told[change.room] = position = Position(change.pos, change.at)
        return None if isinstance(change, Unknown) else News(change, change.room, position)

    def _note_uncounted(self, room_id: int, room: Room) -> None:
        (self.uncounted.add if room.is_uncounted else self.uncounted.discard)(room_id)
