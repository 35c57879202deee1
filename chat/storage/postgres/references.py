"""Resolves the references of a batch in PostgreSQL: mentioned people, and the messages that are replied to.

This runs before the log is locked, so only the batch waits for it; a batch without references needs no query. A
person who leaves the room meanwhile is mentioned in a room that they do not see.
"""

from collections.abc import Sequence

from msgspec import structs

from chat.domain.entities import Draft
from chat.domain.messages.changes import Write
from chat.domain.messages.mentions import (
    ALL_KEY,
    MOST_MEMBERS,
    NO_SUCH_REPLY,
    author_of,
    mentioned,
    possible_names,
    refers,
)
from chat.domain.refusals import Refusal
from chat.storage.postgres.writer import RawConnection

# First the people with these names in the room, and which of the authors they block; then, for each room and author,
# the room's last seq, and whether the author may mention everybody, or is a hook that mentions nobody; then, for each
# answered message, the first message of its thread. A LATERAL query with a LIMIT is planned as one look-up for each row
# (`saving_queries.py`).
LOOK_UP = f"""
SELECT asked.room_id, u.id AS person_id, u.name_key, NULL::bigint AS last_seq, false AS may_mention_all,
    ARRAY(SELECT blocked_id FROM blocks WHERE user_id = u.id AND blocked_id = ANY($4)) AS blocked, NULL::bigint AS root,
    false AS is_silent
FROM unnest($1::bigint[], $2::text[]) AS asked(room_id, name_key)
CROSS JOIN LATERAL (SELECT * FROM users WHERE name_key = asked.name_key LIMIT 1) AS u
CROSS JOIN LATERAL (SELECT kind, creator_id FROM rooms WHERE id = asked.room_id LIMIT 1) AS r
WHERE u.deleted_at IS NULL AND CASE r.kind
    WHEN 'lobby' THEN NOT u.is_visitor
    WHEN 'support' THEN u.is_operator OR u.id = r.creator_id
    ELSE EXISTS (SELECT FROM memberships WHERE room_id = asked.room_id AND user_id = u.id)
END
UNION ALL
SELECT asked.room_id, asked.person_id, NULL, r.last_seq, coalesce(hooks.may_mention, asked.is_all AND (
    u.is_admin
    OR coalesce(m.role IN ('moderator', 'owner'), false)
    OR {MOST_MEMBERS} >= CASE r.kind
        WHEN 'direct' THEN 2
        WHEN 'room' THEN coalesce(r.members, (
            SELECT count(*) FROM (SELECT FROM memberships WHERE room_id = r.id LIMIT {MOST_MEMBERS + 1}) AS counted))
        ELSE (SELECT count(*) FROM (SELECT FROM users
              WHERE deleted_at IS NULL
                AND (r.kind = 'lobby' AND NOT is_visitor OR is_operator OR id = r.creator_id)
              LIMIT {MOST_MEMBERS + 1}) AS counted)
    END
)), NULL, NULL, coalesce(NOT hooks.may_mention, false)
FROM unnest($3::bigint[], $4::bigint[], $5::boolean[]) AS asked(room_id, person_id, is_all)
CROSS JOIN LATERAL (SELECT * FROM rooms WHERE id = asked.room_id LIMIT 1) AS r
CROSS JOIN LATERAL (SELECT * FROM users WHERE id = asked.person_id LIMIT 1) AS u
LEFT JOIN LATERAL (
    SELECT role FROM memberships WHERE room_id = asked.room_id AND user_id = asked.person_id LIMIT 1
) AS m ON true
LEFT JOIN LATERAL (SELECT may_mention FROM hooks WHERE person_id = asked.person_id LIMIT 1) AS hooks ON true
UNION ALL
SELECT room_id, seq, NULL, NULL, false, NULL, thread_root(room_id, seq), false
FROM unnest($6::bigint[], $7::bigint[]) AS answered(room_id, seq)"""


async def resolve(connection: RawConnection, writes: Sequence[Write]) -> list[Write | Refusal]:
    """Return the writes with their mentions, or refusals; asyncio-flavoured."""
    resolved: list[Write | Refusal] = [*writes]
    asked = [(nth, write, possible_names(write.text)) for nth, write in enumerate(writes) if refers(write)]
    names: set[tuple[int, str]] = set()
    authors: dict[tuple[int, int], bool] = {}  # whether the author mentions everybody
    for _, write, places in asked:
        keys = {key for place in places for key in place}
        names.update((write.room_id, key) for key in keys)
        author = write.room_id, author_of(write)
        authors[author] = authors.get(author, False) or ALL_KEY in keys
    answered = {
        (write.room_id, write.reply)
        for _, write, _ in asked
        if isinstance(write, Draft) and write.reply is not None
    }
    if not names and not answered:
        return resolved  # for example, only email addresses
    rows = await connection.fetch(
        LOOK_UP,
        [room_id for room_id, _ in names],
        [key for _, key in names],
        [room_id for room_id, _ in authors],
        [person_id for _, person_id in authors],
        [*authors.values()],
        [room_id for room_id, _ in answered],
        [seq for _, seq in answered],
    )
    roots: dict[tuple[int, int | None], int] = {}
    people: dict[int, dict[str, int]] = {}
    blocks: set[tuple[int, int]] = set()
    ends: dict[int, int] = {}
    to_all: set[tuple[int, int]] = set()
    silent: set[int] = set()  # hooks that mention nobody
    for row in rows:
        if row["root"] is not None:
            roots[row["room_id"], row["person_id"]] = row["root"]
        elif row["last_seq"] is None:
            people.setdefault(row["room_id"], {})[row["name_key"]] = row["person_id"]
            blocks.update((row["person_id"], blocked_id) for blocked_id in row["blocked"])
        else:
            ends[row["room_id"]] = row["last_seq"]
            if row["is_silent"]:
                silent.add(row["person_id"])
            if row["may_mention_all"]:
                to_all.add((row["room_id"], row["person_id"]))
    for nth, write, places in asked:
        room_id = write.room_id
        end = ends.get(room_id)  # None: no such room
        if isinstance(write, Draft) and write.reply is not None and end is not None and write.reply > end:
            resolved[nth] = NO_SUCH_REPLY
            continue
        may_mention_all = (room_id, author_of(write)) in to_all
        if author_of(write) in silent:
            places = []
        found = mentioned(places, people.get(room_id, {}), may_mention_all=may_mention_all)
        unblocked = tuple(each for each in found if (each, author_of(write)) not in blocks)
        if isinstance(write, Draft):
            resolved[nth] = structs.replace(write, mentions=unblocked, root=roots.get((room_id, write.reply)))
        else:
            resolved[nth] = structs.replace(write, mentions=unblocked)
    return resolved


def as_array(mentions: Sequence[int]) -> str | None:
    """Return mentions as an array literal; None: no mentions."""
    return f"{{{','.join(map(str, mentions))}}}" if mentions else None
