"""Settings changed by admins, in PostgreSQL; a trigger notifies of each change (sql/0011)."""

from collections.abc import Mapping

import msgspec

from chat.domain.administration.audit import setting_act
from chat.domain.limits.bounds import SettingValue
from chat.domain.ports import Setting
from chat.storage.postgres.audit import named, note
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

_CHANGED = """
SELECT settings.name, value::text, extract(epoch FROM settings.changed_at)::float8 AS at,
    users.id AS by_id, users.name AS by_name
FROM settings LEFT JOIN users ON users.id = changed_by ORDER BY settings.name"""
_SET = """
INSERT INTO settings (name, value, changed_at, changed_by) VALUES ($1, $2::text::jsonb, clock_timestamp(), $3)
ON CONFLICT (name) DO UPDATE
SET value = excluded.value, changed_at = excluded.changed_at, changed_by = excluded.changed_by
WHERE settings.value <> excluded.value RETURNING name"""
_TAKE_BACK = "DELETE FROM settings WHERE name = $1 RETURNING name"


class PostgresSettings:
    """The port `Settings`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def changed_settings(self) -> dict[str, Setting]:
        return await self._database.read(_changed)

    async def change_settings(
        self, changes: Mapping[str, SettingValue | None], by_id: int | None
    ) -> dict[str, Setting]:
        async def change(connection: Connection) -> dict[str, Setting]:
            done = []
            # Concurrent changes of the same settings lock in the same order.
            for name, value in sorted(changes.items()):
                if value is None:
                    is_changed = await connection.fetchval(_TAKE_BACK, name)
                else:
                    is_changed = await connection.fetchval(
                        _SET, name, msgspec.json.encode(value).decode(), by_id
                    )
                if is_changed:
                    done.append(setting_act(name, value, by_id))
            await note(connection, done)
            return await _changed(connection)

        return await self._database.write(change)


async def _changed(connection: Connection) -> dict[str, Setting]:
    """Return the changed settings; asyncio-flavoured."""
    return {
        row["name"]: Setting(
            msgspec.json.decode(row["value"]), row["at"], named(row["by_id"], row["by_name"])
        )
        for row in await connection.fetch(_CHANGED)
    }
