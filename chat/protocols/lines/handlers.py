"""What a client can do in the lobby: prove who it is, say something, ask what was said."""

import trio
from msgspec import structs

from chat.domain.entities import LOBBY_ID, Person
from chat.domain.failures import StorageDown
from chat.domain.refusals import NOT_AUTHORISED, OTHER_NAME, UNAVAILABLE, Code, Refusal
from chat.domain.rules import clean_text, same_name_key
from chat.engine.events import Authorised, Refused, Welcome
from chat.engine.session import CommandHandler, Session
from chat.protocols.commands import Authenticate, Greet, Misunderstood, Recall, Say

_RECALLS = 16
"""History queries that one client may have under way."""

_TOO_MANY_RECALLS = Refusal(Code.TOO_MANY, "too many history queries at once, wait for the answers")


async def greet(session: Session, _command: Greet, _nursery: trio.Nursery) -> None:
    """Welcome a client, and tell one whose handshake carried a token who it is."""
    await trio.lowlevel.checkpoint()
    session.send(Welcome())
    if session.person is not None:
        session.send(Authorised(session.person))


async def authenticate(session: Session, command: Authenticate, _nursery: trio.Nursery) -> None:
    """Make the session speak as the token's person; one that fails leaves it as it was, and says so."""
    try:
        found = await session.core.accounts.authenticate(command.token)
    except StorageDown:
        found = UNAVAILABLE
    match found:
        case Refusal() as refusal:
            session.send(Refused(_and_still(session.person, refusal)))
        case person if command.claimed and not _is_name_of(command.claimed, person.name):
            session.send(Refused(_and_still(session.person, OTHER_NAME)))
        case person:
            session.person = person
            session.subscribe_to_lobby()
            session.record.note(f"authenticated as {person.name}")
            session.send(Authorised(person))


def _and_still(person: Person | None, refusal: Refusal) -> Refusal:
    if person is None:
        return refusal
    return structs.replace(refusal, text=f"{refusal.text}; you are still authorised as {person.name}")


async def say(session: Session, command: Say, _nursery: trio.Nursery) -> None:
    """Send a line to the journal, if it is the speaker's own and can be kept."""
    person = session.person
    if person is None:
        return session.send(Refused(NOT_AUTHORISED))
    if not _is_name_of(command.claimed, person.name):
        return session.send(Refused(OTHER_NAME))
    text = clean_text(command.text)
    if isinstance(text, Refusal):
        return session.send(Refused(text))
    if await session.may_send(text):
        await session.submit(LOBBY_ID, person, text)
    return None


async def recall(session: Session, command: Recall, nursery: trio.Nursery) -> None:
    """Start to send the last messages, in a task of the client's own nursery."""
    if session.person is None:
        return session.send(Refused(NOT_AUTHORISED))
    if command.claimed and not _is_name_of(command.claimed, session.person.name):
        return session.send(Refused(OTHER_NAME))
    if session.recalls >= _RECALLS:
        return session.send(Refused(_TOO_MANY_RECALLS))
    if not await session.may_read(session.person, command.count):
        return None
    session.recalls += 1
    before, session.last_recall = session.last_recall, trio.Event()
    nursery.start_soon(_recall, session, session.person, command.count, before, session.last_recall)
    return None


async def _recall(
    session: Session, person: Person, count: int, before: trio.Event | None, done: trio.Event
) -> None:
    size = 0

    async def send(frames: bytes) -> None:
        nonlocal size
        size += len(frames)
        await session.send_queue.send(frames)

    try:
        if before is not None:
            await before.wait()  # one answer at a time: what is read for a client is bounded
        await session.wait_for_outcomes()  # what a client said before it asked is in the answer
        await session.core.history.recall(LOBBY_ID, count, session.dialect, send)
    except* StorageDown:
        session.send(Refused(UNAVAILABLE))
    finally:
        done.set()
        if session.last_recall is done:
            session.last_recall = None
        session.recalls -= 1
        session.has_read(person, size, count)


def _is_name_of(claimed: str, name: str) -> bool:
    return claimed == name or same_name_key(claimed) == same_name_key(name)


async def not_understood(session: Session, command: Misunderstood, _nursery: trio.Nursery) -> None:
    """Say what is wrong with a frame."""
    session.send(Refused(command.refusal, command.ref))


HANDLERS: dict[type, CommandHandler] = {
    Greet: greet,
    Authenticate: authenticate,
    Say: say,
    Recall: recall,
    Misunderstood: not_understood,
}
