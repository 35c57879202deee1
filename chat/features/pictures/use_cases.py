"""The use cases of pictures for all protocols, and what they ask of the storage.

First the bytes are stored, then who has the picture is written. Cancelling a use case: the picture is set, or not;
bytes that nobody has are removed later.
"""

from collections.abc import AsyncIterator, Collection
from contextlib import aclosing
from typing import Protocol

from chat.application.entering import write_in_room
from chat.domain.entities import Person
from chat.domain.features import Port
from chat.domain.messages.outcomes import Outcome
from chat.domain.messages.uploads import NO_FILES_HERE, whole
from chat.domain.ports import KeptFile
from chat.domain.refusals import NO_PERSON, Code, Refusal
from chat.domain.rooms.room_rights import RoomAccess
from chat.domain.timestamps import current_time
from chat.engine.services import EngineServices
from chat.features.pictures.changes import NewPicture, SetPicture, hash_of, may_set_picture
from chat.features.pictures.checks import MOST_BYTES, TOO_BIG, check

SERVER_PICTURE = "server_picture"
"""The setting that names the server's picture."""

_GONE = Refusal(Code.NOT_FOUND, "there is no such picture", reason="no_picture")


class Pictures(Protocol):
    """Who has which picture. Every method may raise StorageDown, and those that write OutcomeUnknown.

    Cancelling a write: it is done whole, or not at all.
    """

    async def set_of_person(self, person_id: int, picture: NewPicture | None, by_id: int) -> bool:
        """Give somebody a picture; None: take it away, which is audited if another does it. False: no such person."""
        ...

    async def set_of_server(self, picture: NewPicture | None) -> None:
        """Keep the server's picture; None: keep none."""
        ...

    async def find(self, digest: bytes) -> KeptFile | None:
        """Return the file of a picture that somebody has now."""
        ...

    async def people(self, person_ids: Collection[int], *, operators_only: bool) -> list[Person]:
        """Return those of these people who are there and no visitors, with public fields only."""
        ...


PICTURES = Port[Pictures]("pictures")


async def keep(services: EngineServices, pieces: AsyncIterator[bytes]) -> NewPicture | Refusal:
    """Check a picture and store its bytes, which are then to be given to somebody. Raises StorageDown."""
    store = services.uploads.store
    if store is None or not services.uploads.most_bytes:
        return NO_FILES_HERE
    data = bytearray()
    async for piece in pieces:
        data += piece
        if len(data) > MOST_BYTES:
            return TOO_BIG
    checked = check(bytes(data))
    if isinstance(checked, Refusal):
        return checked
    async with aclosing(whole(bytes(data))) as checked_pieces:
        stored = await store.store(checked_pieces)
    return NewPicture(stored.digest, checked.type, stored.size, checked.side)


async def set_of_person(
    services: EngineServices, person_id: int, picture: NewPicture | None, by_id: int
) -> Refusal | None:
    """Give somebody this picture, or none; everybody who sees them gets it. Raises StorageDown."""
    if not await services.feature_ports[PICTURES].set_of_person(person_id, picture, by_id):
        return NO_PERSON
    # No await between here and the open sockets that hear of it.
    services.accounts.changed(person_id)
    return None


async def set_of_room(
    services: EngineServices, person: Person, room_id: int, picture: NewPicture | None
) -> Outcome:
    """Give a room this picture, or none. Unchanged: it has it already. Raises StorageDown."""

    def decide(access: RoomAccess) -> SetPicture | Refusal:
        return may_set_picture(access, person) or SetPicture(
            room_id=room_id,
            actor_id=person.id,
            created_at=current_time(),
            people=access.people,
            picture=picture,
        )

    return await write_in_room(services, person, room_id, decide)


async def may_set_of_room(services: EngineServices, person: Person, room_id: int) -> Refusal | None:
    """Return why the person may not change the room's picture now; None: they may. Raises StorageDown."""
    access = await services.conversations.enter(person, room_id)
    return access if isinstance(access, Refusal) else may_set_picture(access, person)


async def set_of_server(services: EngineServices, by: Person, picture: NewPicture | None) -> None:
    """Give the server this picture, or none; all servers show it within a second. Raises StorageDown."""
    if picture is not None:
        await services.feature_ports[PICTURES].set_of_server(picture)
    await services.settings.change(by, {SERVER_PICTURE: hash_of(picture)})
    if picture is None:
        await services.feature_ports[PICTURES].set_of_server(None)


async def find(services: EngineServices, digest: bytes) -> KeptFile | Refusal:
    """Return the file of a picture that a person, a room or the server has now. Raises StorageDown."""
    store = services.uploads.store
    kept = None if store is None else await services.feature_ports[PICTURES].find(digest)
    return kept if kept is not None and store is not None and await store.has(digest) else _GONE
