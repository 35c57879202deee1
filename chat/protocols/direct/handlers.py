"""Direct messages, live: each to one person or guest, saved between people, relayed where a guest takes part."""

import itertools

import structlog
import trio

from chat.domain.closing import OUTCOME_UNKNOWN
from chat.domain.direct import Direct
from chat.domain.entities import Inbox, Message, Pair, Person
from chat.domain.failures import StorageDown
from chat.domain.refusals import Code, Refusal
from chat.domain.rules import clean_text
from chat.engine.events import Pong, Refused, Said, Welcome
from chat.engine.hub import Announcement
from chat.engine.session import CommandHandler, Session
from chat.protocols.commands import DirectGreet, Ping, Send

FIRST_GUEST = 10**12
"""Ids from here on are guests'. No person has one, no two guests share one, and JavaScript holds it exactly."""

NOT_FOUND = Refusal(Code.NOT_FOUND, "destination client not found")
NOT_YOU = Refusal(Code.FORBIDDEN, "that is not your id")

logger = structlog.get_logger(__name__)


class DirectMessages:
    """The handlers of the direct dialect.

    `trust_from` lets every client speak as whoever it says, as the protocol's first version did: for labs only.
    """

    def __init__(self, direct: Direct, *, trust_from: bool) -> None:
        self._direct = direct
        self._trust_from = trust_from
        self._guests = itertools.count(FIRST_GUEST)
        if trust_from:
            logger.warning("direct messages trust their `from`: anyone can speak as anyone")
        self.handlers: dict[type, CommandHandler] = {
            DirectGreet: self.greet,
            Ping: self.ping,
            Send: self.send,
        }

    async def greet(self, session: Session, _command: DirectGreet, _nursery: trio.Nursery) -> None:
        """Tell the client its id, and a person what came while they were away."""
        if session.person is None:
            await trio.lowlevel.checkpoint()
            session.client_id = next(self._guests)
            session.subscribe(Inbox(session.client_id))
            session.send(Welcome(session.client_id))
        else:
            await self._become(session, session.person)

    async def _become(self, session: Session, person: Person) -> None:
        """Speak and hear as `person` from now on, and hear first what was missed, each message once."""
        session.unsubscribe_all()
        session.person, session.client_id = person, person.id
        session.send(Welcome(person.id))
        try:
            with session.not_pinged():
                await self._catch_up(session, person.id)
        except BaseException as ending:
            # To hear what is new without what was missed would count as having been told both, also while a server
            # that stops still tells what was accepted.
            session.unsubscribe_all()
            if isinstance(ending, StorageDown):
                session.close(OUTCOME_UNKNOWN)
            raise

    async def _catch_up(self, session: Session, person_id: int) -> None:
        """Listen, and tell what was missed before what is new.

        Of a long absence, what is new may be more than can be held until then. The client is cut, and the next
        connection goes on where this one was.
        """
        session.buffer()
        # No await between here and listening: what is told below ends where listening begins.
        up_to = session.core.hub.newest_id
        session.subscribe(Inbox(person_id))
        await (
            self._direct.notes.written()
        )  # what was told a moment ago, on another connection, is not told again
        await self._tell_missed(session, person_id, up_to)
        session.flush()

    async def _tell_missed(self, session: Session, person_id: int, up_to_id: int) -> None:
        """Tell what was missed up to an id, piece by piece, and note each once it has left."""
        after_id = 0
        while missed := await self._direct.missed(person_id, after_id, up_to_id):
            frames = [session.dialect.encode(Said(message)) for message in missed]
            await session.send_queue.send(b"".join(frames))
            told = list(zip(missed, map(len, frames), strict=True))
            self._direct.notes.heard(Inbox(person_id), session.send_queue, told)
            after_id = missed[-1].id

    async def ping(self, session: Session, _command: Ping, _nursery: trio.Nursery) -> None:
        """Answer."""
        await trio.lowlevel.checkpoint()
        session.send(Pong())

    async def send(self, session: Session, command: Send, _nursery: trio.Nursery) -> None:
        """Save and relay, or relay alone, or say that nobody is there."""
        if command.claimed != session.client_id and not await self._take_word(session, command.claimed):
            return session.send(Refused(NOT_YOU))
        text = clean_text(command.text)
        if isinstance(text, Refusal):
            return session.send(Refused(text))
        if not await session.may_send(text):
            return None
        if session.person is None or not 0 < command.to < FIRST_GUEST:
            return self._relay(session, command.to, text)
        room_id = await self._direct.room_of(session.person.id, command.to)
        if room_id is None:
            return session.send(Refused(NOT_FOUND, command.to))
        people = Pair(session.person.id, command.to)
        return await session.submit(room_id, session.person, text, people=people)

    async def _take_word(self, session: Session, claimed: int) -> bool:
        """In a lab, let the client be whom it claims to be, if that is anybody."""
        may_be = self._trust_from and 0 < claimed < FIRST_GUEST
        person = await self._direct.person(claimed) if may_be else None
        if person is not None:
            await self._become(session, person)
        return person is not None

    def _relay(self, session: Session, to: int, text: str) -> None:
        """Pass a message on without saving it: a guest has no history. Sync."""
        if not session.core.hub.has_subscribers(Inbox(to)):
            return session.send(Refused(NOT_FOUND, to))
        people = Pair(session.client_id, to)
        message = Message(0, 0, 0, session.client_id, "", text, 0.0, people=people)
        return session.core.hub.publish([Announcement(message, session)])
