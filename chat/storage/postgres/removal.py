"""Removes the content of deleted rooms in steps: short transactions for which no commit waits.

The room's `last_seq` records the progress: messages above it are removed. So each step finds its messages directly,
past all dead rows, also after a crash.
"""

from collections.abc import Sequence

from chat.domain.ports import RemovalStep
from chat.storage.postgres.features import RemoveMessages
from chat.storage.postgres.session import ASYNC_COMMIT, Connection

# Who places a hold waits for the step in progress, and the next one finds the hold.
_BEGIN = "SELECT FROM retention_state WHERE id = 1 FOR SHARE"
# Only this removal locks the rows of deleted rooms. What is on hold waits.
_NEXT = """
SELECT id, last_seq FROM rooms
WHERE deleted_at IS NOT NULL AND NOT EXISTS (
    SELECT FROM retention_holds WHERE kind = 'server' OR (kind = 'room' AND target_id = rooms.id)
)
ORDER BY id LIMIT 1 FOR UPDATE"""
_REMOVE_MESSAGES = "DELETE FROM messages WHERE room_id = $1 AND seq > $2 AND seq <= $3"
_REMOVE_REACTIONS = "DELETE FROM reactions WHERE room_id = $1 AND seq > $2 AND seq <= $3"
_REMOVE_EDITS = "DELETE FROM edits WHERE room_id = $1 AND seq > $2 AND seq <= $3"
_REMOVE_FILES = "DELETE FROM files WHERE room_id = $1 AND seq > $2 AND seq <= $3"
# Removed just before the memberships: mentions are fewer than messages, and nobody counts them any more.
_REMOVE_MENTIONS = """
WITH removed AS (
    DELETE FROM mentions WHERE (room_id, person_id, seq) IN (
        SELECT room_id, person_id, seq FROM mentions WHERE room_id = $1 ORDER BY person_id, seq LIMIT $2
    )
    RETURNING seq
)
SELECT count(*) FROM removed"""
_REMOVE_CHANGES = """
WITH removed AS (
    DELETE FROM changes
    WHERE room_id = $1 AND pos IN (
        SELECT pos FROM changes WHERE room_id = $1 AND kind <> 'gone' ORDER BY pos DESC LIMIT $2
    )
    RETURNING pos
)
SELECT count(*) FROM removed"""
_LOWER = "UPDATE rooms SET last_seq = $2 WHERE id = $1"
_REMOVE_MEMBERSHIPS = """
WITH locked AS MATERIALIZED (
    SELECT room_id, user_id FROM memberships WHERE room_id = $1 ORDER BY user_id LIMIT $2 FOR UPDATE
), removed AS (
    DELETE FROM memberships USING locked
    WHERE memberships.room_id = locked.room_id AND memberships.user_id = locked.user_id
    RETURNING memberships.user_id
)
SELECT count(*) FROM removed"""
_REMOVE_ROOM = "DELETE FROM rooms WHERE id = $1"
# The deletion itself stays in the log for a while, after everything else is removed.
_FORGET = """
WITH forgotten AS (
    DELETE FROM changes WHERE id IN (SELECT id FROM changes WHERE kept_until <= now() ORDER BY kept_until LIMIT $1)
    RETURNING id
)
SELECT count(*) FROM forgotten"""


async def remove_deleted(
    connection: Connection, limit: int, removals: Sequence[RemoveMessages] = ()
) -> RemovalStep | None:
    """Run one step in the caller's transaction; asyncio-flavoured. Returns None if there is nothing more to remove.

    `removals` remove what features keep of rooms.
    """
    await connection.execute(ASYNC_COMMIT)  # a step that a crash undoes is repeated
    await connection.execute(_BEGIN)
    room = await connection.fetchrow(_NEXT)
    if room is None:
        return RemovalStep() if await connection.fetchval(_FORGET, limit) else None
    left = max(0, room["last_seq"] - limit)
    if room["last_seq"] > 0:
        for remove in removals:
            await remove(connection, room["id"], left, room["last_seq"])
        await connection.execute(_REMOVE_MESSAGES, room["id"], left, room["last_seq"])
        await connection.execute(_REMOVE_REACTIONS, room["id"], left, room["last_seq"])
        await connection.execute(_REMOVE_EDITS, room["id"], left, room["last_seq"])
        await connection.execute(_REMOVE_FILES, room["id"], left, room["last_seq"])
        await connection.execute(_LOWER, room["id"], left)
    elif await connection.fetchval(_REMOVE_CHANGES, room["id"], limit) or await connection.fetchval(
        _REMOVE_MENTIONS, room["id"], limit
    ):
        pass
    elif not await connection.fetchval(_REMOVE_MEMBERSHIPS, room["id"], limit):
        await connection.execute(_REMOVE_ROOM, room["id"])
    return RemovalStep(room["id"], left)
