"""The ledger of pushes in PostgreSQL."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import asyncpg
from msgspec import structs

from chat.domain.messages.explanation import DeviceReport, Explanation
from chat.features.push import ledger_statements as queries
from chat.features.push.delivery import DeliveryState
from chat.features.push.keys import Report
from chat.features.push.ledger import (
    Claimed,
    Device,
    Outcome,
    Step,
    Unanswered,
    Upcoming,
)
from chat.features.push.quiet_hours import Quiet, free_at
from chat.features.push.quiet_reading import read_quiet
from chat.features.push.rules import Decision, Facts, decide, rule_of
from chat.features.push.subscriptions import Subscription
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import ASYNC_COMMIT, Connection

_STEP = 1000
"""Entries of the log in one step."""

_MOST_PEOPLE = 2000
"""Decisions whose people are looked at before their time comes."""


class PostgresLedger:
    """The port `Ledger`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._clock = float("inf")  # the database's, when it was read last

    async def decide(self, delay: float) -> Step:
        async def step(connection: Connection) -> Step:
            await connection.execute(queries.LOCK_STEPS)
            place = await connection.fetchrow(queries.PLACE)
            assert place is not None
            # The ids of commits ascend: what is not seen up to the newest one will never be there.
            have_any = await connection.fetchval(queries.HAVE_ANY)
            last_id = min(place["newest"], place["last_id"] + _STEP) if have_any else place["newest"]
            if last_id == place["last_id"] and not place["is_new"]:
                return Step(last_id, False, {})
            # A crash of PostgreSQL may undo this step as a whole: it is done again.
            await connection.execute(ASYNC_COMMIT)
            rows = []
            if have_any:
                rows = await connection.fetch(queries.CANDIDATES, place["last_id"], last_id)
            decisions = [decide(_facts(row)) for row in rows]
            if rows:
                waits = [
                    delay - min(max(row["age"], 0.0), delay) if made is Decision.WAITING else None
                    for row, made in zip(rows, decisions, strict=True)
                ]
                await connection.execute(
                    queries.INSERT,
                    *_columns(rows, "message_id", "person_id", "room_id", "seq"),
                    decisions,
                    waits,
                    [rule_of(_facts(row)) for row in rows],
                )
            await connection.execute(queries.GO_ON, last_id)
            return Step(last_id, last_id < place["newest"], dict(Counter(decisions)))

        return await self._database.write(step)

    async def upcoming(self, *, with_people: bool = True) -> Upcoming:
        most = _MOST_PEOPLE if with_people else 0
        row = await self._database.read(lambda c: c.fetchrow(queries.UPCOMING, most))
        assert row is not None
        before, self._clock = self._clock, row["now"]
        if row["now"] < before - 1 and row["wait"] is not None:
            await self._set_back()
            return Upcoming(0.0, row["people"])
        return Upcoming(row["wait"], row["people"])

    async def _set_back(self) -> None:
        async def mend(connection: Connection) -> None:
            await connection.execute(queries.SET_BACK)
            await connection.execute(queries.RELEASE)

        await self._database.write(mend)

    async def claim(self, most: int) -> list[Claimed]:
        async def claim(connection: Connection) -> list[Claimed]:
            await connection.execute(queries.LOCK_CLAIMS)
            rows = await connection.fetch(queries.CLAIM_DUE, most)
            if not rows:
                return []
            pairs = _columns(rows, "message_id", "person_id")
            late = {(row["message_id"], row["person_id"]): row["late"] for row in rows}
            now: float = rows[0]["now"]
            found = await connection.fetch(queries.CLAIMED, *pairs)
            people = list({row["person_id"] for row in rows})
            devices: defaultdict[int, list[Device]] = defaultdict(list)
            for row in await connection.fetch(queries.DEVICES, people):
                devices[row["person_id"]].append(_device(row))
            tried = {
                (row["message_id"], row["person_id"], row["session_id"]): row
                for row in await connection.fetch(queries.TRIED, *pairs)
            }
            badges = {
                row["person_id"]: row["badge"] for row in await connection.fetch(queries.BADGES, people)
            }
            quiet = await read_quiet(connection, people)
            return [
                _claimed(
                    row,
                    now,
                    quiet.get(row["person_id"]),
                    late[row["message_id"], row["person_id"]],
                    devices[row["person_id"]],
                    tried,
                    badges[row["person_id"]],
                )
                for row in found
            ]

        return await self._database.write(claim)

    async def note(self, unanswered: Sequence[Unanswered]) -> None:
        # One message to the database: it carries that out also if this process ends right then.
        await self._database.write_statement(
            lambda connection: connection.execute(
                queries.UNANSWERED,
                [each.message_id for each in unanswered],
                [each.person_id for each in unanswered],
                [each.session_id for each in unanswered],
                [each.device for each in unanswered],
                [each.lost for each in unanswered],
                [each.silent for each in unanswered],
                [each.claim for each in unanswered],
            )
        )

    async def record(self, outcomes: Sequence[Outcome]) -> None:
        # After an outage there may be those of two claims: one that was sent counts, or else the later one.
        ordered = sorted(outcomes, key=lambda each: (each.decision is Decision.SENT, each.claim))
        outcomes = list({(each.message_id, each.person_id): each for each in ordered}.values())
        made = [(each, delivered) for each in outcomes for delivered in each.deliveries]

        async def record(connection: Connection) -> None:
            places = [each.message_id for each in outcomes], [each.person_id for each in outcomes]
            decisions, claims = [each.decision for each in outcomes], [each.claim for each in outcomes]
            again = [each.again for each in outcomes]
            settled = await connection.execute(queries.SETTLE, *places, decisions, again, claims)
            if int(settled.split()[-1]) < len(outcomes):
                await connection.execute(queries.SETTLE_LATE, *places, decisions, claims)
            if made:
                await connection.execute(
                    queries.DELIVERED,
                    [each.message_id for each, _ in made],
                    [each.person_id for each, _ in made],
                    [one.device.subscription.session_id for _, one in made],
                    [one.device.name for _, one in made],
                    [one.state for _, one in made],
                    [one.status for _, one in made],
                    [one.error for _, one in made],
                    [one.seconds for _, one in made],
                    [each.tries for each, _ in made],
                    [one.device.lost + one.is_lost for _, one in made],
                    [one.device.silent for _, one in made],
                    [each.claim for each, _ in made],
                )
            held = [
                (one.device.subscription, one.held)
                for _, one in made
                if one.held is not None and not one.device.held
            ]
            if held:
                subscriptions, seconds = zip(*held, strict=True)
                await connection.execute(queries.HOLD, *_places(subscriptions), seconds)
            gone = [one.device.subscription for _, one in made if one.state is DeliveryState.GONE]
            if gone:
                await connection.execute(queries.GONE, *_places(gone))

        await self._database.write(record)

    async def report(self, report: Report, *, is_clicked: bool) -> bool:
        done = await self._database.write_statement(
            lambda c: c.execute(queries.REPORTED, *report, is_clicked)
        )
        return int(done.split()[-1]) > 0

    async def forget(self, most: int) -> int:
        done = await self._database.write_statement(lambda c: c.execute(queries.FORGET, most))
        return int(done.split()[-1])

    async def explain(self, person_id: int, room_id: int, seq: int) -> Explanation | None:
        async def read(connection: Connection) -> list[Explanation]:
            # First: a row that is missing afterwards was never made.
            decided = await connection.fetchrow(queries.DECIDED, room_id, seq)
            rows = await connection.fetch(queries.EXPLAIN, person_id, room_id, seq)
            if not rows and decided is not None:
                return await _without_row(connection, person_id, room_id, seq, decided)
            return await _explained(connection, person_id, rows)

        found = await self._database.read(read)
        return found[0] if found else None

    async def last_of(self, person_id: int, limit: int) -> list[Explanation]:
        async def read(connection: Connection) -> list[Explanation]:
            rows = await connection.fetch(queries.LAST, person_id, limit)
            return await _explained(connection, person_id, rows)

        return await self._database.read(read)


async def _explained(
    connection: Connection, person_id: int, rows: Sequence[asyncpg.Record]
) -> list[Explanation]:
    reports: defaultdict[int, list[DeviceReport]] = defaultdict(list)
    ids = [row["message_id"] for row in rows]
    for row in await connection.fetch(queries.REPORTS, person_id, ids):
        message_id, *fields = row.values()
        reports[message_id].append(DeviceReport(**dict(zip(_REPORT, fields, strict=True))))
    return [
        Explanation(
            room_id=row["room_id"],
            seq=row["seq"],
            decision=row["decision"],
            rule=row["rule"],
            at=row["at"],
            held_until=row["held_until"],
            deliveries=reports[row["message_id"]],
        )
        for row in rows
    ]


async def _without_row(
    connection: Connection, person_id: int, room_id: int, seq: int, message: asyncpg.Record
) -> list[Explanation]:
    """Explain a message of which the ledger has no row: it is the person's own, or no browser received pushes then."""
    rows = await connection.fetch(queries.CANDIDATE, message["id"] - 1, message["id"], person_id)
    return [
        Explanation(
            room_id=room_id,
            seq=seq,
            decision=decide(structs.replace(_facts(row), has_device=False)),
            rule=rule_of(_facts(row)),
            at=message["at"],
        )
        for row in rows
    ]


_REPORT = ("device", "state", "status", "error", "at", "shown_at", "clicked_at")


def _facts(row: asyncpg.Record) -> Facts:
    return Facts(
        is_own=row["is_own"],
        is_deleted=row["is_deleted"],
        is_blocked=row["is_blocked"],
        notify=row["notify"],
        is_for_one=row["is_for_one"],
        is_direct=row["is_direct"],
        is_followed=row["is_followed"],
        has_device=row["has_device"],
        is_read=row["is_read"],
        age=row["age"],
    )


def _claimed(
    row: asyncpg.Record,
    now: float,
    quiet: Quiet | None,
    late: float,
    devices: Sequence[Device],
    tried: Mapping[tuple[int, int, int], asyncpg.Record],
    badge: int,
) -> Claimed:
    place = row["message_id"], row["person_id"]
    is_held = row["is_held"]
    came = now - max(row["age"] or 0.0, 0.0)  # a message of the future was sent before the clock was set back
    free = free_at(quiet, row["sender_id"], came, now)
    facts = Facts(
        is_own=row["is_own"],
        is_deleted=row["is_deleted"],
        is_there=row["is_there"],
        is_blocked=row["is_blocked"],
        notify=row["notify"],
        is_for_one=row["is_for_one"],
        is_direct=row["is_direct"],
        is_followed=row["is_followed"],
        has_device=bool(devices),
        is_read=row["is_read"],
        age=late if is_held else now - free,
        tries=0 if is_held else row["tries"] - 1,
        is_due=True,
        quiet=max(free - now, 0.0),
    )
    return Claimed(
        message_id=row["message_id"],
        person_id=row["person_id"],
        room_id=row["room_id"],
        seq=row["seq"],
        facts=facts,
        is_sent=row["is_sent"],
        is_held=is_held,
        late=late,
        sender=row["sender"] or "",
        text=row["text"] or "",
        has_text=row["has_text"],
        room_name=row["room_name"] if row["kind"] in ("room", "lobby") else None,
        claim=row["tries"],
        devices=[
            now_device
            for each in devices
            if (
                now_device := _still(
                    each, row["tries"], is_held, tried.get((*place, each.subscription.session_id))
                )
            )
        ],
        badge=badge,
    )


def _device(row: asyncpg.Record) -> Device:
    subscription = Subscription(
        session_id=row["session_id"],
        person_id=row["person_id"],
        endpoint=row["endpoint"],
        p256dh=row["p256dh"],
        auth=row["auth"],
    )
    return Device(subscription=subscription, name=row["name"], held=row["held"])


def _still(device: Device, claim: int, is_held: bool, tried: asyncpg.Record | None) -> Device | None:
    """Return a browser with its earlier tries; None: the push is not sent to it again. Pure."""
    if tried is None:
        # Claims in quiet hours sent nothing.
        return structs.replace(device, silent=0 if is_held else claim - 1)
    if tried["has_ended"]:
        return None
    silent = tried["silent"] + max(claim - tried["claim"] - 1, 0)
    return structs.replace(device, lost=tried["lost"], silent=silent)


def _places(subscriptions: Sequence[Subscription]) -> tuple[list[int], list[str]]:
    return [each.session_id for each in subscriptions], [each.endpoint for each in subscriptions]


def _columns(rows: Sequence[asyncpg.Record], *names: str) -> list[list[int]]:
    return [[row[name] for row in rows] for name in names]
