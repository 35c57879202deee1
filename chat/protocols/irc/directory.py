"""What the encoders know of rooms and people: channels of rooms that clients are in, and nicks. All of it is sync."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from chat.domain.entities import Message, Pair, People, Person, RoomKind
from chat.domain.lru_cache import LRUCache
from chat.domain.messages.changes import RoomChanged
from chat.domain.messages.sync_types import RoomSnapshot
from chat.protocols.irc.names import LOBBY, channel_of, channel_of_group, key_of, nick_of

_MOST_PEOPLE = 20_000
"""Nicks that are remembered, by the id of their person."""


class Before(NamedTuple):
    """What a room was before its last change."""

    topic: str
    is_private: bool


@dataclass(slots=True, eq=False)
class Place:
    """A room as IRC shows it: a channel, or the conversation of two people, whose `target` is "".

    `name` and `topic` are the room's, `nicks` those of the two people, `newest_id` is the log id of the newest message
    that was published here. Clients that are in the room share it; `clients` counts them.
    """

    room_id: int
    target: str
    nicks: dict[int, str]
    name: str = ""
    topic: str = ""
    people: Pair | None = None
    is_private: bool = False
    is_group: bool = False
    clients: int = 0
    newest_id: int = 0
    changed_id: int = 0
    before: Before | None = None

    @property
    def kind(self) -> RoomKind:
        """Return the kind of the room, as far as its topic in the hub depends on it."""
        return RoomKind.ROOM if self.people is None else RoomKind.DIRECT


class Directory:
    """The places of rooms that clients of this server are in, and nicks by person."""

    def __init__(self, host: str) -> None:
        self.host = host
        """The name of the server, in lines that are its own."""
        self.on_renamed: Callable[[Place, str, int], object] = lambda _place, _before, _actor_id: None
        """Called with a place that has another channel, the channel before, and who renamed the room. Sync."""
        self.shown_removals: set[tuple[int, int]] = set()
        """Ends of memberships, as room and person, that clients in the room were shown."""
        self.places: dict[int, Place] = {}
        self._channels: dict[str, int] = {}  # room ids by the keys of channels
        self._nicks = LRUCache[int, str](_MOST_PEOPLE)

    def place(self, room: RoomSnapshot, person: Person) -> Place:
        """Return the place of a room of this person, as the room is now."""
        pair, nicks = None, dict[int, str]()
        if room.kind is RoomKind.DIRECT:
            peer = room.peer or person
            pair = Pair(person.id, peer.id)
            nicks = {each.id: self.note_person(each.id, each.name) for each in (person, peer)}
            target = ""
        else:
            target = self._channel(room)
        place = self.places.get(room.id)
        if place is None:
            place = self.places[room.id] = Place(room.id, target, {}, people=pair)
            if target:
                self._channels[key_of(target)] = room.id
        place.nicks = nicks
        place.name, place.topic = room.name or "", self._topic(room)
        place.is_private, place.is_group = room.is_private, room.others is not None
        return place

    @staticmethod
    def _channel(room: RoomSnapshot) -> str:
        if room.kind is RoomKind.LOBBY:
            return LOBBY
        return channel_of_group(room.id) if room.others is not None else channel_of(room.name or "")

    @staticmethod
    def _topic(room: RoomSnapshot) -> str:
        return room.topic or (room.name or "" if room.others is not None else "")

    def apply(self, change: RoomChanged) -> Place | None:
        """Take a change of a room, unless it was taken; return its place. None: no client is in it.

        The first encoder that is given the change applies it, so `before` is the same for all.
        """
        place = self.places.get(change.room_id)
        if place is None or place.changed_id >= change.id:
            return place
        place.changed_id, place.before = change.id, Before(place.topic, place.is_private)
        place.is_private = change.is_private
        place.topic = change.topic or (change.name if place.is_group else "")
        name, place.name = place.name, change.name
        if change.name != name and not place.is_group:
            target, place.target = place.target, channel_of(change.name)
            self._channels.pop(key_of(target), None)
            self._channels[key_of(place.target)] = place.room_id
            self.on_renamed(place, target, change.actor_id)
        return place

    def left(self, place: Place) -> None:
        """Count one client less in a place."""
        place.clients -= 1
        self.forget_empty(place.room_id)

    def forget_empty(self, room_id: int) -> None:
        """Forget a room if no client is in it."""
        place = self.places.get(room_id)
        if place is None or place.clients > 0:
            return
        del self.places[room_id]
        if self._channels.get(key_of(place.target)) == room_id:
            del self._channels[key_of(place.target)]

    def room_of(self, channel: str) -> int | None:
        """Return the id of a channel's room; None: no client is in it."""
        return self._channels.get(key_of(channel))

    def note_person(self, person_id: int, name: str) -> str:
        """Remember a person's name, and return their nick."""
        nick = nick_of(name)
        if self._nicks.get(person_id) != nick:
            self._nicks[person_id] = nick
        return nick

    def nick(self, person_id: int | None) -> str | None:
        """Return a person's nick, if it is known."""
        return None if person_id is None else self._nicks.get(person_id)

    def source(self, person_id: int, nick: str) -> str:
        """Return the source of a person's lines, as `ada!u7@chat`."""
        return f"{nick}!u{person_id}@{self.host}"

    def source_of(self, person_id: int | None) -> str:
        """Return the source of a person's lines if their nick is known, else the server."""
        nick = self.nick(person_id)
        return self.host if nick is None or person_id is None else self.source(person_id, nick)

    def target_of(self, room_id: int, people: People, sender_id: int) -> str | None:
        """Return the target of a message by this sender: a channel, or the other person's nick. None: unknown."""
        match people:
            case Pair():
                place, other_id = self.places.get(room_id), people.other_than(sender_id)
                return self.nick(other_id) if place is None else place.nicks.get(other_id)
            case None:
                place = self.places.get(room_id)
                return None if place is None else place.target
        return None

    def target_of_message(self, message: Message) -> str | None:
        """Return the target of a message, and take the sender's name from it."""
        place = self.places.get(message.room_id)
        nick = self.note_person(message.sender_id, message.sender_name)
        if place is not None:
            place.newest_id = message.id
            if message.sender_id in place.nicks:
                place.nicks[message.sender_id] = nick
        return self.target_of(message.room_id, message.people, message.sender_id)
