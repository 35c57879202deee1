"""Wires the PostgreSQL storage."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager

from chat.domain.features import Ports
from chat.domain.log_events import LOG
from chat.domain.messages.review import REVIEW
from chat.domain.ports import Changed
from chat.storage.postgres.account_removals import PostgresAccountRemovals
from chat.storage.postgres.asyncio_bridge import open_asyncio
from chat.storage.postgres.audit import PostgresAudit
from chat.storage.postgres.contacts import PostgresContacts
from chat.storage.postgres.database import Database, DatabaseAddress, QueryWatch, open_database
from chat.storage.postgres.exports import PostgresExports
from chat.storage.postgres.features import StoredFeature
from chat.storage.postgres.figures import Figure, read_figures
from chat.storage.postgres.files import PostgresFiles
from chat.storage.postgres.listener import listen_for_changes
from chat.storage.postgres.messages import PostgresMessages
from chat.storage.postgres.migration_files import known_migrations
from chat.storage.postgres.migrations import migrate
from chat.storage.postgres.names import index_older_names
from chat.storage.postgres.nodes import PostgresNodes
from chat.storage.postgres.rooms import PostgresRooms
from chat.storage.postgres.sessions import PostgresSessions
from chat.storage.postgres.set_up import PostgresSetUp
from chat.storage.postgres.settings import PostgresSettings
from chat.storage.postgres.timelines import PostgresTimelines
from chat.storage.postgres.users import PostgresUsers
from chat.storage.postgres.writer import Writer, WriterLock, open_writer


class PostgresStorage:
    """The port `Storage`."""

    def __init__(
        self,
        address: DatabaseAddress,
        database: Database,
        writer: Writer,
        features: Sequence[StoredFeature] = (),
        *,
        query_timeout: float,
    ) -> None:
        self._address = address
        self._query_timeout = query_timeout
        self._database = self.database = database
        self._features = features
        self.users = PostgresUsers(database)
        self.rooms = PostgresRooms(database, features)
        self.feature_ports = Ports(
            {port: opens(database) for feature in features for port, opens in feature.ports.items()}
        )
        self.messages = PostgresMessages(database, writer, features, self.feature_ports.get(REVIEW))
        self.feature_ports[LOG] = self.messages
        self.timelines = PostgresTimelines(database, features)
        self.contacts = PostgresContacts(database)
        self.nodes = PostgresNodes(database)
        self.sessions = PostgresSessions(database)
        self.set_up = PostgresSetUp(database)
        self.settings = PostgresSettings(database)
        self.audit = PostgresAudit(database)
        self.files = PostgresFiles(database)
        self.exports = PostgresExports(database)
        self.account_removals = PostgresAccountRemovals(database)

    async def ping(self) -> None:
        await self._database.read(lambda connection: connection.fetchval("SELECT 1"))

    def readings(self) -> Iterable[Figure]:
        """Yield the metrics of the connection pool. Sync."""
        return self._database.readings()

    async def figures(self) -> list[Figure]:
        """Return the metrics that the database knows. Raises StorageDown. Cancelling also cancels the query."""
        return await read_figures(self._database, self._features)

    async def watch(self, people: Changed, rooms: Changed, settings: Changed) -> None:
        await listen_for_changes(self._address, people, rooms, settings, timeout_each=self._query_timeout)


@asynccontextmanager
async def open_postgres_storage(
    address: DatabaseAddress,
    *,
    pool_size: int,
    query_timeout: float,
    commit_timeout: float,
    shared: bool = False,
    features: Sequence[StoredFeature] = (),
    query_watch: QueryWatch | None = None,
) -> AsyncGenerator[PostgresStorage]:
    """Migrate the schema and keep the storage open for the block. Raises CannotStart.

    Args:
        query_timeout: seconds for one query.
        commit_timeout: seconds for one commit.
        shared: this server has a bus; only servers with a bus may share a database.
        features: their writes are saved, and their changes read.
        query_watch: counts the operations on the pool.

    Cancelling: a write in progress ends first, by its own deadline.
    """
    lock = WriterLock.SHARED if shared else WriterLock.EXCLUSIVE
    async with open_asyncio():
        await migrate(address, connect_timeout=query_timeout, migrations=known_migrations())
        async with (
            open_database(
                address, pool_size=pool_size, query_timeout=query_timeout, query_watch=query_watch
            ) as database,
            open_writer(address, timeout_each=commit_timeout, lock=lock) as writer,
        ):
            await index_older_names(database)
            yield PostgresStorage(address, database, writer, features, query_timeout=query_timeout)


@asynccontextmanager
async def open_shared_postgres_storage(
    address: DatabaseAddress, *, query_timeout: float, features: Sequence[StoredFeature] = ()
) -> AsyncGenerator[PostgresStorage]:
    """Keep the storage open beside a running server, which reads the log's new entries. Raises CannotStart.

    `features`: their ports are open too.
    """
    async with open_asyncio():
        await migrate(address, connect_timeout=query_timeout, migrations=known_migrations())
        async with open_database(address, pool_size=1, query_timeout=query_timeout) as database:
            await index_older_names(database)
            writer = Writer(address, query_timeout, lock=WriterLock.NONE)  # it connects at the first write
            try:
                yield PostgresStorage(address, database, writer, features, query_timeout=query_timeout)
            finally:
                writer.disconnect()
