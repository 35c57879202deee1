"""Link previews in PostgreSQL."""

from collections.abc import Sequence

import asyncpg
import msgspec

from chat.domain.entities import File
from chat.domain.messages.files import NO_SUCH_FILES
from chat.domain.messages.outcomes import Saved
from chat.features.previews.changes import PREVIEW, LinkPreview, Previewed, PreviewState, SetPreview
from chat.features.previews.use_cases import MessagePreview
from chat.storage.postgres.database import Database
from chat.storage.postgres.features import append_changes
from chat.storage.postgres.room_authority import find
from chat.storage.postgres.session import Connection
from chat.storage.postgres.writer import RawConnection

_BETWEEN = """
SELECT seq, preview FROM link_previews WHERE room_id = $1 AND seq > $2 AND seq < $3 ORDER BY seq DESC LIMIT $4"""

_STATE = """
SELECT m.sender_id, coalesce(m.text, '') AS text, p.preview
FROM messages m LEFT JOIN link_previews p ON p.room_id = m.room_id AND p.seq = m.seq
WHERE m.room_id = $1 AND m.seq = $2 AND m.kind = 'message' AND m.deleted_at IS NULL LIMIT 1"""

# The picture waits for this message as an upload does, and belongs to it from now on.
_TAKE_PICTURE = """
UPDATE files SET seq = $3 WHERE id = $1 AND room_id = $2 AND owner_id = $4 AND seq IS NULL RETURNING id"""

_SET = """
INSERT INTO link_previews (room_id, seq, change_id, file_id, preview) VALUES ($1, $2, $3, $4, $5::jsonb)"""
# A trigger takes it out of the log, and removes its picture.
_REMOVE = "DELETE FROM link_previews WHERE room_id = $1 AND seq = $2"
_REMOVE_ALL = "DELETE FROM link_previews WHERE room_id = $1 AND seq > $2 AND seq <= $3"

_decode = msgspec.json.Decoder(LinkPreview).decode


class PostgresPreviews:
    """The port `Previews`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def between(self, room_id: int, after: int, before: int, limit: int) -> Sequence[MessagePreview]:
        rows = await self._database.read(lambda c: c.fetch(_BETWEEN, room_id, after, before, limit))
        return [MessagePreview(row["seq"], _decode(row["preview"])) for row in rows]


async def save_previews(connection: RawConnection, writes: Sequence[SetPreview]) -> list[Saved]:
    """Save previews one by one; None: no such room or person. Asyncio-flavoured."""
    return [await _save(connection, write) for write in writes]


async def remove_previews(connection: Connection, room_id: int, after: int, up_to: int) -> None:
    """Remove the previews of messages of a deleted room. Asyncio-flavoured."""
    await connection.execute(_REMOVE_ALL, room_id, after, up_to)


async def _save(connection: RawConnection, write: SetPreview) -> Saved:
    found = await find(connection, write.room_id, write.actor_id, any_kind=True)
    if found is None or found.by is None:
        return None
    where = write.room_id, write.seq
    state = _state(await connection.fetchrow(_STATE, *where))
    made = state.change(write, found.by, found.last_id + 1, found.room.last_pos + 1)
    if not isinstance(made, Previewed):
        return made
    picture = _picture_of(write)
    if (
        picture is not None
        and await connection.fetchval(_TAKE_PICTURE, picture.id, *where, write.actor_id) is None
    ):
        return NO_SUCH_FILES
    if state.preview is not None:
        await connection.execute(_REMOVE, *where)
    if write.preview is not None:
        kept = msgspec.json.encode(write.preview).decode()
        await connection.execute(_SET, *where, made.id, None if picture is None else picture.id, kept)
    await append_changes(connection, PREVIEW, [made])
    return made


def _state(row: asyncpg.Record | None) -> PreviewState:
    if row is None:
        return PreviewState(None, "", None)
    kept = row["preview"]
    return PreviewState(row["sender_id"], row["text"], None if kept is None else _decode(kept))


def _picture_of(write: SetPreview) -> File | None:
    return None if write.preview is None else write.preview.picture
