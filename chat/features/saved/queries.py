"""Saved messages in PostgreSQL."""

from chat.domain.refusals import NO_MESSAGE, NO_PERSON, Refusal
from chat.due.queries import due_no_later, settle_due
from chat.features.saved.reminders import REMINDER, Due, DueReminders, Reminder
from chat.features.saved.use_cases import MOST_SAVED, TOO_MANY_SAVED, SavedMessage
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection
from chat.storage.postgres.timeline_queries import MESSAGE, OWN_ROOMS
from chat.storage.postgres.timelines import message_now

# So that two requests of one person count one after the other, and a deletion of the account comes before or after.
_LOCK_PERSON = "SELECT true FROM users WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE"

_STATE = """
SELECT EXISTS (
        SELECT FROM messages WHERE room_id = $2 AND seq = $3 AND kind = 'message' AND deleted_at IS NULL
    ) AS is_there,
    EXISTS (SELECT FROM saved_messages WHERE person_id = $1 AND room_id = $2 AND seq = $3) AS is_saved,
    (SELECT count(*) FROM saved_messages WHERE person_id = $1) AS count"""
_SAVE = "INSERT INTO saved_messages (person_id, room_id, seq) VALUES ($1, $2, $3)"
_REMOVE = "DELETE FROM saved_messages WHERE person_id = $1 AND room_id = $2 AND seq = $3"
_REMIND = """
UPDATE saved_messages SET remind_at = to_timestamp($4), reminded_at = NULL
WHERE person_id = $1 AND room_id = $2 AND seq = $3"""
_FORGET = """
UPDATE saved_messages SET remind_at = NULL, reminded_at = NULL WHERE person_id = $1 AND room_id = $2 AND seq = $3"""
_REMINDERS = """
SELECT room_id, seq, extract(epoch FROM remind_at)::float8 AS at, reminded_at IS NOT NULL AS is_due
FROM saved_messages WHERE person_id = $1 AND remind_at IS NOT NULL ORDER BY remind_at, id"""

# Saved messages of the person $1 below the id $2, with the rights of now.
_READABLE = f"""
    SELECT asked.* FROM (
        SELECT id, person_id AS user_id, room_id, seq, saved_at, remind_at, reminded_at FROM saved_messages
        WHERE person_id = $1 AND id < $2
    ) AS asked {OWN_ROOMS}"""
_LIST = f"""
SELECT m.room_id, m.saved_id, extract(epoch FROM m.saved_at)::float8 AS saved_at,
       extract(epoch FROM m.remind_at)::float8 AS remind_at, m.reminded_at IS NOT NULL AS is_due, {MESSAGE}
FROM (
    SELECT found.*, row_number() OVER front AS place,
           sum(octet_length(to_json(found.text)::text) + coalesce(octet_length(found.files), 0)) OVER front AS total
    FROM (
        SELECT message.*, mine.id AS saved_id, mine.saved_at, mine.remind_at, mine.reminded_at
        FROM ({_READABLE}) AS mine
        CROSS JOIN LATERAL (
            SELECT * FROM messages WHERE room_id = mine.room_id AND seq = mine.seq AND deleted_at IS NULL LIMIT 1
        ) AS message
        ORDER BY mine.id DESC LIMIT $3
    ) AS found
    WINDOW front AS (ORDER BY found.saved_id DESC ROWS UNBOUNDED PRECEDING)
) AS m
LEFT JOIN LATERAL (SELECT name FROM users WHERE id = m.sender_id LIMIT 1) AS sender ON true
WHERE m.total <= $4::bigint OR m.place = 1
ORDER BY m.saved_id DESC"""
_PLACES = """
SELECT room_id, array_agg(seq ORDER BY seq) AS seqs FROM saved_messages
WHERE person_id = $1 GROUP BY room_id ORDER BY room_id"""

_NOW = "SELECT extract(epoch FROM clock_timestamp())::float8"
_IS_DUE = "person_id = $1 AND remind_at <= to_timestamp($2) AND reminded_at IS NULL"
_DUE_IDS = f"SELECT id FROM saved_messages WHERE {_IS_DUE}"
# Messages that the person may not read now are left out.
_DUE = f"""
SELECT mine.room_id, mine.seq, extract(epoch FROM mine.remind_at)::float8 AS at, sender.name AS sender,
       left(message.text, 200) AS text,
       CASE WHEN mine.room_kind IN ('room', 'lobby') THEN mine.room_name END AS room_name
FROM (
    SELECT asked.*, r.kind AS room_kind, r.name AS room_name FROM (
        SELECT id, person_id AS user_id, room_id, seq, remind_at FROM saved_messages
        WHERE person_id = $1 AND id = ANY($2::bigint[])
    ) AS asked {OWN_ROOMS}) AS mine
JOIN messages AS message ON message.room_id = mine.room_id AND message.seq = mine.seq AND message.deleted_at IS NULL
JOIN users AS sender ON sender.id = message.sender_id
ORDER BY mine.remind_at, mine.id"""
# A new id: they come first in the list.
_ANNOUNCED = f"""
UPDATE saved_messages SET reminded_at = clock_timestamp(), id = DEFAULT
WHERE {_IS_DUE} AND id = ANY($3::bigint[])"""
_NEXT = """
SELECT extract(epoch FROM min(remind_at))::float8 FROM saved_messages
WHERE person_id = $1 AND remind_at IS NOT NULL AND reminded_at IS NULL"""

_MAKE_ROOM = f"""
DELETE FROM saved_messages WHERE person_id = $1 AND id <> ALL (ARRAY(SELECT id FROM ({_READABLE}) AS mine))"""

_EVER = 2**63 - 1
"""Higher than every id."""


class PostgresSavedMessages:
    """The ports `SavedMessages` and `Reminders`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, person_id: int, room_id: int, seq: int) -> Refusal | None:
        return await self._database.write(lambda connection: _save(connection, person_id, room_id, seq))

    async def remove(self, person_id: int, room_id: int, seq: int) -> None:
        await self._database.write_statement(lambda c: c.execute(_REMOVE, person_id, room_id, seq))

    async def page(self, person_id: int, before_id: int, limit: int, most_bytes: int) -> list[SavedMessage]:
        rows = await self._database.read(lambda c: c.fetch(_LIST, person_id, before_id, limit, most_bytes))
        return [
            SavedMessage(
                row["saved_id"],
                message_now(row, row["room_id"]),
                row["saved_at"],
                row["remind_at"],
                row["is_due"],
            )
            for row in rows
        ]

    async def places(self, person_id: int) -> dict[int, list[int]]:
        rows = await self._database.read(lambda c: c.fetch(_PLACES, person_id))
        return {row["room_id"]: row["seqs"] for row in rows}

    async def remind(self, person_id: int, room_id: int, seq: int, at: float) -> Refusal | None:
        async def remind(connection: Connection) -> Refusal | None:
            if refusal := await _save(connection, person_id, room_id, seq):
                return refusal
            await connection.execute(_REMIND, person_id, room_id, seq, at)
            await due_no_later(connection, REMINDER, str(person_id), at)
            return None

        return await self._database.write(remind)

    async def forget(self, person_id: int, room_id: int, seq: int) -> None:
        # Its due item stays, and finds nothing to do.
        await self._database.write_statement(lambda c: c.execute(_FORGET, person_id, room_id, seq))

    async def reminders(self, person_id: int) -> list[Reminder]:
        rows = await self._database.read(lambda c: c.fetch(_REMINDERS, person_id))
        return [Reminder(**row) for row in rows]

    async def due(self, person_id: int) -> DueReminders:
        async def due(connection: Connection) -> DueReminders:
            now = await connection.fetchval(_NOW)
            ids = [row["id"] for row in await connection.fetch(_DUE_IDS, person_id, now)]
            rows = await connection.fetch(_DUE, person_id, ids)
            return DueReminders(now, [Due(**row) for row in rows], ids)

        return await self._database.read(due)

    async def settle(self, person_id: int, found: DueReminders) -> None:
        async def settle(connection: Connection) -> None:
            await connection.fetchval(_LOCK_PERSON, person_id)
            await connection.execute(_ANNOUNCED, person_id, found.as_of, found.ids)
            await settle_due(
                connection, REMINDER, str(person_id), await connection.fetchval(_NEXT, person_id)
            )

        await self._database.write(settle)


async def _save(connection: Connection, person_id: int, room_id: int, seq: int) -> Refusal | None:
    asked = person_id, room_id, seq
    if not await connection.fetchval(_LOCK_PERSON, person_id):
        return NO_PERSON
    state = await connection.fetchrow(_STATE, *asked)
    assert state is not None
    if not state["is_there"]:
        return NO_MESSAGE
    if state["is_saved"]:
        return None
    if state["count"] >= MOST_SAVED:
        await connection.execute(_MAKE_ROOM, person_id, _EVER)
        left = await connection.fetchrow(_STATE, *asked)
        assert left is not None
        if left["count"] >= MOST_SAVED:
            return TOO_MANY_SAVED
    await connection.execute(_SAVE, *asked)
    return None
