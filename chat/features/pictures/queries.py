"""Pictures in PostgreSQL: who has which, and the rows of `files` that keep their bytes."""

from collections.abc import Collection, Sequence

from chat.domain.administration.audit import Act, What
from chat.domain.entities import File, Person
from chat.domain.messages.outcomes import Saved
from chat.domain.ports import KeptFile
from chat.features.pictures.changes import (
    PICTURE,
    NewPicture,
    PictureSet,
    SetPicture,
    change_picture,
    hash_of,
    picture_refusal,
)
from chat.storage.postgres.audit import note
from chat.storage.postgres.contacts import PUBLIC
from chat.storage.postgres.database import Database
from chat.storage.postgres.features import append_changes
from chat.storage.postgres.room_authority import find
from chat.storage.postgres.session import Connection
from chat.storage.postgres.writer import RawConnection

# A file of no room and no message. Its owner is the person whose picture it is, so that it is in their export.
_KEEP = """
INSERT INTO files (room_id, owner_id, seq, name, type, size, width, height, digest)
VALUES (0, $1, 0, 'picture', $2, $3, $4, $4, $5) RETURNING id"""
_SET = """
INSERT INTO pictures (kind, target_id, digest, file_id) VALUES ($1, $2, $3, $4)
ON CONFLICT (kind, target_id) DO UPDATE SET digest = excluded.digest, file_id = excluded.file_id"""
_REMOVE = "DELETE FROM pictures WHERE kind = $1 AND target_id = $2"
_LOCK_PERSON = """
SELECT picture FROM users WHERE id = $1 AND deleted_at IS NULL AND NOT is_visitor FOR NO KEY UPDATE"""
_OF_PERSON = "UPDATE users SET picture = $2 WHERE id = $1"
_BEFORE_OF_ROOM = "SELECT picture FROM rooms WHERE id = $1"
_OF_ROOM = "UPDATE rooms SET picture = $2 WHERE id = $1"
_FIND = """
SELECT f.id, f.owner_id, f.name, f.type, f.size, f.width, f.height
FROM pictures p JOIN files f ON f.id = p.file_id WHERE p.digest = $1 LIMIT 1"""
_PEOPLE = f"""
SELECT {PUBLIC} FROM users u
WHERE u.id = ANY($1::bigint[]) AND u.deleted_at IS NULL AND NOT u.is_visitor AND (u.is_operator OR NOT $2)
ORDER BY u.id"""


class PostgresPictures:
    """The port `Pictures`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def set_of_person(self, person_id: int, picture: NewPicture | None, by_id: int) -> bool:
        async def change(connection: Connection) -> bool:
            row = await connection.fetchrow(_LOCK_PERSON, person_id)
            if row is None:
                return False
            await _keep(connection, "person", person_id, person_id, picture)
            await connection.execute(_OF_PERSON, person_id, hash_of(picture))
            if by_id != person_id and row["picture"] is not None:
                await note(connection, [Act(by_id=by_id, what=What.PICTURE_REMOVED, person_id=person_id)])
            return True

        return await self._database.write(change)

    async def set_of_server(self, picture: NewPicture | None) -> None:
        await self._database.write(lambda connection: _keep(connection, "server", 0, 0, picture))

    async def find(self, digest: bytes) -> KeptFile | None:
        row = await self._database.read(lambda connection: connection.fetchrow(_FIND, digest))
        if row is None:
            return None
        file = File(row["id"], row["name"], row["type"], row["size"], row["width"], row["height"])
        return KeptFile(file, 0, row["owner_id"], digest, 0)

    async def people(self, person_ids: Collection[int], *, operators_only: bool) -> list[Person]:
        rows = await self._database.read(
            lambda connection: connection.fetch(_PEOPLE, [*person_ids], operators_only)
        )
        return [Person(**row) for row in rows]


async def save_pictures(connection: RawConnection, writes: Sequence[SetPicture]) -> list[Saved]:
    """Give rooms their pictures, one by one; None: no such room or person. Asyncio-flavoured."""
    return [await _save(connection, write) for write in writes]


async def _save(connection: RawConnection, write: SetPicture) -> Saved:
    found = await find(connection, write.room_id, write.actor_id, any_kind=True)
    if found is None or found.by is None:
        return None
    if refusal := picture_refusal(found.by):
        return refusal
    before = await connection.fetchval(_BEFORE_OF_ROOM, write.room_id)
    made = change_picture(found.room, before, write, found.last_id + 1)
    if isinstance(made, PictureSet):
        await _keep(connection, "room", write.room_id, 0, write.picture)
        await connection.execute(_OF_ROOM, write.room_id, made.picture)
        await append_changes(connection, PICTURE, [made])
    return made


async def _keep(
    connection: "Connection | RawConnection",
    kind: str,
    target_id: int,
    owner_id: int,
    picture: NewPicture | None,
) -> None:
    """Note the picture of somebody or something, with a file that keeps its bytes; triggers remove the file before."""
    if picture is None:
        await connection.execute(_REMOVE, kind, target_id)
        return
    file_id = await connection.fetchval(
        _KEEP, owner_id, picture.type, picture.size, picture.side, picture.digest
    )
    await connection.execute(_SET, kind, target_id, picture.digest, file_id)
