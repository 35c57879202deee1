"""Figures of the database for operators: size, age, restarts, what waits to be removed."""

from collections.abc import Sequence

from chat.storage.postgres.database import Database
from chat.storage.postgres.features import StoredFeature
from chat.storage.postgres.session import Connection

Figure = tuple[str, str, float]
"""Name, meaning and value of a metric."""

_MEANINGS = {
    "chat_database_bytes": "Size of the database",
    "chat_postgres_start_time_seconds": "When PostgreSQL started, as Unix time",
    "chat_postgres_connections": "Connections to PostgreSQL, of this server and others",
    "chat_postgres_max_connections": "Connections that PostgreSQL allows",
    "chat_postgres_xid_age": "Age of the oldest unfrozen transaction; PostgreSQL stops at two thousand million",
    "chat_postgres_longest_transaction_seconds": "Age of the longest open transaction of this database",
    "chat_cleaner_rooms": "Deleted rooms whose rows are not removed yet",
    "chat_cleaner_messages": "Messages of deleted rooms that are not removed yet",
    "chat_log_newest_id": "The newest id of the log",
}

_FIGURES = """
SELECT
    pg_database_size(current_database()) AS chat_database_bytes,
    extract(epoch FROM pg_postmaster_start_time()) AS chat_postgres_start_time_seconds,
    (SELECT count(*) FROM pg_stat_activity WHERE datname IS NOT NULL) AS chat_postgres_connections,
    current_setting('max_connections')::integer AS chat_postgres_max_connections,
    (SELECT max(age(datfrozenxid)) FROM pg_database) AS chat_postgres_xid_age,
    (SELECT coalesce(extract(epoch FROM max(now() - xact_start)), 0) FROM pg_stat_activity
     WHERE datname = current_database())
        AS chat_postgres_longest_transaction_seconds,
    (SELECT count(*) FROM rooms WHERE deleted_at IS NOT NULL) AS chat_cleaner_rooms,
    (SELECT coalesce(sum(last_seq), 0) FROM rooms WHERE deleted_at IS NOT NULL) AS chat_cleaner_messages,
    (SELECT last_id FROM lanes WHERE id = 1) AS chat_log_newest_id"""


async def read_figures(database: Database, features: Sequence[StoredFeature]) -> list[Figure]:
    """Return the figures, with those of features. Raises StorageDown. Cancelling also cancels the query."""

    async def read(connection: Connection) -> list[Figure]:
        row = await connection.fetchrow(_FIGURES)
        assert row is not None
        figures = [(name, meaning, float(row[name])) for name, meaning in _MEANINGS.items()]
        for feature in features:
            if feature.figures is not None:
                figures += await feature.figures(connection)
        return figures

    return await database.read(read)
