"""Making a room of a thread: for those who follow it, with its first message as a quote. The thread stays."""

from msgspec import structs

from chat.application import members, messages
from chat.domain.entities import MessageKind, Person, RoomKind
from chat.domain.messages.live import RoomCreated
from chat.domain.messages.outcomes import KeyUsed, Repeated
from chat.domain.messages.quoting import quoted
from chat.domain.messages.sync_types import MessageNow
from chat.domain.refusals import NO_MESSAGE, NO_ROOM, Code, Refusal
from chat.domain.rooms.conversations import may_speak
from chat.domain.rooms.room_history import HistoryQuery
from chat.domain.rooms.room_rights import RoomAccess
from chat.engine.services import EngineServices
from chat.features.threads.use_cases import THREADS

MOST_PEOPLE = 100
"""Followers who are members at once; others find the link in the thread."""


async def make_room(
    services: EngineServices,
    person: Person,
    room_id: int,
    seq: int,
    name: str,
    key: str,
    *,
    is_private: bool,
    base: str,
) -> int | Refusal:
    """Make a room of the thread of a message, and return its id.

    The person owns it; those who follow the thread and may read it are members. Its first message quotes the thread's,
    with a link to it; a reply in the thread has a link to the room.

    Args:
        key: a call with the same key completes the first one.
        base: the address of the server for the links, if its settings have none.

    Raises StorageDown and OutcomeUnknown. Cancelling: the room may be there without some of its members or messages.
    """
    access = await services.conversations.enter(person, room_id)
    if isinstance(access, Refusal):
        return access
    if refusal := NO_ROOM if access.room.kind is RoomKind.SUPPORT else may_speak(access):
        return refusal
    threads = services.feature_ports[THREADS]
    found = await threads.read(person.id, room_id, seq, HistoryQuery(limit=1), 1)
    if found is None or (root := found.message) is None or not _can_be_quoted(root):
        return NO_MESSAGE
    address = services.settings.public_url or base
    made_id = await _room_with_quote(
        services, person, access, root, name, key, address, is_private=is_private
    )
    if isinstance(made_id, Refusal):
        return made_id
    for each in await threads.people(room_id, root.seq, MOST_PEOPLE):
        if each != person.id:
            await members.add(
                services, person, made_id, each
            )  # refused: they were deleted meanwhile, or are in
    link = messages.draft(
        person, room_id, f"#{name.strip()}: {address}/room/{made_id}", f"{key}-link", reply=root.seq, files=()
    )
    # Refused: the thread's room was archived meanwhile. The new one is there nevertheless.
    if not isinstance(link, Refusal):
        await messages.send(services, person, link)
    return made_id


async def _room_with_quote(
    services: EngineServices,
    person: Person,
    access: RoomAccess,
    root: MessageNow,
    name: str,
    key: str,
    address: str,
    *,
    is_private: bool,
) -> int | Refusal:
    """Make the room and send its first message, or return the room of an earlier request with the key."""
    place = f"{address}/room/{access.room.id}/{root.seq}"
    draft = messages.draft(
        person, 0, quoted("", root, access.room, place), f"{key}-quote", reply=None, files=()
    )
    if isinstance(draft, Refusal):
        return draft
    before = await services.writes.repeated(draft)
    if isinstance(before, KeyUsed | Repeated):
        return before.message.room_id
    if before is not None:
        return before
    made_id = await _made(services, person, name, is_private=is_private)
    if isinstance(made_id, Refusal):
        return made_id
    sent = await messages.send(services, person, structs.replace(draft, room_id=made_id))
    return sent if isinstance(sent, Refusal) else made_id


async def _made(services: EngineServices, person: Person, name: str, *, is_private: bool) -> int | Refusal:
    """Make the room, or return the one that an earlier request left empty: the server was stopped in between."""
    made = await services.rooms.create(person, name, is_private=is_private)
    if isinstance(made, Refusal):
        taken = made.code is Code.TAKEN
        untouched = services.feature_ports[THREADS].untouched
        left = await untouched(person.id, name.strip(), is_private=is_private) if taken else None
        return made if left is None else left
    services.presence.made_room(person.id, made.id)
    services.notices.send(RoomCreated(person.id, made.id))
    return made.id


def _can_be_quoted(root: MessageNow) -> bool:
    return root.deleted_at is None and root.kind is MessageKind.TEXT
