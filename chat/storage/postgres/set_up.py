"""How the first admin is made, in PostgreSQL."""

from chat.domain.accounts.account_changes import addition
from chat.domain.entities import Person
from chat.domain.ports import NewPerson, Taken
from chat.storage.postgres.audit import note
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection
from chat.storage.postgres.user_queries import LOCK_NAMES, USE_UP_SET_UP
from chat.storage.postgres.users import add_person

_IS_NEEDED = "SELECT NOT EXISTS (SELECT FROM users WHERE is_admin AND deleted_at IS NULL)"
_PREPARE = """
INSERT INTO set_up (id, nonce, tries_left) VALUES (1, $1, $2)
ON CONFLICT (id) DO UPDATE SET nonce = excluded.nonce, tries_left = excluded.tries_left WHERE set_up.tries_left = 0"""
_NONCE = "SELECT nonce FROM set_up"
_TAKE = "UPDATE set_up SET tries_left = tries_left - 1 WHERE tries_left > 0 RETURNING nonce"
# Of two who have the right code at once, the second waits here and then finds none.
_LOCK = "SELECT true FROM set_up FOR UPDATE"


class PostgresSetUp:
    """The port `SetUp`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def is_needed(self) -> bool:
        return bool(await self._database.read(lambda c: c.fetchval(_IS_NEEDED)))

    async def prepare(self, nonce: bytes, tries: int) -> bytes | None:
        async def prepare(connection: Connection) -> bytes | None:
            if not await connection.fetchval(_IS_NEEDED):
                # An older server keeps it beside an admin that a command makes.
                await connection.execute(USE_UP_SET_UP)
                return None
            await connection.execute(_PREPARE, nonce, tries)
            return bytes(await connection.fetchval(_NONCE))

        return await self._database.write(prepare)

    async def take_try(self) -> bytes | None:
        taken: bytes | None = await self._database.write(lambda c: c.fetchval(_TAKE))
        return taken

    async def make_admin(self, new: NewPerson) -> Person | Taken | None:
        async def make(connection: Connection) -> Person | Taken | None:
            # Before the code's lock, like all transactions that make an admin.
            await connection.execute(LOCK_NAMES)
            if not await connection.fetchval(_LOCK) or not await connection.fetchval(_IS_NEEDED):
                return None
            added = await add_person(connection, new)
            if isinstance(added, Person):
                await note(connection, [addition(added, added.id)])
            return added

        return await self._database.write(make)
