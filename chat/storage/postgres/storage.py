"""The whole PostgreSQL storage, wired."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from chat.domain.ports import Changed
from chat.storage.postgres.asyncio_bridge import open_asyncio
from chat.storage.postgres.audit import PostgresAudit
from chat.storage.postgres.contacts import PostgresContacts
from chat.storage.postgres.database import Database, DatabaseAddress, open_database
from chat.storage.postgres.files import PostgresFiles
from chat.storage.postgres.listener import tell_of_changes
from chat.storage.postgres.messages import PostgresMessages
from chat.storage.postgres.migrations import known_migrations, migrate
from chat.storage.postgres.names import note_older_names
from chat.storage.postgres.nodes import PostgresNodes
from chat.storage.postgres.rooms import PostgresRooms
from chat.storage.postgres.search import PostgresSearchIndex
from chat.storage.postgres.sessions import PostgresSessions
from chat.storage.postgres.set_up import PostgresSetUp
from chat.storage.postgres.settings import PostgresSettings
from chat.storage.postgres.timelines import PostgresTimelines
from chat.storage.postgres.users import PostgresUsers
from chat.storage.postgres.writer import Writer, WriterLock, open_writer


class PostgresStorage:
    """The port `Storage`."""

    def __init__(
        self, address: DatabaseAddress, database: Database, writer: Writer, *, query_timeout: float
    ) -> None:
        self._address = address
        self._query_timeout = query_timeout
        self._database = database
        self.users = PostgresUsers(database)
        self.rooms = PostgresRooms(database)
        self.messages = PostgresMessages(database, writer)
        self.timelines = PostgresTimelines(database)
        self.search = PostgresSearchIndex(database)
        self.contacts = PostgresContacts(database)
        self.nodes = PostgresNodes(database)
        self.sessions = PostgresSessions(database)
        self.set_up = PostgresSetUp(database)
        self.settings = PostgresSettings(database)
        self.audit = PostgresAudit(database)
        self.files = PostgresFiles(database)

    async def ping(self) -> None:
        await self._database.read(lambda connection: connection.fetchval("SELECT 1"))

    async def watch(self, people: Changed, rooms: Changed, settings: Changed) -> None:
        await tell_of_changes(self._address, people, rooms, settings, timeout_each=self._query_timeout)


@asynccontextmanager
async def open_postgres_storage(
    address: DatabaseAddress,
    *,
    pool_size: int,
    query_timeout: float,
    commit_timeout: float,
    shared: bool = False,
) -> AsyncGenerator[PostgresStorage]:
    """Bring the schema up to date and serve it for as long as the block lasts.

    Timeouts are in seconds, for one query and for one commit. `shared` says that this server hears of what others
    write (it has a bus): only servers of which all do so may be there together. Raises CannotStart.
    Cancelling: a write under way is over first, by its own deadline.
    """
    lock = WriterLock.SHARED if shared else WriterLock.EXCLUSIVE
    async with open_asyncio():
        await migrate(address, connect_timeout=query_timeout, migrations=known_migrations())
        async with (
            open_database(address, pool_size=pool_size, query_timeout=query_timeout) as database,
            open_writer(address, timeout_each=commit_timeout, lock=lock) as writer,
        ):
            await note_older_names(database)
            yield PostgresStorage(address, database, writer, query_timeout=query_timeout)


@asynccontextmanager
async def open_shared_postgres_storage(
    address: DatabaseAddress, *, query_timeout: float
) -> AsyncGenerator[PostgresStorage]:
    """Serve also while a server runs on the same database, which reads what is saved here. Raises CannotStart."""
    async with open_asyncio():
        await migrate(address, connect_timeout=query_timeout, migrations=known_migrations())
        async with open_database(address, pool_size=1, query_timeout=query_timeout) as database:
            await note_older_names(database)
            writer = Writer(
                address, query_timeout, lock=WriterLock.NONE
            )  # it connects when something is saved
            try:
                yield PostgresStorage(address, database, writer, query_timeout=query_timeout)
            finally:
                writer.disconnect()
