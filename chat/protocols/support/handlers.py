"""Handlers of the support protocol: people have one conversation each, operators receive and answer all of them.

A client that sends anything before it has authenticated is disconnected without an answer.
"""

import trio

from chat.domain.closing import UNAUTHENTICATED
from chat.domain.entities import AllSupport, OwnSupport, Peer, Person, SupportOf
from chat.domain.limits.budgets import reading_size
from chat.domain.refusals import Code, Refusal
from chat.domain.rooms.support import LONGEST_RETELLING
from chat.domain.text.rules import clean_text
from chat.engine.dialect import Greet
from chat.engine.events import Overview, Refused, RequestId, Transcript
from chat.engine.protocol_client import command_handlers, on
from chat.engine.session import ClientFactory, Session
from chat.protocols.answer import Answer
from chat.protocols.client import Client
from chat.protocols.services import Services
from chat.protocols.support.codec import DESK_ENCODER
from chat.protocols.support.commands import (
    SupportAnswer,
    SupportAuthenticate,
    SupportHistory,
    SupportMisunderstood,
    SupportOverview,
    SupportSend,
)
from chat.protocols.support.desk import NOBODY, Current, SupportDesk

NO_CONVERSATION = Refusal(Code.NOT_FOUND, "No conversation.")
NOT_PERMITTED = Refusal(Code.FORBIDDEN, "Not permitted.")

_AT_LEAST = 1
"""The number of messages to charge before a read whose size is not known yet."""


class SupportClient(Client):
    """One connection, of a person or of an operator."""

    __slots__ = ("_current", "_desk")

    def __init__(self, session: Session, desk: SupportDesk) -> None:
        super().__init__(session)
        self._desk = desk
        self._current = NOBODY  # set when an operator subscribes to the desk

    async def greet(self, _command: Greet, _nursery: trio.Nursery) -> None:
        """Open the conversation of a client whose handshake carried a token."""
        person, self.session.person = self.session.person, None  # until its conversation is sent
        if person is not None:
            await self._open(person, None)

    async def authenticate(self, command: SupportAuthenticate, _nursery: trio.Nursery) -> None:
        """Open the conversation of the token's person, or close."""
        match await self._desk.accounts.authenticate(command.token, visitors=True):
            case Refusal():
                self.session.close(UNAUTHENTICATED)
            case person:
                await self._open(person, command.ref)

    async def _open(self, person: Person, ref: RequestId) -> None:
        """Send the whole conversation and then new messages, without a gap and without duplicates."""
        session, subscriptions = self.session, self.session.subscriptions
        if not await session.limits.may_read(person, _AT_LEAST, ref):
            return
        subscriptions.unsubscribe_all()
        session.become(person)
        session.record.note(f"authenticated as {person.name}")
        subscriptions.buffer()
        # No await between this and subscribing: the transcript ends where the subscription begins.
        up_to = self._desk.hub.newest_id
        if person.is_operator:
            self._hear_desk()
        else:
            subscriptions.subscribe(OwnSupport(person.id), session.dialect)
        try:
            messages = await self._desk.support.conversation(person, up_to)
            session.limits.has_read(person, reading_size(messages), _AT_LEAST)
            await session.send_with_backpressure(Transcript(messages, ref))
        finally:
            subscriptions.flush()

    def _hear_desk(self) -> None:
        self._current = Current(since=self._desk.hub.newest_id)
        self.session.subscriptions.subscribe(AllSupport(), DESK_ENCODER)

    async def send(self, command: SupportSend, _nursery: trio.Nursery) -> None:
        """Send a message to one's own conversation."""
        person = self.session.person
        if person is None:
            return self.session.close(UNAUTHENTICATED)
        peer = Peer(person.id, person.name)
        return await self._submit(person, peer, command.text, Answer(self.session, command.ref))

    async def answer(self, command: SupportAnswer, _nursery: trio.Nursery) -> None:
        """Answer a person, as an operator."""
        person = self._operator(command.ref)
        if person is None:
            return None
        # A message that arrives during the look-up counts as after this answer.
        since = self._desk.hub.newest_id
        if command.person is None:
            peer = self._desk.peer(self._current)
        else:
            peer = await self._desk.support.find(command.person)
        if peer is None:
            return self.session.send(Refused(NO_CONVERSATION, command.ref))
        self._current = Current(since=since, peer=peer)
        return await self._submit(person, peer, command.text, Answer(self.session, command.ref))

    async def overview(self, command: SupportOverview, _nursery: trio.Nursery) -> None:
        """List the open conversations, to an operator."""
        session, person = self.session, self._operator(command.ref)
        if person is not None and await session.limits.may_read(person, _AT_LEAST, command.ref):
            conversations = await self._desk.support.conversations()
            session.limits.has_read(person, reading_size(each.last for each in conversations), _AT_LEAST)
            await session.send_with_backpressure(Overview(conversations, command.ref))

    async def history(self, command: SupportHistory, _nursery: trio.Nursery) -> None:
        """Send an operator the messages of a conversation."""
        session, person = self.session, self._operator(command.ref)
        limit = min(command.limit, LONGEST_RETELLING)
        if person is None or not await session.limits.may_read(person, limit, command.ref):
            return None
        peer = await self._desk.support.find(command.person)
        if peer is None:
            return session.send(Refused(NO_CONVERSATION, command.ref))
        messages = await self._desk.support.history(peer, command.before, limit)
        session.limits.has_read(person, reading_size(messages), limit)
        return await session.send_with_backpressure(Transcript(messages, command.ref))

    async def misunderstood(self, command: SupportMisunderstood, _nursery: trio.Nursery) -> None:
        """Refuse a malformed frame; disconnect a client that has not authenticated."""
        if self.session.person is None:
            self.session.close(UNAUTHENTICATED)
        else:
            self.session.send(Refused(command.refusal, command.ref))
        await self.session.limits.malformed()

    def person_changed(self) -> None:
        """Change the subscription after the person became an operator or ceased to be one. Sync.

        Earlier messages are not sent again.
        """
        person, subscriptions = self.session.person, self.session.subscriptions
        assert person is not None
        own = OwnSupport(person.id)
        if AllSupport() in subscriptions and not person.is_operator:
            subscriptions.unsubscribe(AllSupport())
            subscriptions.subscribe(own, self.session.dialect)
        elif own in subscriptions and person.is_operator:
            subscriptions.unsubscribe(own)
            self._hear_desk()

    def _operator(self, ref: RequestId) -> Person | None:
        """Return the session's person if that is an operator; refuse or close otherwise."""
        if self.session.person is None:
            self.session.close(UNAUTHENTICATED)
            return None
        if not self.session.person.is_operator:
            self.session.send(Refused(NOT_PERMITTED, ref))
            return None
        return self.session.person

    async def _submit(self, person: Person, peer: Peer, text: str, answer: Answer) -> None:
        clean = clean_text(text)
        if isinstance(clean, Refusal):
            return answer.refuse(clean)
        if not await self.session.limits.may_send(person.id, clean, answer.ref):
            return None
        await self.session.pending_drafts.place_for(clean)
        room_id = await self._desk.support.room_of(peer)
        if room_id is None:
            return answer.refuse(NO_CONVERSATION)
        return await self.session.pending_drafts.submit(
            room_id, person, clean, people=SupportOf(peer), answer=answer
        )

    handlers = command_handlers(
        on(Greet, greet),
        on(SupportAuthenticate, authenticate),
        on(SupportSend, send),
        on(SupportAnswer, answer),
        on(SupportOverview, overview),
        on(SupportHistory, history),
        on(SupportMisunderstood, misunderstood),
    )


def open_support(services: Services) -> ClientFactory:
    """Return the factory of the support protocol's clients."""
    desk = SupportDesk(services.support, services.accounts, services.hub)
    services.hub.observe(AllSupport, desk.note_published)
    return lambda session: SupportClient(session, desk)
