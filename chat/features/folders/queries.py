"""The folders of people in PostgreSQL: one row for each person."""

import msgspec

from chat.domain.refusals import NO_PERSON, Refusal
from chat.features.folders.folders import NONE, Change, Folder, Folders
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

# Two changes of one person come one after the other, and a deletion of the account before or after.
_LOCK_PERSON = "SELECT true FROM users WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE"
_READ = "SELECT version, made, folders FROM room_folders WHERE person_id = $1"
_WRITE = """
INSERT INTO room_folders (person_id, version, made, folders) VALUES ($1, $2, $3, $4)
ON CONFLICT (person_id) DO UPDATE SET version = $2, made = $3, folders = $4"""

_STORED = msgspec.json.Decoder(tuple[Folder, ...])


class PostgresFolders:
    """The port `FolderStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, person_id: int) -> Folders:
        return await self._database.read(lambda connection: _read(connection, person_id))

    async def change(self, person_id: int, change: Change) -> Folders | Refusal:
        async def write(connection: Connection) -> Folders | Refusal:
            if not await connection.fetchval(_LOCK_PERSON, person_id):
                return NO_PERSON
            changed = change(await _read(connection, person_id))
            if isinstance(changed, Folders):
                stored = msgspec.json.encode(changed.folders).decode()
                await connection.execute(_WRITE, person_id, changed.version, changed.made, stored)
            return changed

        return await self._database.write(write)


async def _read(connection: Connection, person_id: int) -> Folders:
    row = await connection.fetchrow(_READ, person_id)
    return NONE if row is None else Folders(row["version"], row["made"], _STORED.decode(row["folders"]))
