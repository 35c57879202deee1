"""The state that the native sockets of one server share, and the delivery of notices and new rooms to them."""

import math
from collections.abc import Collection, Iterable, Sequence
from typing import Generic, Protocol, TypeVar

import trio
from msgspec import structs

from chat.domain.entities import LOBBY_ID, Message, Pair, RoomKind, RoomTopic, SupportOf
from chat.domain.lru_cache import LRUCache
from chat.domain.messages.audience import topic_of
from chat.domain.messages.changes import Change, SupportChanged
from chat.domain.messages.live import Active, Blocking, HasRead, MembersCounted, OperatorEvent, OwnEvent
from chat.engine.hub import Subscriber
from chat.engine.session import Session
from chat.engine.subscriptions import Subscriptions
from chat.frames import text_frame
from chat.operations.room_values import Sender
from chat.protocols.native.connection.sockets import Sockets
from chat.protocols.native.sync.turns import Places
from chat.protocols.native.wire.codec import NATIVE, frame_of
from chat.protocols.native.wire.frames import PolicyEvent, ReadEvent
from chat.protocols.native.wire.live_frames import ActivityEvent, BlocksEvent, MembersEvent
from chat.protocols.services import Services

_MOST_READ = 10_000
"""The most pairs of person and room whose last published read mark is remembered."""
_OVERTAKES = 10.0
"""Seconds for which a later notice may have overtaken an earlier one that came from another server."""


_POLICY = frozenset({"server_name", "registration", "lobby", "call_url", "custom_emoji"})
"""The settings whose changes are sent to every client."""


class Socket(Protocol):
    """One native client."""

    session: Session

    def arrived(self, room_id: int, kind: RoomKind) -> None:
        """A change was published in a room of the person: send the room if it is new to the client. Sync."""
        ...

    def conversation_closed(self, room_id: int) -> None:
        """Another person's support conversation was closed, so the client loses it. Sync."""
        ...

    def own_conversation_is(self, *, closed: bool) -> bool:
        """Note whether the person's own conversation is closed; return whether that is new to the client. Sync."""
        ...


SocketT = TypeVar("SocketT", bound=Socket)


class Shared(Generic[SocketT]):
    """The shared state. Sync. `syncs` limits concurrent syncs."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.sockets = Sockets[SocketT]()
        self.syncs = Places()
        # The mark, and when it was sent.
        self._read = LRUCache[tuple[int, int], tuple[int, float]](_MOST_READ)
        services.hub.on_arrival(self._arrived)
        services.settings.on_change(self._settings_changed)
        services.notices.on(Active, self._active)
        services.notices.on(HasRead, self._has_read)
        services.notices.on(MembersCounted, self._members_counted)
        services.notices.on(Blocking, self._blocking)
        services.notices.on(OwnEvent, self._own_event)
        services.notices.on(OperatorEvent, self._operator_event)

    def _arrived(self, changes: Sequence[Change]) -> None:
        if self.sockets:  # a fast path for servers without native sockets
            for change in changes:
                self._room_arrived(change)

    def _room_arrived(self, change: Change) -> None:
        """Notify the sockets to which the change's room may be new."""
        match change.people:
            case Pair(one_id, other_id):
                here, kind = self.sockets.of(one_id, other_id), RoomKind.DIRECT
            case SupportOf(person) if isinstance(change, SupportChanged) and change.is_closed:
                own = self.sockets.of(person.id)
                self._own_changed(change)
                for client in self.sockets.operators:
                    if client not in own:
                        client.conversation_closed(change.room_id)
                return
            case SupportOf(person) if isinstance(change, Message | SupportChanged):
                if isinstance(change, SupportChanged):
                    self._own_changed(change)
                here = dict.fromkeys((*self.sockets.of(person.id), *self.sockets.operators)).keys()
                kind = RoomKind.SUPPORT
            case None if isinstance(change, Message):
                here, kind = self.sockets.of(change.sender_id), RoomKind.ROOM
            case _:
                return
        for client in here:
            client.arrived(change.room_id, kind)

    def _own_changed(self, change: SupportChanged) -> None:
        """Recount the conversation's members if its person is connected and its state is new to them."""
        assert isinstance(change.people, SupportOf)
        own = self.sockets.of(change.people.person.id)
        if sum(client.own_conversation_is(closed=change.is_closed) for client in own):
            self.services.member_counts.conversation_changed(change.room_id)

    def _active(self, notice: Active, _node: int, _origin: Subscriber | None) -> None:
        """Send a person's activity to the others in the room; viewing is sent to operators only."""
        if not self.sockets:
            return None
        topic = topic_of(notice.room_id, notice.people)
        frame = frame_of(
            ActivityEvent(
                room=notice.room_id,
                person=Sender(id=notice.person_id, name=notice.name),
                what=notice.what,
            )
        )
        own = self._subscribers(self.sockets.of(notice.person_id))
        if notice.what != "viewing":
            return self.services.hub.send_frames(topic, NATIVE, frame, besides=own, may_drop=True)
        for subscriber in self._subscribers(self.sockets.operators):
            if topic in subscriber and subscriber not in own:
                subscriber.offer_or_drop(frame)
        return None

    def _has_read(self, notice: HasRead, _node: int, origin: Subscriber | None) -> None:
        """Send a read mark to the person's other sockets and, if they share it, to the others in the room."""
        if not self.sockets:
            return
        whose = notice.room_id, notice.person_id
        seq, sent_at = self._read.get(whose) or (0, -math.inf)
        now = trio.current_time()
        if notice.seq < seq and not notice.is_back and now < sent_at + _OVERTAKES:
            return  # a later mark has overtaken it
        self._read[whose] = notice.seq, now
        topic = topic_of(notice.room_id, notice.people)
        event = ReadEvent(room=notice.room_id, person=notice.person_id, seq=notice.seq)
        own = self._subscribers(self.sockets.of(notice.person_id))
        for subscriber in own:
            if subscriber is not origin and topic in subscriber:
                counted = structs.replace(event, unread=notice.unread, mentions=notice.mentions)
                subscriber.offer(frame_of(counted))
        if notice.is_shared:
            self.services.hub.send_frames(topic, NATIVE, frame_of(event), besides=own)

    def _members_counted(self, notice: MembersCounted, _node: int, _origin: Subscriber | None) -> None:
        """Send the member counts of the lobby or of conversations to their subscribers."""
        if self.sockets:
            for room_id, members in notice.members.items():
                frame = frame_of(MembersEvent(room=room_id, members=members))
                topic = room_id if room_id == LOBBY_ID else RoomTopic(room_id)
                self.services.hub.send_frames(topic, NATIVE, frame)

    def _blocking(self, notice: Blocking, _node: int, _origin: Subscriber | None) -> None:
        """Send whom a person blocks to all their sockets."""
        frame = frame_of(BlocksEvent(people=list(notice.people)))
        for subscriber in self._subscribers(self.sockets.of(notice.person_id)):
            subscriber.offer(frame)

    def _own_event(self, notice: OwnEvent, _node: int, _origin: Subscriber | None) -> None:
        """Send an event of a feature to all sockets of its person."""
        frame = text_frame(notice.event.encode())
        for subscriber in self._subscribers(self.sockets.of(notice.person_id)):
            subscriber.offer(frame)

    def _operator_event(self, notice: OperatorEvent, _node: int, _origin: Subscriber | None) -> None:
        """Send an event of a feature to the sockets of operators, except those of the person that it is about."""
        frame = text_frame(notice.event.encode())
        own = self._subscribers(self.sockets.of(notice.about_id))
        for subscriber in self._subscribers(self.sockets.operators):
            if subscriber not in own:
                subscriber.offer(frame)

    def _settings_changed(self, names: Collection[str]) -> None:
        """Send a changed policy to every client."""
        if not _POLICY.isdisjoint(names):
            settings = self.services.settings
            event = PolicyEvent(
                server=settings.server_name,
                registration=self.services.accounts.registration,
                lobby=settings.lobby,
                calls=settings.call_url != "",
                emoji=settings.custom_emoji,
            )
            frame = frame_of(event)
            for client in self.sockets:
                client.session.subscriptions.offer(frame)

    @staticmethod
    def _subscribers(sockets: Iterable[SocketT]) -> dict[Subscriptions, None]:
        """Return the sockets' subscriptions in order, so that simulations are deterministic."""
        return dict.fromkeys(client.session.subscriptions for client in sockets)
