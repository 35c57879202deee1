"""Addresses of invitations in PostgreSQL."""

from collections.abc import Sequence

from chat.domain.text.rules import same_name_key
from chat.features.invites.mailed import Known
from chat.storage.postgres.database import Database
from chat.storage.postgres.invites import count_open_invites
from chat.storage.postgres.session import Connection

_HERE = "SELECT email_key FROM users WHERE email_key = ANY ($1)"
# Mails that belong to nobody here are invitations.
_MAILED = (
    "SELECT address FROM mails WHERE user_id IS NULL AND created_at > clock_timestamp() - interval '1 day'"
)


class PostgresInvited:
    """The port `Invited`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def known(self, keys: Sequence[str]) -> Known:
        async def read(connection: Connection) -> Known:
            here = await connection.fetch(_HERE, keys)
            mailed = await connection.fetch(_MAILED)
            return Known(
                frozenset(row["email_key"] for row in here),
                frozenset(same_name_key(row["address"]) for row in mailed),
            )

        return await self._database.read(read)

    async def open_count(self, maker_id: int) -> int:
        return await self._database.read(lambda connection: count_open_invites(connection, maker_id))
