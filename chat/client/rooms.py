"""All rooms of a person: what each frame makes of them, what is news to the program, and what has to be asked again.

Pure: no I/O, no clock. Two things follow each room's changes by their gapless `pos`: the room as it is now, and what
the program has been told. After a restart with kept positions the first begins with a snapshot and the second with
the position, so the same replay gives nothing to the one and the news to the other.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from msgspec.structs import asdict

from chat.client.events import (
    Activity,
    Beside,
    Bye,
    Change,
    Event,
    Frame,
    Gone,
    MembersTold,
    More,
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
        far: rooms of which there are more changes, to be asked for from `told` as the program takes them; until the
            last is told, nothing of them comes live.
        uncounted: rooms whose unread messages have to be asked for.

    Args:
        keep: how many messages of each room are held.
    """

    def __init__(self, positions: Mapping[int, Position], keep: int) -> None:
        self.told = dict(positions)
        self.gaps: set[int] = set()
        self.far: dict[int, None] = {}  # in the order in which they are asked for
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
                self.far.pop(frame.room, None)
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
            case More(room=number):
                if number in self.told or number in self._rooms:
                    self.far[number] = None
                return None
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

    def syncs(self, most: int, *, is_new: bool = True) -> list[Sync]:
        """Return the requests that bring everything up to date, to be asked in this order. Sync.

        Args:
            most: positions that one request may have.
            is_new: whether the connection is new; one that is not tells no snapshot of a room that it has told.
        """
        self.gaps.clear()
        self.far.clear()
        if is_new:
            # The server looks at the position of what was told. A room that is not just there is begun anew: it may
            # have ended meanwhile, or be ahead in a history that was replaced by a backup.
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
            Sync(known=self._known(rest), since=self._since, far="page"),
            *(self._sync(without[n : n + most]) for n in range(0, len(without), most)),
        ]

    def sync_of_gaps(self, most: int) -> Sync:
        """Return the request for the changes that are missing. Sync."""
        return self._sync([room for room in self.gaps if room in self.told or room in self._rooms][:most])

    @property
    def has_more(self) -> bool:
        """Whether there is more to tell than was told: changes on the server, or rooms that are here. Sync."""
        return bool(self.far) or any(True for _ in self._untold())

    def next_page(self, most: int) -> Sync:
        """Return the request for the next changes of rooms that are far behind, which take turns. Sync."""
        rooms = list(islice(self.far, most))
        for room in rooms:
            del self.far[room]  # until the answer says that there is more
        return self._sync(rooms)

    def ask_again(self, page: Sync) -> None:
        """A page was not told: it is the next one again. Sync."""
        self.far = dict.fromkeys([known.room for known in page.known]) | self.far

    def tell_rooms(self, most: int | None) -> list[News]:
        """Return rooms that are here and that the program was told nothing of, as they are now. Sync."""
        told = []
        for number in tuple(islice(self._untold(), most)):
            info = self._rooms[number].info
            self.told[number] = position = Position(info.pos, info.at)
            told.append(News(RoomTold(**asdict(info)), number, position))
        return told

    def _untold(self) -> Iterator[int]:
        return (number for number in self._rooms if number not in self.told)

    def synced(self, sync: Sync) -> bool:
        """All since the positions of this request has been told: what was missing meanwhile is not. Sync.

        Returns whether it moved nothing: the same request would come to the same.
        """
        self.gaps.difference_update(known.room for known in sync.known)
        if sync.since is not None:
            self._since = None
        known = {each.room: (each.pos, each.at) for each in sync.known}
        return all(room in self.far and self._position(room) == at for room, at in known.items())

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
        return Sync(known=self._known(rooms), rest=False, far="page")

    def _known(self, rooms: Iterable[int]) -> list[KnownRoom]:
        return [KnownRoom(room, *self._position(room)) for room in rooms]

    def _position(self, room: int) -> Position:
        info = None if room in self.told else self._rooms[room].info
        return self.told[room] if info is None else Position(info.pos, info.at)

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
            self.far.pop(told.id, None)
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
        told, room = self.told.get(change.room), self._rooms.get(change.room)
        if room is not None:
            if not room.apply(change):
                self.gaps.add(change.room)
            self._note_uncounted(change.room, room)
        if told is None:
            return None  # the program is told the room as it is, or it has been left
        if change.pos > told.pos + 1:
            self.gaps.add(change.room)
        if change.pos != told.pos + 1:
            return None
        self.told[change.room] = position = Position(change.pos, change.at)
        return None if isinstance(change, Unknown) else News(change, change.room, position)

    def _note_uncounted(self, room_id: int, room: Room) -> None:
        (self.uncounted.add if room.is_uncounted else self.uncounted.discard)(room_id)
