"""What each of our connections is set to, once it is made: commits that last, and plans that use indexes."""

from typing import TypeAlias

import asyncpg
import structlog

Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)

# Every query of ours is made for an index. A planner that is asked while a table is young, or knows little of it,
# would rather read all of it, and keeps that plan; it may also sort a whole room of which the end is wanted. With one
# index for each there is one plan for all values: to plan what a sync asks anew each time takes longer than to run it.
#
# What is acknowledged must survive a power cut, whatever the database or the role is set to. `local` and stronger
# ones are left as they are: with each of them a commit is on this machine's disk.
#
# A server that is stopped (SIGSTOP, a frozen machine) in the middle of a transaction holds the log's row: PostgreSQL
# ends that transaction before a commit of another server gives up.
_SET_UP = """
SELECT set_config('enable_seqscan', 'off', false), set_config('enable_bitmapscan', 'off', false),
       set_config('jit', 'off', false), set_config('plan_cache_mode', 'force_generic_plan', false),
       set_config('idle_in_transaction_session_timeout', $1, false),
       CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', false) END"""

LAZILY = "SELECT set_config('synchronous_commit', 'off', true)"
"""Of a transaction, or in the one statement that is one: its commit does not wait for the disk, nor does any other
commit wait for its share of it.

Only for what nobody is told of: a crash of PostgreSQL may take back what it committed within its last second.
"""

_LASTING = "SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off' ORDER BY name"

logger = structlog.get_logger(__name__)


async def set_up(connection: Connection, timeout: float) -> None:
    """Set a new connection up for operations that take at most so many seconds; asyncio-flavoured."""
    await connection.fetchrow(_SET_UP, str(int(timeout * 1000 / 2)))


async def warn_of_losses(connection: Connection) -> None:
    """Say what makes PostgreSQL itself forget commits, which no connection can change; asyncio-flavoured."""
    for row in await connection.fetch(_LASTING):
        logger.warning(
            "a power failure may lose acknowledged writes: turn this PostgreSQL setting on", off=row["name"]
        )
