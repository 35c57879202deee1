"""Mails for missed messages in PostgreSQL."""

from collections import Counter
from collections.abc import Callable, Sequence

import asyncpg

from chat.domain.messages.explanation import MailReport
from chat.features.push.ledger import Step
from chat.features.push.missed import statements as queries
from chat.features.push.missed.port import (
    MailChoice,
    MailOutcome,
    MissedMessage,
    MissedRoom,
    Receiver,
)
from chat.features.push.quiet_hours import Quiet, free_at
from chat.features.push.quiet_reading import read_quiet
from chat.features.push.rules import DAY, Decision, Facts, decide
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import ASYNC_COMMIT, Connection

_STEP = 1000
"""Entries of the log in one step."""


class PostgresMissed:
    """The port `Missed`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def decide(self, delay: float) -> Step:
        async def step(connection: Connection) -> Step:
            await connection.execute(queries.LOCK_STEPS)
            place = await connection.fetchrow(queries.PLACE)
            assert place is not None
            have_any = await connection.fetchval(queries.HAVE_ANY)
            last_id = min(place["newest"], place["last_id"] + _STEP) if have_any else place["newest"]
            if last_id == place["last_id"] and not place["is_new"]:
                return Step(last_id, False, {})
            # A crash of PostgreSQL may undo this step as a whole: it is done again.
            await connection.execute(ASYNC_COMMIT)
            rows: list[asyncpg.Record] = []
            if have_any:
                rows = await connection.fetch(queries.CANDIDATES, place["last_id"], last_id)
            decisions = [decide(_facts(row, row["has_device"], row["age"] - delay)) for row in rows]
            if rows:
                await connection.execute(
                    queries.INSERT,
                    *([row[name] for row in rows] for name in ("message_id", "person_id", "room_id", "seq")),
                    decisions,
                )
                waiting = [row for row, made in zip(rows, decisions, strict=True) if made is Decision.WAITING]
                await connection.execute(
                    queries.DUE,
                    [row["person_id"] for row in waiting],
                    [row["room_id"] for row in waiting],
                    [max(row["age"], 0.0) for row in waiting],
                    delay,
                )
            await connection.execute(queries.GO_ON, last_id)
            return Step(last_id, last_id < place["newest"], dict(Counter(decisions)))

        return await self._database.write(step)

    async def begin(
        self,
        person_id: int,
        room_id: int,
        mail_id: str,
        choose: Callable[[MissedRoom], dict[int, Decision]],
    ) -> MissedRoom | None:
        async def begin(connection: Connection) -> MissedRoom | None:
            place = await connection.fetchrow(queries.ROOM, person_id, room_id)  # others wait for this row
            assert place is not None
            rows = await connection.fetch(queries.WAITING, person_id, room_id)
            receiver = await connection.fetchrow(queries.RECEIVER, person_id)
            pending_id = place["pending_id"]
            chosen = [
                row for row in rows if row["mail_id"] is not None and row["mail_id"] == pending_id
            ] or rows
            if not chosen:
                await connection.execute(queries.NOT_SENT, person_id, room_id, pending_id)
                return None
            quiet = (await read_quiet(connection, [person_id])).get(person_id)
            room = _room(person_id, room_id, place, chosen, receiver, mail_id, quiet)
            decisions = choose(room)
            sent = [message for message, made in decisions.items() if made is Decision.SENT]
            settled = {
                message: made
                for message, made in decisions.items()
                if made not in (Decision.SENT, Decision.WAITING)
            }
            await connection.execute(queries.SETTLE, person_id, list(settled), list(settled.values()), None)
            if sent:
                await connection.execute(queries.PENDING, person_id, room_id, room.mail_id)
                await connection.execute(queries.IN_MAIL, person_id, sent, room.mail_id)
            elif not any(made is Decision.WAITING for made in decisions.values()):
                await connection.execute(queries.NOT_SENT, person_id, room_id, pending_id)
            return room

        return await self._database.write(begin)

    async def record(self, room: MissedRoom, outcome: MailOutcome) -> float | None:
        person_id, room_id = room.person_id, room.room_id

        async def record(connection: Connection) -> float | None:
            decisions = outcome.decisions
            await connection.execute(queries.LOCK_ROOM, person_id, room_id)
            await connection.execute(
                queries.SETTLE, person_id, list(decisions), list(decisions.values()), outcome.answer
            )
            if Decision.SENT in decisions.values():
                await connection.execute(queries.SENT, person_id, room_id, room.mail_id, room.read_seq)
            elif outcome.again is not None:
                await connection.execute(queries.TRIED, person_id, room_id, room.mail_id, room.tries + 1)
                return outcome.again
            else:
                await connection.execute(queries.NOT_SENT, person_id, room_id, room.mail_id)
            after: float | None = await connection.fetchval(queries.NEXT, person_id, room_id)
            return after

        return await self._database.write(record)

    async def forget(self, most: int) -> int:
        done = await self._database.write_statement(lambda c: c.execute(queries.FORGET, most))
        return int(done.split()[-1])

    async def explain(self, person_id: int, room_id: int, seq: int) -> MailReport | None:
        row = await self._database.read(lambda c: c.fetchrow(queries.EXPLAIN, person_id, room_id, seq))
        return None if row is None else MailReport(**row)

    async def last_of(self, person_id: int, limit: int) -> list[tuple[int, int, MailReport]]:
        rows = await self._database.read(lambda c: c.fetch(queries.LAST, person_id, limit))
        return [
            (
                row["room_id"],
                row["seq"],
                MailReport(decision=row["decision"], at=row["at"], answer=row["answer"]),
            )
            for row in rows
        ]

    async def choice(self, person_id: int) -> MailChoice:
        row = await self._database.read(lambda c: c.fetchrow(queries.CHOICE, person_id))
        assert row is not None
        return MailChoice(row["seconds"], row["is_confirmed"])

    async def choose(self, person_id: int, seconds: int) -> None:
        async def choose(connection: Connection) -> None:
            await connection.execute(queries.CHOOSE, person_id, seconds)
            await connection.execute(queries.LOOK_AGAIN, person_id)

        await self._database.write(choose)

    async def unsubscribe(self, code: str) -> None:
        await self._database.write_statement(lambda c: c.execute(queries.UNSUBSCRIBE, code))


def _room(
    person_id: int,
    room_id: int,
    place: asyncpg.Record,
    rows: Sequence[asyncpg.Record],
    receiver: asyncpg.Record | None,
    mail_id: str,
    quiet: Quiet | None,
) -> MissedRoom:
    pending_id = place["pending_id"]
    is_tried = pending_id is not None and rows[0]["mail_id"] == pending_id
    has_been_there = place["root_id"] is None or place["read_seq"] != place["now_read"]
    kind = rows[0]["kind"]
    now = place["now"]
    return MissedRoom(
        person_id=person_id,
        room_id=room_id,
        receiver=None if receiver is None else Receiver(**receiver),
        room_name=rows[0]["room_name"] if kind in ("room", "lobby") else None,
        mail_id=pending_id if is_tried else mail_id,
        root_id=place["root_id"],
        tries=place["tries"] if is_tried else 0,
        read_seq=place["now_read"],
        messages=[
            MissedMessage(
                message_id=row["message_id"],
                seq=row["seq"],
                sender=row["sender"] or "",
                text=row["text"],
                facts=_facts(
                    row,
                    receiver is not None,
                    now - free_at(quiet, row["sender_id"], now + (row["wait"] or 0.0), now),
                    is_there=row["is_there"],
                    tries=place["tries"] if is_tried else 0,
                    is_newest=is_tried or has_been_there,
                ),
            )
            for row in rows
        ],
    )


def _facts(
    row: asyncpg.Record,
    has_device: bool,
    age: float,
    *,
    is_there: bool = True,
    tries: int = 0,
    is_newest: bool = True,
) -> Facts:
    return Facts(
        is_own=row["is_own"],
        is_deleted=row["is_deleted"],
        is_there=is_there,
        is_blocked=row["is_blocked"],
        notify=row["notify"],
        is_for_one=row["is_for_one"],
        is_direct=row["is_direct"],
        is_followed=row["is_followed"],
        has_device=has_device,
        is_read=row["is_read"],
        age=age,
        tries=tries,
        latest=DAY,
        is_newest=is_newest,
    )
