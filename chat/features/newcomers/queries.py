"""Newcomers in PostgreSQL."""

from chat.domain.messages.newcomers import Newcomer
from chat.storage.postgres.database import Database
from chat.storage.postgres.newcomers import newcomers


class PostgresNewcomers:
    """The port `Newcomers`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, person_id: int) -> Newcomer | None:
        found = await self._database.read(lambda connection: newcomers(connection, [person_id]))
        return found.get(person_id)
