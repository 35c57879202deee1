"""The audit in PostgreSQL. An act is written in the transaction of the change that it records."""

from collections.abc import Collection, Sequence

from chat.domain.administration.audit import ACTS_KEPT, Act, AuditEntry, Named
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

_NOTE = """
INSERT INTO audit (at, by_id, what, person_id, room_id, detail)
SELECT clock_timestamp(), * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::text[])"""
_ACTS = """
SELECT audit.id, extract(epoch FROM at)::float8 AS at, what, room_id, detail,
    doer.id AS by_id, doer.name AS by_name, person.id AS person_id, person.name AS person_name
FROM audit
LEFT JOIN users AS doer ON doer.id = by_id
LEFT JOIN users AS person ON person.id = person_id
WHERE audit.id < $1 AND ($3::bigint IS NULL OR $3 IN (by_id, person_id))
    AND (cardinality($4::text[]) = 0 OR what = ANY($4))
ORDER BY audit.id DESC LIMIT $2"""
_FORGET = f"""
WITH forgotten AS (
    DELETE FROM audit WHERE id IN (
        SELECT id FROM audit WHERE at < now() - interval '{ACTS_KEPT} s' ORDER BY at LIMIT $1
    ) RETURNING id
)
SELECT count(*) > 0 FROM forgotten"""

_NEWEST = 2**63 - 1


class PostgresAudit:
    """The port `Audit`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def acts(
        self, before_id: int | None, limit: int, *, person_id: int | None = None, kinds: Collection[str] = ()
    ) -> list[AuditEntry]:
        rows = await self._database.read(
            lambda c: c.fetch(
                _ACTS, _NEWEST if before_id is None else before_id, limit, person_id, list(kinds)
            )
        )
        return [
            AuditEntry(
                id=row["id"],
                at=row["at"],
                by=named(row["by_id"], row["by_name"]),
                what=row["what"],
                person=named(row["person_id"], row["person_name"]),
                room_id=row["room_id"],
                detail=row["detail"],
            )
            for row in rows
        ]

    async def record(self, acts: Sequence[Act]) -> None:
        await self._database.write(lambda c: note(c, acts))

    async def forget_acts(self, limit: int) -> bool:
        return bool(await self._database.write(lambda c: c.fetchval(_FORGET, limit)))


async def note(connection: Connection, acts: Sequence[Act]) -> None:
    """Record acts, in the caller's transaction; asyncio-flavoured."""
    if acts:
        await connection.execute(
            _NOTE,
            [act.by_id for act in acts],
            [act.what.value for act in acts],
            [act.person_id for act in acts],
            [act.room_id for act in acts],
            [act.detail for act in acts],
        )


def named(person_id: int | None, name: str | None) -> Named | None:
    """Return a person by the name of today, or None for nobody. Sync."""
    return None if person_id is None or name is None else Named(person_id, name)
