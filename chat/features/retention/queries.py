"""Retention in PostgreSQL: steps that lock no more than the rows that they remove."""

from collections.abc import Sequence

import asyncpg
import msgspec

from chat.domain.messages.changes import Deletion
from chat.domain.messages.outcomes import Saved
from chat.features.retention import row_statements, statements
from chat.features.retention.changes import ON_HOLD, TRIM, Expiry, Trim, Trimmed, TrimState
from chat.features.retention.ports import TooOld
from chat.features.retention.rules import (
    Expired,
    Hold,
    HoldKind,
    Kind,
    RoomRule,
    Rules,
    hold_act,
    lift_act,
    rule_act,
    run_acts,
)
from chat.storage.postgres.audit import named, note
from chat.storage.postgres.changes import save_changes
from chat.storage.postgres.database import Database
from chat.storage.postgres.features import RemoveMessages, append_changes
from chat.storage.postgres.people import people_of
from chat.storage.postgres.room_authority import find
from chat.storage.postgres.session import ASYNC_COMMIT, Connection
from chat.storage.postgres.writer import RawConnection

_CHANGES = 10
"""Changes removed with each message, at most."""


_COUNTED = {
    Kind.MESSAGES: ("removed_messages", "Messages removed"),
    Kind.IDLE: ("closed_conversations", "Support conversations closed"),
    Kind.VISITORS: ("removed_visitors", "Visitors removed with their conversations"),
    Kind.EARLIER_TEXTS: ("removed_earlier_texts", "Texts from before an edit removed"),
    Kind.CHANGES: ("removed_changes", "Changes of the log removed"),
    Kind.KEYS: ("removed_keys", "Keys of messages removed"),
    Kind.READ_MARKS: ("removed_read_marks", "Read marks of people without access removed"),
}
"""The metrics, with their meanings."""


class PostgresRetention:
    """The port `Retention`. `removals` remove what features keep of messages."""

    def __init__(self, database: Database, removals: Sequence[RemoveMessages] = ()) -> None:
        self._database = database
        self._removals = removals

    async def claim(self, by: int, seconds: float) -> bool:
        return bool(await self._database.write_statement(lambda c: c.fetchval(statements.CLAIM, by, seconds)))

    async def too_old(self, rules: Rules, after_id: int, limit: int) -> list[TooOld]:
        rows = await self._database.read(
            lambda c: c.fetch(statements.TOO_OLD, *_parameters(rules), after_id, limit)
        )
        return [
            TooOld(
                room_id=row["room_id"],
                people=people_of(row),
                before=row["before"],
                deleted_before=row["deleted_before"],
                sender_id=row["sender_id"],
                last=row["last"],
                is_unannounced=row["is_unannounced"],
            )
            for row in rows
        ]

    async def remove_messages(self, by: int, room: TooOld, limit: int, *, is_first: bool) -> int:
        room_id = room.room_id

        async def raise_floor(connection: Connection) -> asyncpg.Record | None:
            await connection.execute(ASYNC_COMMIT)  # a step that a crash undoes is repeated
            if not await connection.fetchval(statements.IS_MINE, by):
                return None
            return await connection.fetchrow(
                statements.RAISE, room_id, room.before, limit, room.deleted_before
            )

        # The floor is raised first: from then on nobody edits these messages, so their locks are waited for by nobody.
        part = await self._database.write(raise_floor)
        if part is None and not is_first:
            return 0

        async def remove(connection: Connection) -> None:
            await connection.execute(ASYNC_COMMIT)
            if not await connection.fetchval(statements.IS_MINE, by):
                return
            floor = part or await connection.fetchrow(statements.FLOOR, room_id)
            if floor is None:
                return
            after = floor["first_seq"] - 1 if part is not None and not is_first else 0
            if await connection.fetchval(statements.IS_RANGE_HELD, room_id, after, floor["up_to"]):
                return  # placed just now
            for removal in self._removals:
                await removal(connection, room_id, after, floor["up_to"])
            for query in statements.REMOVE:
                await connection.execute(query, room_id, after, floor["up_to"])
            await connection.fetchval(statements.REMOVE_CHANGES, room_id, floor["pos"], _CHANGES * limit)

        await self._database.write(remove)
        return 0 if part is None else int(part["up_to"] - part["first_seq"] + 1)

    async def count(self, counts: dict[str, int], waiting: int) -> None:
        async def count(connection: Connection) -> None:
            await connection.execute(statements.SET_WAITING, waiting)
            if any(counts.values()):
                await connection.execute(statements.ADD_COUNTS, [*counts], [*counts.values()])
                await note(connection, run_acts(counts))

        await self._database.write(count)

    async def expired(self, rules: Rules) -> list[Expired]:
        row = await self._database.read(
            lambda c: c.fetchrow(statements.EXPIRED_MESSAGES, *_parameters(rules))
        )
        assert row is not None
        return [Expired(Kind.MESSAGES, row["count"], row["oldest"])]

    async def holds(self) -> list[Hold]:
        rows = await self._database.read(lambda c: c.fetch(statements.HOLDS))
        return [
            Hold(
                id=row["id"],
                kind=row["kind"],
                target_id=row["target_id"],
                name=row["name"],
                reason=row["reason"],
                by=named(row["by_id"], row["by_name"]),
                at=row["at"],
            )
            for row in rows
        ]

    async def place(self, kind: HoldKind, target_id: int, reason: str, by_id: int | None) -> bool:
        async def place(connection: Connection) -> bool:
            await connection.execute(statements.WAIT_FOR_STEPS)
            await connection.execute(statements.WAIT_FOR_COMMITS)
            if not await connection.fetchval(statements.IS_THERE, kind, target_id):
                return False
            await connection.execute(statements.PLACE, kind, target_id, reason, by_id)
            await note(connection, [hold_act(kind, target_id, reason, by_id)])
            return True

        return await self._database.write(place)

    async def lift(self, hold_id: int, by_id: int | None) -> bool:
        async def lift(connection: Connection) -> bool:
            lifted = await connection.fetchrow(statements.LIFT, hold_id)
            if lifted is not None:
                await connection.execute(statements.FORGET_HELD)
                await connection.execute(row_statements.LOOK_AGAIN)
                await note(connection, [lift_act(lifted["kind"], lifted["target_id"], by_id)])
            return lifted is not None

        return await self._database.write(lift)

    async def room_rule(self, room_id: int) -> RoomRule:
        row = await self._database.read(lambda c: c.fetchrow(statements.ROOM_RULE, room_id))
        return RoomRule() if row is None else RoomRule(row["keep_days"], row["kept_by_admin"])

    async def shortest_room_days(self) -> int:
        found: int = await self._database.read(lambda c: c.fetchval(statements.SHORTEST_RULE))
        return found

    async def set_room_rule(self, room_id: int, rule: RoomRule, by_id: int | None) -> bool:
        async def set_rule(connection: Connection) -> bool:
            columns = room_id, rule.days, rule.is_by_admin
            is_set = await connection.fetchval(statements.SET_ROOM_RULE, *columns)
            if is_set:
                await note(connection, [rule_act(room_id, rule.days, by_id)])
            return bool(is_set)

        return await self._database.write(set_rule)


async def save_trims(connection: RawConnection, trims: Sequence[Trim]) -> list[Saved]:
    """Save trims one by one; None: no such room. Asyncio-flavoured."""
    return [await _save(connection, trim) for trim in trims]


async def save_expiries(connection: RawConnection, expiries: Sequence[Expiry]) -> list[Saved]:
    """Delete expired messages that are not on hold, one by one; None: no such message. Asyncio-flavoured."""
    saved: list[Saved] = []
    for each in expiries:
        # The caller holds the lock of the log, for which the placing of a hold waits.
        if await connection.fetchval(statements.IS_RANGE_HELD, each.room_id, each.seq - 1, each.seq):
            saved.append(ON_HOLD)
            continue
        deletion = Deletion(each.room_id, each.seq, None, each.created_at, each.people, is_expired=True)
        saved += await save_changes(connection, [deletion])
    return saved


async def _save(connection: RawConnection, trim: Trim) -> Saved:
    found = await find(connection, trim.room_id, None, any_kind=True)
    if found is None:
        return None
    row = await connection.fetchrow(statements.TRIM_STATE, trim.room_id)
    assert row is not None
    made = TrimState(row["first_seq"], row["announced_seq"]).change(
        trim, found.last_id + 1, found.room.last_pos + 1
    )
    if isinstance(made, Trimmed):
        await connection.execute(statements.SET_ANNOUNCED, trim.room_id, made.first)
        await append_changes(connection, TRIM, [made])
    return made


async def read_counts(connection: Connection) -> list[tuple[str, str, float]]:
    """Return what waits to be removed and what was removed, as metrics; asyncio-flavoured."""
    row = await connection.fetchrow(statements.FIGURES)
    assert row is not None
    removed = msgspec.json.decode(row["removed"] or "{}", type=dict[str, float])
    return [
        (
            "chat_retention_waiting_rooms",
            "Rooms with messages that are kept for too long",
            row["waiting"] or 0,
        ),
        *(
            (
                f"chat_retention_{name}_total",
                f"{meaning}, by retention",
                removed.get(kind, 0),
            )
            for kind, (name, meaning) in _COUNTED.items()
        ),
    ]


def _parameters(rules: Rules) -> tuple[object, ...]:
    return rules.message_days, rules.rooms_keep, rules.grace, rules.deleted_days
