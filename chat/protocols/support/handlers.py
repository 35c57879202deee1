"""The support desk, live: a person's own conversation, and operators who hear and answer all of them.

Nothing is answered before authentication: whoever skips it is closed without a reply.
"""

from collections.abc import Sequence

import msgspec
import trio

from chat.domain.budgets import reading_size
from chat.domain.changes import Change
from chat.domain.closing import UNAUTHENTICATED
from chat.domain.entities import Desk, Message, Peer, Person, SupportLine, SupportOf
from chat.domain.refusals import Code, Refusal
from chat.domain.rules import clean_text
from chat.domain.support import LONGEST_RETELLING, Support
from chat.engine.events import Overview, Refused, Retold
from chat.engine.hub import Subscriber
from chat.engine.session import CommandHandler, Session
from chat.protocols.answer import Answer
from chat.protocols.commands import (
    SupportAnswer,
    SupportAuthenticate,
    SupportGreet,
    SupportHistory,
    SupportMisunderstood,
    SupportOverview,
    SupportSend,
)
from chat.protocols.support.codec import DESK_ENCODER

NO_CONVERSATION = Refusal(Code.NOT_FOUND, "No conversation.")
NOT_PERMITTED = Refusal(Code.FORBIDDEN, "Not permitted.")

_AT_LEAST = 1
"""Messages of which nobody knows how many there are, until they are read."""


class Current(msgspec.Struct):
    """Which conversation an operator's connection is in: the one last heard or answered.

    `since` is the id of the newest message when that was decided; whoever speaks later is current.
    """

    since: int
    peer: Peer | None = None


class SupportDesk:
    """The handlers of the support dialect."""

    def __init__(self, support: Support) -> None:
        self._support = support
        self._last: tuple[int, Peer] | None = (
            None  # the newest message that operators heard of a person, and whose
        )
        self.handlers: dict[type, CommandHandler] = {
            SupportGreet: self.greet,
            SupportAuthenticate: self.authenticate,
            SupportSend: self.send,
            SupportAnswer: self.answer,
            SupportOverview: self.overview,
            SupportHistory: self.history,
            SupportMisunderstood: self.misunderstood,
        }

    async def greet(self, session: Session, _command: SupportGreet, _nursery: trio.Nursery) -> None:
        """Open the conversation of a client whose handshake carried a token."""
        person, session.person = session.person, None  # until its conversation can be told
        if person is not None:
            await self._open(session, person, None)

    async def authenticate(
        self, session: Session, command: SupportAuthenticate, _nursery: trio.Nursery
    ) -> None:
        """Open the conversation of the token's person, or close."""
        match await session.core.accounts.authenticate(command.token):
            case Refusal():
                session.close(UNAUTHENTICATED)
            case person:
                await self._open(session, person, command.ref)

    async def _open(self, session: Session, person: Person, ref: object) -> None:
        """Tell the whole conversation, and from there on what is new, with nothing missed or told twice."""
        if not await session.may_read(person, _AT_LEAST, ref):
            return
        session.unsubscribe_all()
        session.person = person
        session.record.note(f"authenticated as {person.name}")
        session.buffer()
        # No await between here and listening: what is told below ends where listening begins.
        up_to = session.core.hub.newest_id
        if person.is_operator:
            session.support = Current(since=up_to)
            session.subscribe(Desk(), DESK_ENCODER)
        else:
            session.subscribe(SupportLine(person.id))
        try:
            messages = await self._support.conversation(person, up_to)
            session.has_read(person, reading_size(messages), _AT_LEAST)
            await session.send_with_backpressure(Retold(messages, ref))
        finally:
            session.flush()

    async def send(self, session: Session, command: SupportSend, _nursery: trio.Nursery) -> None:
        """Say something in one's own conversation."""
        person = session.person
        if person is None:
            return session.close(UNAUTHENTICATED)
        peer = Peer(person.id, person.name)
        return await self._submit(session, person, peer, command.text, Answer(session, command.ref))

    async def answer(self, session: Session, command: SupportAnswer, _nursery: trio.Nursery) -> None:
        """Answer a person, as an operator."""
        person = self._operator(session, command.ref)
        if person is None:
            return None
        since = session.core.hub.newest_id  # who speaks while the person is looked up spoke after this answer
        peer = self._current(session) if command.person is None else await self._support.find(command.person)
        if peer is None:
            return session.send(Refused(NO_CONVERSATION, command.ref))
        session.support = Current(since=since, peer=peer)
        return await self._submit(session, person, peer, command.text, Answer(session, command.ref))

    async def overview(self, session: Session, command: SupportOverview, _nursery: trio.Nursery) -> None:
        """List the open conversations, to an operator."""
        person = self._operator(session, command.ref)
        if person is not None and await session.may_read(person, _AT_LEAST, command.ref):
            conversations = await self._support.conversations()
            session.has_read(person, reading_size(each.last for each in conversations), _AT_LEAST)
            await session.send_with_backpressure(Overview(conversations, command.ref))

    async def history(self, session: Session, command: SupportHistory, _nursery: trio.Nursery) -> None:
        """Tell an operator what was said in a conversation."""
        person = self._operator(session, command.ref)
        limit = min(command.limit, LONGEST_RETELLING)
        if person is None or not await session.may_read(person, limit, command.ref):
            return None
        peer = await self._support.find(command.person)
        if peer is None:
            return session.send(Refused(NO_CONVERSATION, command.ref))
        messages = await self._support.history(peer, command.before, limit)
        session.has_read(person, reading_size(messages), limit)
        return await session.send_with_backpressure(Retold(messages, command.ref))

    async def misunderstood(
        self, session: Session, command: SupportMisunderstood, _nursery: trio.Nursery
    ) -> None:
        """Say what is wrong with a frame, to those who may know."""
        if session.person is None:
            session.close(UNAUTHENTICATED)
        else:
            session.send(Refused(command.refusal, command.ref))

    def heard(self, _desk: Desk, _operator: Subscriber, told: Sequence[tuple[Change, int]]) -> None:
        """Hear from the hub what an operator was told: whose conversation the last person spoke in. Sync.

        It is what was published that counts, not what was committed: after an unknown outcome nobody is told of a
        commit until it is published.
        """
        for change, _ in told:
            if isinstance(change, Message) and change.peer is not None and change.sender_id == change.peer.id:
                self._last = (change.id, change.peer)

    def role_changed(self, session: Session) -> None:
        """Let an open session hear what its person may hear since they became an operator, or are none any more. Sync.

        It is not told again what was said so far.
        """
        person = session.person
        assert person is not None
        own = SupportLine(person.id)
        if session.is_subscribed(Desk()) and not person.is_operator:
            session.unsubscribe(Desk())
            session.subscribe(own)
        elif session.is_subscribed(own) and person.is_operator:
            session.unsubscribe(own)
            session.support = Current(since=session.core.hub.newest_id)
            session.subscribe(Desk(), DESK_ENCODER)

    def _current(self, session: Session) -> Peer | None:
        current: Current = session.support
        if self._last is not None and self._last[0] > current.since:
            return self._last[1]
        return current.peer

    def _operator(self, session: Session, ref: object) -> Person | None:
        """Return the session's person if that is an operator; refuse or close otherwise."""
        if session.person is None:
            session.close(UNAUTHENTICATED)
            return None
        if not session.person.is_operator:
            session.send(Refused(NOT_PERMITTED, ref))
            return None
        return session.person

    async def _submit(self, session: Session, person: Person, peer: Peer, text: str, answer: Answer) -> None:
        clean = clean_text(text)
        if isinstance(clean, Refusal):
            return answer.refuse(clean)
        if not await session.may_send(clean, answer.ref):
            return None
        room_id = await self._support.room_of(peer)
        if room_id is None:
            return answer.refuse(NO_CONVERSATION)
        return await session.submit(room_id, person, clean, people=SupportOf(peer), answer=answer)
