"""Removals of members and deletions of rooms in PostgreSQL; asyncio-flavoured.

The caller's transaction holds the locks of the log and the rooms, so nothing changes between a check and its write.
"""

from collections.abc import Sequence
from itertools import groupby

import asyncpg

from chat.domain.administration.audit import Act, ban_act, room_deletion_act
from chat.domain.messages.changes import Removal, Removed, RoomDeleted, RoomDeletion
from chat.domain.messages.outcomes import Saved, Unchanged
from chat.domain.refusals import Refusal
from chat.domain.rooms.room_rights import refusal_of
from chat.storage.postgres.audit import note
from chat.storage.postgres.room_authority import find
from chat.storage.postgres.room_log import write_to_log
from chat.storage.postgres.writer import RawConnection

# Membership rows are locked in key order, as deliveries lock them.
_END_MEMBERSHIPS = """
WITH locked AS MATERIALIZED (
    SELECT memberships.room_id, memberships.user_id
    FROM unnest($1::bigint[], $2::bigint[]) AS wanted(room_id, user_id)
    JOIN rooms ON rooms.id = room_id AND kind = 'room' AND deleted_at IS NULL
    JOIN memberships USING (room_id, user_id)
    ORDER BY memberships.room_id, memberships.user_id FOR UPDATE OF memberships
), ended AS (
    DELETE FROM memberships USING locked
    WHERE memberships.room_id = locked.room_id AND memberships.user_id = locked.user_id
    RETURNING memberships.room_id, memberships.user_id
)
SELECT ended.*, rooms.last_pos, lanes.last_id
FROM ended JOIN rooms ON rooms.id = room_id JOIN lanes ON lanes.id = 1"""

_BOTS_INSIDE = """
SELECT ended.room_id, bots.person_id FROM unnest($1::bigint[], $2::bigint[]) AS ended(room_id, owner_id)
JOIN bots ON bots.owner_id = ended.owner_id
JOIN memberships ON memberships.room_id = ended.room_id AND memberships.user_id = bots.person_id"""

_BAN = """
WITH wanted AS (
    SELECT room_id, user_id, rooms.last_pos
    FROM unnest($1::bigint[], $2::bigint[]) AS wanted(room_id, user_id)
    JOIN rooms ON rooms.id = room_id AND kind = 'room' AND deleted_at IS NULL
), banned AS (
    INSERT INTO bans (room_id, user_id) SELECT room_id, user_id FROM wanted ORDER BY room_id, user_id
    ON CONFLICT DO NOTHING RETURNING room_id, user_id
)
SELECT room_id, user_id, last_pos, banned.user_id IS NOT NULL AS is_new
FROM wanted LEFT JOIN banned USING (room_id, user_id)"""

_END_ROOMS = """
UPDATE rooms SET deleted_at = now(), name = NULL, name_key = NULL
FROM lanes, rooms AS before
WHERE lanes.id = 1 AND rooms.id = ANY($1::bigint[]) AND rooms.kind = 'room' AND rooms.deleted_at IS NULL
  AND before.id = rooms.id
RETURNING rooms.id AS room_id, NULL AS user_id, rooms.last_pos, last_id, before.name"""


async def save_removals(connection: RawConnection, removals: Sequence[Removal]) -> list[Saved]:
    """End memberships and ban people, in order; None: no such membership or room."""
    saved: list[Saved] = []
    for is_leaving, run in groupby(removals, key=_is_leaving):
        if is_leaving:
            saved += await _end_memberships(connection, list(run))
            continue
        for removal in run:  # one by one: a removal may change what the next one's actor may do
            found = await find(connection, removal.room_id, removal.actor_id, removal.person_id)
            refusal = found and found.by and refusal_of(removal, found.by, found.role)
            saved += [refusal] if refusal else await _end_memberships(connection, [removal])
    return saved


async def end_memberships_of_bots(connection: RawConnection, saved: Sequence[Saved]) -> list[Saved]:
    """End the memberships of bots whose owners were removed: a bot is in no room without its owner."""
    ended = [each for each in saved if type(each) is Removed]
    if not ended:
        return []
    columns = [each.room_id for each in ended], [each.person_id for each in ended]
    at = max(each.created_at for each in ended)
    inside = {(row["room_id"], row["person_id"]) for row in await connection.fetch(_BOTS_INSIDE, *columns)}
    removals = [Removal(room_id, bot_id, bot_id, at) for room_id, bot_id in sorted(inside)]
    return await _end_memberships(connection, removals) if removals else []


def _is_leaving(removal: Removal) -> bool:
    """Whether a person ends their own membership, which everybody may."""
    return removal.actor_id == removal.person_id and not removal.is_ban


async def _end_memberships(connection: RawConnection, removals: Sequence[Removal]) -> list[Saved]:
    ended = _Ended(await connection.fetch(_END_MEMBERSHIPS, *_columns(removals)))
    bans = [removal for removal in removals if removal.is_ban]
    banned = await connection.fetch(_BAN, *_columns(bans)) if bans else ()
    positions = {row["room_id"]: row["last_pos"] for row in banned}
    saved: list[Saved] = []
    for removal in removals:
        if numbers := ended.next(removal.room_id, removal.person_id):
            by = removal.person_id, removal.actor_id, removal.created_at
            saved.append(Removed(*numbers, *by, is_ban=removal.is_ban))
        elif removal.is_ban and removal.room_id in positions:
            # They were no member, and are banned now.
            saved.append(Unchanged(ended.pos_of(removal.room_id, positions[removal.room_id])))
        else:
            saved.append(None)
    await write_to_log(connection, saved)
    new = {(row["room_id"], row["user_id"]) for row in banned if row["is_new"]}
    first: dict[tuple[int, int], Removal] = {}
    for ban in bans:
        first.setdefault((ban.room_id, ban.person_id), ban)
    await note(connection, [ban_act(ban) for target, ban in first.items() if target in new])
    return saved


async def save_room_deletions(connection: RawConnection, deletions: Sequence[RoomDeletion]) -> list[Saved]:
    """Delete rooms that people made, in order; None: no such room."""
    refused: dict[int, Refusal] = {}  # by index; no deletion changes who may delete another room
    for nth, deletion in enumerate(deletions):
        if deletion.actor_id is not None:
            found = await find(connection, deletion.room_id, deletion.actor_id)
            if found and found.by and (refusal := refusal_of(deletion, found.by)):
                refused[nth] = refusal
    good = [deletion.room_id for nth, deletion in enumerate(deletions) if nth not in refused]
    rows = await connection.fetch(_END_ROOMS, good) if good else ()
    ended, names = _Ended(rows), {row["room_id"]: row["name"] for row in rows}
    saved: list[Saved] = []
    acts: list[Act] = []
    for nth, deletion in enumerate(deletions):
        if nth in refused:
            saved.append(refused[nth])
            continue
        numbers = ended.next(deletion.room_id, None)
        made = numbers and RoomDeleted(*numbers, deletion.actor_id, deletion.created_at)
        saved.append(made)
        if made and (deletion.as_admin or deletion.actor_id is None):
            acts.append(room_deletion_act(made, names[deletion.room_id]))
    await write_to_log(connection, saved)
    await note(connection, acts)
    return saved


class _Ended:
    """The ended memberships or rooms, each returned once, with the next numbers of the log and the rooms."""

    def __init__(self, rows: Sequence[asyncpg.Record]) -> None:
        self._left = {(row["room_id"], row["user_id"]) for row in rows}
        self._positions: dict[int, int] = {row["room_id"]: row["last_pos"] for row in rows}
        self._last_id = rows[0]["last_id"] if rows else 0

    def next(self, room_id: int, person_id: int | None) -> tuple[int, int, int] | None:
        """Return the id, room and pos of an end; None: nothing has ended."""
        if (room_id, person_id) not in self._left:
            return None
        self._left.remove((room_id, person_id))
        self._last_id += 1
        self._positions[room_id] += 1
        return self._last_id, room_id, self._positions[room_id]

    def pos_of(self, room_id: int, otherwise: int) -> int:
        """Return the current position of a room; `otherwise` if nothing of it has ended."""
        return self._positions.get(room_id, otherwise)


def _columns(removals: Sequence[Removal]) -> list[list[int]]:
    wanted = sorted({(removal.room_id, removal.person_id) for removal in removals})
    return list(map(list, zip(*wanted, strict=True)))
