"""The processes of a backup go last."""

import os

import pytest

from chat.backup.connection import open_connection
from chat.backup.priority import have_queries_go_last
from chat.storage.postgres.asyncio_bridge import open_asyncio
from tests.support.server import ServerProcess

pytestmark = pytest.mark.skipif(not hasattr(os, "getpriority"), reason="the system has no priorities")


async def test_postgres_has_a_backups_queries_go_last(own_server: ServerProcess) -> None:
    async with open_asyncio(), open_connection(own_server.address) as connection:
        own = await connection.value("SELECT pg_backend_pid()")
        before = os.getpriority(os.PRIO_PROCESS, own)
        await have_queries_go_last(connection)
        assert before < os.getpriority(os.PRIO_PROCESS, own) == 19
