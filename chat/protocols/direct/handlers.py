"""Handlers of the direct protocol: messages between two people are saved; those with a guest are only relayed."""

import itertools
from collections.abc import Callable, Sequence

import structlog
import trio

from chat.domain.closing import OUTCOME_UNKNOWN, Closing
from chat.domain.entities import DirectInbox, Message, Pair, Person
from chat.domain.failures import StorageDown
from chat.domain.refusals import Code, Refusal
from chat.domain.rooms.conversations import Conversations
from chat.domain.rooms.direct import FIRST_GUEST, HIGHEST_ID, Direct, first_guest_of, server_of_guest
from chat.domain.text.rules import clean_text
from chat.engine.cluster_port import Cluster
from chat.engine.deliveries import Deliveries
from chat.engine.dialect import Greet
from chat.engine.events import Pong, Refused, Said, Welcome
from chat.engine.hub import Announcement, Hub
from chat.engine.protocol_client import command_handlers, on
from chat.engine.receipts import Receipts
from chat.engine.session import ClientFactory, Session
from chat.protocols.client import Client, Misunderstood, misunderstood
from chat.protocols.direct.commands import Ping, Send
from chat.protocols.services import Services

NOT_FOUND = Refusal(Code.NOT_FOUND, "destination client not found")
NOT_YOU = Refusal(Code.FORBIDDEN, "that is not your id")

logger = structlog.get_logger(__name__)


class DirectMessages:
    """The state that the direct clients of one server share.

    `trust_from` lets clients send as any person without a check, as the protocol's first version did: for labs only;
    not as people who `needs_more` says need more than that to log in.
    """

    def __init__(
        self,
        direct: Direct,
        deliveries: Deliveries,
        conversations: Conversations,
        hub: Hub,
        cluster: Cluster,
        *,
        trust_from: bool,
        needs_more: Callable[[Person], bool],
    ) -> None:
        self.direct = direct
        self.deliveries = deliveries
        self.conversations = conversations
        self.hub = hub
        self.cluster = cluster
        self.trust_from = trust_from
        self.needs_more = needs_more
        self.guests = itertools.count(first_guest_of(cluster.number))
        if trust_from:
            logger.warning("direct messages trust their `from`: anyone can speak as anyone")


class DirectClient(Client):
    """One connection, of a person or of a guest."""

    __slots__ = ("_receipts", "_shared", "client_id")

    def __init__(self, session: Session, shared: DirectMessages) -> None:
        super().__init__(session)
        self._shared = shared
        self._receipts: Receipts | None = None  # only for people: messages to guests are not saved
        self.client_id = 0  # the id of the person or guest, from the greeting on

    async def greet(self, _command: Greet, _nursery: trio.Nursery) -> None:
        """Send the client its id, and a person the messages that they missed."""
        session = self.session
        if session.person is None:
            await trio.lowlevel.checkpoint()
            self.client_id = next(self._shared.guests)
            session.subscriptions.subscribe(DirectInbox(self.client_id), session.dialect)
            session.send(Welcome(self.client_id))
        else:
            await self._become(session.person)

    async def _become(self, person: Person) -> None:
        """Act as `person` from now on: send the missed messages first, each once, then the new ones."""
        session = self.session
        session.subscriptions.unsubscribe_all()
        session.become(person)
        self.client_id = person.id
        receipts = self._receipts or self._have_receipts()
        session.send(Welcome(person.id))
        try:
            with session.pinger.paused():
                await self._catch_up(person.id, receipts)
        except BaseException as ending:
            # A confirmed new message confirms the missed ones before it. So without those no new one may be sent, not
            # even while a stopping server still publishes accepted writes.
            session.subscriptions.unsubscribe_all()
            if isinstance(ending, StorageDown):
                session.close(OUTCOME_UNKNOWN)
            raise

    def _have_receipts(self) -> Receipts:
        session, deliveries = self.session, self._shared.deliveries
        subscriptions = session.subscriptions
        self._receipts = receipts = Receipts(deliveries, subscriptions, session.send_queue, session.pinger)
        subscriptions.route_direct_to(receipts)
        session.receiver.on_pong(receipts.pong)
        return receipts

    async def _catch_up(self, person_id: int, receipts: Receipts) -> None:
        """Subscribe, and send the missed messages before the new ones.

        While many missed messages are sent, new ones may overflow the buffer. Then the client is disconnected, and its
        next connection continues where this one ended.
        """
        subscriptions = self.session.subscriptions
        subscriptions.buffer()
        # No await between these two: the missed messages end where the subscription begins.
        up_to = self._shared.hub.newest_id
        subscriptions.subscribe(DirectInbox(person_id), self.session.dialect)
        # Messages that another connection has just confirmed are not sent again.
        await self._shared.deliveries.wait_written(person_id)
        await self._shared.cluster.wait_deliveries_recorded_everywhere(person_id)
        missed = await self._shared.direct.missed(person_id, 0, up_to)
        if missed:
            await self._send_piece(person_id, missed, receipts)
            if missed := await self._shared.direct.missed(person_id, missed[-1].id, up_to):
                await self._send_pieces(person_id, missed, up_to, receipts)
        receipts.finish_catch_up()

    async def _send_pieces(
        self, person_id: int, missed: Sequence[Message], up_to_id: int, receipts: Receipts
    ) -> None:
        """Send the rest of a long inbox, after its first piece.

        The client's confirmations are received meanwhile. If this connection is lost, the next one continues there.
        """
        down: StorageDown | None = None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.session.receiver.take_in)
            try:
                while missed:
                    await self._send_piece(person_id, missed, receipts)
                    missed = await self._shared.direct.missed(person_id, missed[-1].id, up_to_id)
            except StorageDown as error:
                down = error  # raised outside the nursery, which would wrap it
            nursery.cancel_scope.cancel(reason="all is sent")
        if down is not None:
            raise down

    async def _send_piece(self, person_id: int, missed: Sequence[Message], receipts: Receipts) -> None:
        session = self.session
        frames = [session.dialect.encode(Said(message)) for message in missed]
        await session.send_queue.wait_until_ready()
        # No await from here on: pings are sent in the order of their numbers. Each piece ends with one, so the client
        # confirms a long inbox piece by piece.
        ping = receipts.next_ping()
        session.send_queue.send_nowait(b"".join((*frames, ping)))
        receipts.sent(person_id, missed, frames, session.send_queue, ping)

    def ending(self, closing: Closing) -> None:
        """Ask for a last confirmation, which may come before the answer to the close frame or in place of it."""
        if self._receipts is not None:
            self._receipts.ping_now()
            self._shared.deliveries.closing(self.client_id)

    def closed(self, *, is_answered: bool) -> None:
        """Record the client's last confirmations."""
        if self._receipts is not None:
            if is_answered:
                self._receipts.all_confirmed()
            self._shared.deliveries.closed(self.client_id)

    async def ping(self, _command: Ping, _nursery: trio.Nursery) -> None:
        """Answer."""
        await trio.lowlevel.checkpoint()
        self.session.send(Pong())

    async def send(self, command: Send, _nursery: trio.Nursery) -> None:
        """Save a message to a person, relay one to or from a guest, or answer that the recipient is not found."""
        session = self.session
        if command.claimed != self.client_id and not await self._take_word(command.claimed):
            return session.send(Refused(NOT_YOU))
        text = clean_text(command.text)
        if isinstance(text, Refusal):
            return session.send(Refused(text))
        if not await session.limits.may_send(self.client_id, text):
            return None
        if session.person is None or not 0 < command.to < FIRST_GUEST:
            return await self._relay(command.to, text)
        if session.pending_drafts.pending:
            await session.pending_drafts.place_for(text)
        conversations = self._shared.conversations
        known = conversations.known_direct_room(session.person.id, command.to)
        room_id = known or await conversations.direct_room(session.person, command.to)
        if isinstance(room_id, Refusal):  # a blocked sender must not learn that they are blocked
            return session.send(Refused(NOT_FOUND, command.to))
        people = Pair(session.person.id, command.to)
        return await session.pending_drafts.submit(room_id, session.person, text, people=people)

    async def _take_word(self, claimed: int) -> bool:
        """With `trust_from`, act as the claimed person, if there is one. Return whether that was done."""
        may_be = self._shared.trust_from and 0 < claimed < FIRST_GUEST
        person = await self._shared.direct.person(claimed) if may_be else None
        if person is None or person.is_visitor or self._shared.needs_more(person):
            return False
        await self._become(person)
        return True

    async def _relay(self, to: int, text: str) -> None:
        """Relay a message without saving it: guests have no history."""
        hub, cluster = self._shared.hub, self._shared.cluster
        people = Pair(self.client_id, to)
        message = Message(0, 0, 0, self.client_id, "", text, 0.0, people=people)
        is_here = hub.has_subscribers(DirectInbox(to))
        if is_here:
            hub.publish([Announcement(message, self.session.subscriptions)])
        server = server_of_guest(to)
        may_be_elsewhere = 0 < to < HIGHEST_ID and server != cluster.number
        is_elsewhere = may_be_elsewhere and await cluster.relay(message, server)
        if not (is_here or is_elsewhere):
            self.session.send(Refused(NOT_FOUND, to))

    handlers = command_handlers(
        on(Greet, greet),
        on(Ping, ping),
        on(Send, send),
        on(Misunderstood, misunderstood),
    )


def open_direct(services: Services) -> ClientFactory:
    """Return the factory of the direct protocol's clients."""
    shared = DirectMessages(
        services.direct,
        services.deliveries,
        services.conversations,
        services.hub,
        services.cluster,
        trust_from=services.direct_trust_from,
        needs_more=lambda person: person.has_second_factor or services.accounts.must_set_up(person),
    )
    return lambda session: DirectClient(session, shared)
