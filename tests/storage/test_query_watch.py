"""What the connection pool counts of its operations, on the real PostgreSQL."""

import pytest
import trio

from chat.domain.failures import StorageDown
from chat.features.registry import FEATURES
from chat.inspection.metrics import Metrics
from chat.storage.postgres.asyncio_bridge import open_asyncio
from chat.storage.postgres.database import Database, DatabaseAddress, open_database
from chat.storage.postgres.session import Connection
from chat.storage.postgres.storage import open_postgres_storage

SLEEP = "SELECT pg_sleep(60)"


def read(metrics: Metrics) -> dict[str, float]:
    samples = (sample for family in metrics._registry.collect() for sample in family.samples)
    return {sample.name + "".join(sample.labels.values()): sample.value for sample in samples}


async def sleep(connection: Connection) -> None:
    await connection.execute(SLEEP)


async def test_operations_without_a_connection_count_as_waiting(database: DatabaseAddress) -> None:
    metrics = Metrics()
    with trio.fail_after(30):
        async with (
            open_asyncio(),
            open_database(database, pool_size=2, query_timeout=20, query_watch=metrics) as pool,
        ):
            metrics.watch(pool.readings)
            async with trio.open_nursery() as nursery:
                for _ in range(5):
                    nursery.start_soon(pool.read, sleep)
                await trio.testing.wait_all_tasks_blocked()
                seen = read(metrics)
                assert (seen["chat_pool_size"], seen["chat_pool_in_use"], seen["chat_pool_waiting"]) == (
                    2,
                    2,
                    3,
                )
                nursery.cancel_scope.cancel()
            seen = read(metrics)
            assert (seen["chat_pool_in_use"], seen["chat_pool_waiting"]) == (0, 0)
            assert seen["chat_query_seconds_count"] == 5


@pytest.mark.parametrize(
    ("reason", "statement"), [("timeout", SLEEP), ("down", "SELECT 1 FROM no_such_table")]
)
async def test_a_failed_operation_is_counted_by_its_reason(
    reason: str, statement: str, database: DatabaseAddress
) -> None:
    metrics = Metrics()
    with trio.fail_after(30):
        async with (
            open_asyncio(),
            open_database(database, pool_size=1, query_timeout=0.5, query_watch=metrics) as pool,
        ):
            assert isinstance(pool, Database)
            with pytest.raises(StorageDown):
                await pool.read(lambda connection: connection.fetchval(statement))
            assert read(metrics)[f"chat_query_failures_total{reason}"] == 1


async def test_the_figures_of_the_database_and_of_the_search_are_read(database: DatabaseAddress) -> None:
    with trio.fail_after(30):
        async with open_postgres_storage(
            database, pool_size=1, query_timeout=10, commit_timeout=10, features=FEATURES
        ) as storage:
            figures = {name: value for name, _, value in await storage.figures()}
    assert figures["chat_database_bytes"] > 1_000_000
    assert figures["chat_postgres_connections"] >= 2
    assert figures["chat_postgres_max_connections"] >= figures["chat_postgres_connections"]
    assert 0 < figures["chat_postgres_xid_age"] < 2**31
    assert (figures["chat_search_lag"], figures["chat_cleaner_rooms"]) == (0, 0)
