"""Holds messages and edits for review in place of saving them, in PostgreSQL; asyncio-flavoured.

A batch in which no text has a word of the list is saved as it is.
"""

from collections.abc import Mapping, Sequence

from chat.domain.entities import Draft
from chat.domain.messages.changes import Write
from chat.domain.messages.outcomes import Saved
from chat.domain.messages.review import HELD, MOST_HELD, REMOVED, TOO_MANY_HELD, Asked
from chat.domain.refusals import Refusal
from chat.storage.postgres.features import Save
from chat.storage.postgres.saving import save
from chat.storage.postgres.session import Connection
from chat.storage.postgres.writer import RawConnection

# The writes to hold: in the lobby and public rooms, by people who moderate neither there nor on the server, and who
# answer no visitors. Writes that were saved before, or that a moderator has allowed, are not held.
_HELD = """
SELECT nth FROM unnest($1::int[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::text[])
    AS asked(nth, room_id, author_id, key, seq, text)
JOIN rooms ON rooms.id = asked.room_id AND kind IN ('lobby', 'room') AND NOT is_private
    AND archived_at IS NULL AND rooms.deleted_at IS NULL
JOIN users ON users.id = asked.author_id AND NOT (is_admin OR is_moderator OR is_operator)
LEFT JOIN memberships AS own ON own.room_id = asked.room_id AND own.user_id = asked.author_id
WHERE coalesce(own.role, 'member') = 'member'
    AND NOT EXISTS (SELECT FROM messages m WHERE m.sender_id = asked.author_id AND m.client_key = asked.key)
    AND (asked.seq IS NULL OR EXISTS (
        SELECT FROM messages m WHERE m.room_id = asked.room_id AND m.seq = asked.seq AND m.sender_id = asked.author_id
            AND m.deleted_at IS NULL AND m.text <> asked.text))
    AND NOT EXISTS (
        SELECT FROM held_messages h
        WHERE h.author_id = asked.author_id AND h.room_id = asked.room_id AND h.state = 'allowed'
            AND h.text = asked.text AND (h.key = asked.key OR h.seq = asked.seq))
ORDER BY nth"""
_STATE = "SELECT state FROM held_messages WHERE author_id = $1 AND key = $2"
_COUNT = "SELECT count(*) FROM held_messages WHERE author_id = $1 AND state = 'waiting'"
_HOLD = """
INSERT INTO held_messages (author_id, room_id, key, text, reply, file_ids, word)
VALUES ($1, $2, coalesce($3, gen_random_uuid()::text), $4, $5, $6, $7) ON CONFLICT DO NOTHING"""
_HOLD_EDIT = """
INSERT INTO held_messages (author_id, room_id, seq, text, word) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (author_id, room_id, seq) WHERE state = 'waiting'
DO UPDATE SET text = excluded.text, word = excluded.word, held_at = excluded.held_at"""
_MODERATORS = """
SELECT id FROM users WHERE is_moderator AND disabled_at IS NULL AND deleted_at IS NULL
UNION SELECT id FROM users WHERE is_admin AND disabled_at IS NULL AND deleted_at IS NULL"""


async def save_reviewed(
    connection: RawConnection,
    writes: Sequence[Write],
    asked: Mapping[int, Asked],
    savers: Mapping[type, Save],
) -> tuple[list[Saved], set[int]]:
    """Hold writes for review and commit the others, in order; also return the ids of people to notify.

    If the server stops in between, those that are held are so, and the others are sent again under their keys.
    """
    if not asked:
        return await save(connection, writes, savers), set()
    refused, people = await _hold(connection, asked)
    rest = [write for nth, write in enumerate(writes) if nth not in refused]
    saved = iter(await save(connection, rest, savers) if rest else ())
    return [*(refused.get(nth) or next(saved) for nth in range(len(writes))), *saved], people


async def moderators(connection: "Connection | RawConnection") -> list[int]:
    """Return the ids of those who review."""
    return [row["id"] for row in await connection.fetch(_MODERATORS)]


async def _hold(connection: RawConnection, asked: Mapping[int, Asked]) -> tuple[dict[int, Refusal], set[int]]:
    columns = [
        (nth, each.room_id, each.actor_id, *_place(each), each.text) for nth, (each, _) in asked.items()
    ]
    rows = await connection.fetch(_HELD, *map(list, zip(*columns, strict=True)))
    if not rows:
        return {}, set()
    refused: dict[int, Refusal] = {}
    people: set[int] = set()
    async with connection.transaction():
        for row in rows:
            one = asked[row["nth"]]
            refused[row["nth"]] = await _hold_one(connection, one)
            people.add(one.write.actor_id)
        people.update(await moderators(connection))
    return refused, people


async def _hold_one(connection: RawConnection, asked: Asked) -> Refusal:
    write, word = asked
    if isinstance(write, Draft) and write.key is not None:
        state = await connection.fetchval(_STATE, write.sender_id, write.key)
        if state is not None:
            return REMOVED if state == "removed" else HELD
    if await connection.fetchval(_COUNT, write.actor_id) >= MOST_HELD:
        return TOO_MANY_HELD
    if isinstance(write, Draft):
        files = list(write.file_ids)
        await connection.execute(
            _HOLD, write.sender_id, write.room_id, write.key, write.text, write.reply, files, word
        )
    else:
        await connection.execute(_HOLD_EDIT, write.actor_id, write.room_id, write.seq, write.text, word)
    return HELD


def _place(write: object) -> tuple[str | None, int | None]:
    """Return the key of a draft, or the seq of the message that is edited."""
    return (write.key, None) if isinstance(write, Draft) else (None, getattr(write, "seq", None))
