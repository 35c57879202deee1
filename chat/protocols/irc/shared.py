"""The state that the IRC clients of one server share, and the delivery of notices and new rooms to them. All sync."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from chat.domain.entities import Message, Pair
from chat.domain.messages.audience import topic_of
from chat.domain.messages.changes import Change
from chat.domain.messages.live import Active, HasRead
from chat.engine.hub import Subscriber
from chat.protocols.irc.caps import IN_MESSAGES, Cap
from chat.protocols.irc.directory import Directory, Place
from chat.protocols.irc.encoder import IrcEncoder
from chat.protocols.services import Services

if TYPE_CHECKING:
    from chat.protocols.irc.client import IrcClient

MOST_CLIENTS = 20
"""The most IRC clients of one person on a server."""


class Shared:
    """Clients by person, the encoders of all capabilities in use, and the directory."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.directory = Directory(urlsplit(services.settings.public_url).hostname or "chat.localhost")
        self.directory.on_renamed = self._renamed
        self._clients: dict[int, tuple[IrcClient, ...]] = {}
        self._encoders: dict[Cap, IrcEncoder] = {}
        services.hub.on_arrival(self._arrived)
        services.notices.on(Active, self._active)
        services.notices.on(HasRead, self._has_read)

    def encoder(self, caps: Cap) -> IrcEncoder:
        """Return the encoder for clients with these capabilities."""
        caps &= IN_MESSAGES
        if caps not in self._encoders:
            self._encoders[caps] = IrcEncoder(caps, self.directory)
        return self._encoders[caps]

    def clients_of(self, *person_ids: int) -> "tuple[IrcClient, ...]":
        """Return the clients of these people."""
        return tuple(client for each in dict.fromkeys(person_ids) for client in self._clients.get(each, ()))

    def __iter__(self) -> "Iterator[IrcClient]":
        """Iterate over the clients of everybody; the caller does not await in between."""
        for clients in self._clients.values():
            yield from clients

    def add(self, person_id: int, client: "IrcClient") -> bool:
        """Add a client of a person; False: they have too many."""
        own = self._clients.get(person_id, ())
        if len(own) >= MOST_CLIENTS:
            return False
        self._clients[person_id] = (*own, client)
        return True

    def remove(self, person_id: int, client: "IrcClient") -> None:
        """Remove a client, and forget the rooms that no other one is in."""
        others = tuple(each for each in self._clients.pop(person_id, ()) if each is not client)
        if others:
            self._clients[person_id] = others
        client.leave_all()

    def _arrived(self, changes: Sequence[Change]) -> None:
        if not self._clients:
            return
        for change in changes:
            match change.people:
                case Pair(one_id, other_id):
                    for client in self.clients_of(one_id, other_id):
                        client.arrived(change.room_id, change.id - 1)
                case None if isinstance(change, Message):
                    for client in self.clients_of(change.sender_id):
                        client.arrived(change.room_id, change.id)

    def _active(self, notice: Active, _node: int, _origin: Subscriber | None) -> None:
        """Send who types in a room to the others in it."""
        if not self._clients or notice.what == "viewing":
            return
        place = self.directory.places.get(notice.room_id)
        if place is None:
            return
        nick = self.directory.note_person(notice.person_id, notice.name)
        target = self.directory.target_of(notice.room_id, notice.people, notice.person_id)
        if target is None:
            return
        state = "active" if notice.what == "typing" else "done"
        source = self.directory.source(notice.person_id, nick)
        line = f"@+typing={state} :{source} TAGMSG {target}\r\n".encode()
        topic = topic_of(notice.room_id, notice.people)
        for client in self:
            subscriptions = client.session.subscriptions
            if Cap.TAGS in client.caps and client.person_id != notice.person_id and topic in subscriptions:
                subscriptions.offer_or_drop(line)

    def _has_read(self, notice: HasRead, _node: int, origin: Subscriber | None) -> None:
        """Send a read mark to the person's other clients."""
        for client in self.clients_of(notice.person_id):
            if client.session.subscriptions is not origin and notice.room_id in client.places:
                client.read_elsewhere(notice.room_id, notice.seq)

    def _renamed(self, place: Place, before: str, actor_id: int) -> None:
        for client in self:
            if client.places.get(place.room_id) is place:
                client.channel_renamed(place, before, actor_id)
