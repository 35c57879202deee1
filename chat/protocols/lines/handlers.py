"""Handlers of the lobby's clients: authenticate, send, read history."""

from collections.abc import Collection

import trio
from msgspec import structs

from chat.domain.entities import LOBBY_ID, Person
from chat.domain.failures import StorageDown
from chat.domain.refusals import NOT_AUTHORISED, OTHER_NAME, UNAVAILABLE, Code, Refusal
from chat.domain.text.rules import clean_text, same_name_key
from chat.engine.dialect import Greet
from chat.engine.events import Authorised, Refused, Welcome
from chat.engine.protocol_client import command_handlers, on
from chat.engine.session import ClientFactory, Session
from chat.protocols.client import Client, Misunderstood, misunderstood
from chat.protocols.lines.commands import Authenticate, Recall, Say
from chat.protocols.services import Services

_RECALLS = 16
"""History queries that one client may have under way."""

_TOO_MANY_RECALLS = Refusal(Code.TOO_MANY, "too many history queries at once, wait for the answers")


class LobbyClient(Client):
    """One connection that receives the lobby from its start, or once authenticated, as the setting `lobby` says."""

    __slots__ = ("_services", "last_recall", "recalls")

    def __init__(self, session: Session, services: Services) -> None:
        super().__init__(session)
        self._services = services
        self.recalls = 0  # history queries under way
        self.last_recall: trio.Event | None = None  # set when the last of them is answered
        self.hear_lobby()

    def hear_lobby(self) -> None:
        """Subscribe to the lobby or unsubscribe from it, as the current person or guest may read it. Sync."""
        subscriptions = self.session.subscriptions
        if self.session.person is not None or self._services.settings.lobby == "open":
            subscriptions.subscribe(LOBBY_ID, self.session.dialect)
        else:
            subscriptions.unsubscribe(LOBBY_ID)

    async def greet(self, _command: Greet, _nursery: trio.Nursery) -> None:
        """Welcome a client; if its handshake carried a token, authenticate it."""
        await trio.lowlevel.checkpoint()
        self.session.send(Welcome())
        if self.session.person is not None:
            self.session.send(Authorised(self.session.person))

    async def authenticate(self, command: Authenticate, _nursery: trio.Nursery) -> None:
        """Authenticate the session as the token's person; a failure is refused and changes nothing."""
        session = self.session
        try:
            found = await self._services.accounts.authenticate(command.token)
        except StorageDown:
            found = UNAVAILABLE
        match found:
            case Refusal() as refusal:
                session.send(Refused(_and_still(session.person, refusal)))
            case person if command.claimed and not _is_name_of(command.claimed, person.name):
                session.send(Refused(_and_still(session.person, OTHER_NAME)))
            case person:
                session.become(person)
                self.hear_lobby()
                session.record.note(f"authenticated as {person.name}")
                session.send(Authorised(person))

    async def say(self, command: Say, _nursery: trio.Nursery) -> None:
        """Send a line to the journal, if it is the speaker's own and can be kept."""
        session, person = self.session, self.session.person
        if person is None:
            return session.send(Refused(NOT_AUTHORISED))
        if not _is_name_of(command.claimed, person.name):
            return session.send(Refused(OTHER_NAME))
        text = clean_text(command.text)
        if isinstance(text, Refusal):
            return session.send(Refused(text))
        if await session.limits.may_send(person.id, text):
            if session.pending_drafts.pending:
                await session.pending_drafts.place_for(text)
            await session.pending_drafts.submit(LOBBY_ID, person, text)
        return None

    async def recall(self, command: Recall, nursery: trio.Nursery) -> None:
        """Start to send the last messages, in a task of the client's own nursery."""
        session, person = self.session, self.session.person
        if person is None:
            return session.send(Refused(NOT_AUTHORISED))
        if command.claimed and not _is_name_of(command.claimed, person.name):
            return session.send(Refused(OTHER_NAME))
        if self.recalls >= _RECALLS:
            return session.send(Refused(_TOO_MANY_RECALLS))
        if not await session.limits.may_read(person, command.count):
            return None
        self.recalls += 1
        before, self.last_recall = self.last_recall, trio.Event()
        nursery.start_soon(self._recall, person, command.count, before, self.last_recall)
        return None

    async def _recall(self, person: Person, count: int, before: trio.Event | None, done: trio.Event) -> None:
        session, size = self.session, 0

        async def send(frames: bytes) -> None:
            nonlocal size
            size += len(frames)
            await session.send_queue.send(frames)

        try:
            if before is not None:
                await before.wait()  # one answer at a time, to bound the messages in memory for a client
            await session.pending_drafts.wait()  # the answer includes the client's earlier messages
            await self._services.history.recall(LOBBY_ID, count, session.dialect, send)
        except* StorageDown:
            session.send(Refused(UNAVAILABLE))
        finally:
            done.set()
            if self.last_recall is done:
                self.last_recall = None
            self.recalls -= 1
            session.limits.has_read(person, size, count)

    handlers = command_handlers(
        on(Greet, greet),
        on(Authenticate, authenticate),
        on(Say, say),
        on(Recall, recall),
        on(Misunderstood, misunderstood),
    )


def open_lobby(services: Services) -> ClientFactory:
    """Return how a client of a protocol of lines is made."""

    def changed(settings: Collection[str]) -> None:
        if "lobby" in settings:
            for session in services.presence:
                if isinstance(session.client, LobbyClient):
                    session.client.hear_lobby()

    services.settings.on_change(changed)
    return lambda session: LobbyClient(session, services)


def _and_still(person: Person | None, refusal: Refusal) -> Refusal:
    if person is None:
        return refusal
    return structs.replace(refusal, text=f"{refusal.text}; you are still authorised as {person.name}")


def _is_name_of(claimed: str, name: str) -> bool:
    return claimed == name or same_name_key(claimed) == same_name_key(name)
