"""What an upgrade of the tables will do: which migrations are missing, which tables they lock, and for how long.

The statements are read, not run. A statement that reads or writes a whole table takes time by its rows; any other one
changes the catalog only.
"""

import re
from collections.abc import Iterator, Sequence

import asyncpg
import msgspec

from chat.storage.postgres.migration_files import Migration

_ROWS_A_SECOND = 200_000
"""Measured on two slow cores: a million messages go through all migrations in five seconds."""
_LEAST = 0.05
"""Seconds of a migration that only changes the catalog."""

_COMMENT = re.compile(r"--[^\n]*")
_BODY = re.compile(r"(\$\w*\$).*?\1", re.DOTALL)
_NAME = r"(?:ONLY\s+)?(?:IF\s+(?:NOT\s+)?EXISTS\s+)?\"?(\w+)\"?"
_LOCKS = re.compile(
    rf"\bALTER\s+TABLE\s+{_NAME}|\bDROP\s+TABLE\s+{_NAME}|\bLOCK\s+TABLE\s+{_NAME}"
    rf"|\bCREATE\s+(?:UNIQUE\s+)?INDEX\b[^;]*?\bON\s+{_NAME}"
    rf"|\bCREATE\s+(?:CONSTRAINT\s+)?TRIGGER\b[^;]*?\bON\s+{_NAME}"
    rf"|\bUPDATE\s+{_NAME}\s+SET\b|\bDELETE\s+FROM\s+{_NAME}|\bREFERENCES\s+{_NAME}",
    re.IGNORECASE,
)
_READS = re.compile(
    rf"\bCREATE\s+(?:UNIQUE\s+)?INDEX\b[^;]*?\bON\s+{_NAME}|\bUPDATE\s+{_NAME}\s+SET\b|\bDELETE\s+FROM\s+{_NAME}"
    rf"|\b(?:FROM|JOIN)\s+{_NAME}",
    re.IGNORECASE,
)
_REWRITES = re.compile(
    r"\bTYPE\s|\bSET\s+NOT\s+NULL|\bVALIDATE\b|\bADD\s+(?:CONSTRAINT\s+\w+\s+)?(?:CHECK|UNIQUE|PRIMARY|FOREIGN)\b"
    r"|\bIDENTITY\b|\bSTORED\b",
    re.IGNORECASE,
)
_ROWS = """
SELECT relname, greatest(reltuples, 0)::bigint AS rows FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"""


class PendingMigration(msgspec.Struct, frozen=True):
    """A migration to apply, the rows of each existing table that it locks, and about how many seconds it takes."""

    name: str
    locks: dict[str, int]
    seconds: float


class UpgradePlan(msgspec.Struct, frozen=True):
    """An upgrade from a schema (0: there are no tables) to this release's newest.

    `unindexed` is how many changes of the log the search index has yet to read.
    """

    schema: int
    newest: int
    pending: tuple[PendingMigration, ...]
    unindexed: int

    @property
    def seconds(self) -> float:
        """About how long it takes."""
        return sum(each.seconds for each in self.pending)


async def plan_migrations(
    connection: "asyncpg.Connection[asyncpg.Record]", missing: Sequence[Migration]
) -> tuple[PendingMigration, ...]:
    """Return what the missing migrations will do to the tables there are. Asyncio-flavoured; it only reads."""
    rows = {row["relname"]: row["rows"] for row in await connection.fetch(_ROWS)}
    return tuple(_planned(migration, rows) for migration in missing)


def _planned(migration: Migration, rows: dict[str, int]) -> PendingMigration:
    locks: dict[str, int] = {}
    read = 0
    for statement in _statements(migration.text):
        locked = [name for name in _names(_LOCKS, statement) if name in rows]
        locks |= {name: rows[name] for name in locked}
        read += sum(rows.get(name, 0) for name in _names(_READS, statement))
        if _REWRITES.search(statement) and "NOT VALID" not in statement.upper():
            read += sum(rows[name] for name in locked[:1])
    name = f"{migration.version:04}_{migration.name}"
    return PendingMigration(name, dict(sorted(locks.items())), _LEAST + read / _ROWS_A_SECOND)


def _statements(text: str) -> Iterator[str]:
    yield from _BODY.sub("", _COMMENT.sub("", text)).split(";")


def _names(pattern: re.Pattern[str], statement: str) -> list[str]:
    return [next(filter(None, found.groups())).lower() for found in pattern.finditer(statement)]
