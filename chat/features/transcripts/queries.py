"""Transcripts in PostgreSQL."""

from collections.abc import Callable, Sequence

from chat.domain.refusals import Refusal
from chat.features.transcripts.port import MOST, NOT_ANSWERED, PAUSE, Said, too_soon
from chat.mail.letter import Mail
from chat.mail.queries import add_mail
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

# Without a name is a visitor whose account has a made one only.
_SAID = f"""
SELECT text, extract(epoch FROM m.created_at)::float8 AS at, sender_id,
    coalesce(display_name, CASE WHEN NOT is_visitor THEN users.name END) AS name,
    ARRAY(SELECT name FROM files WHERE room_id = m.room_id AND seq = m.seq ORDER BY id) AS files
FROM messages m JOIN users ON users.id = sender_id
WHERE m.room_id = $1 AND kind = 'message' AND m.deleted_at IS NULL ORDER BY m.seq DESC LIMIT {MOST}"""
_IS_ANSWERED = """
SELECT EXISTS (SELECT FROM messages WHERE room_id = $1 AND sender_id <> $2 AND deleted_at IS NULL)"""
# Of several at once the first takes the hour.
_CLAIM = f"""
INSERT INTO support_transcripts (room_id) VALUES ($1)
ON CONFLICT (room_id) DO UPDATE SET queued_at = clock_timestamp()
    WHERE support_transcripts.queued_at < clock_timestamp() - interval '{PAUSE} seconds'
RETURNING true"""
_WAIT = f"""
SELECT greatest(1, {PAUSE} - extract(epoch FROM clock_timestamp() - queued_at))::float8
FROM support_transcripts WHERE room_id = $1"""


class PostgresTranscripts:
    """The port `Transcripts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def queue(
        self, room_id: int, person_id: int, make: Callable[[Sequence[Said]], Mail]
    ) -> Refusal | None:
        async def queue(connection: Connection) -> Refusal | None:
            if not await connection.fetchval(_IS_ANSWERED, room_id, person_id):
                return NOT_ANSWERED
            if not await connection.fetchval(_CLAIM, room_id):
                return too_soon(await connection.fetchval(_WAIT, room_id))
            rows = await connection.fetch(_SAID, room_id)
            said = [
                Said(name=row["name"], at=row["at"], text=row["text"], files=tuple(row["files"]))
                for row in reversed(rows)
            ]
            await add_mail(connection, make(said), person_id, None)
            return None

        return await self._database.write(queue)
