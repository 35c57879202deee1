"""The settings of each connection: durable commits, and plans that use indexes."""

from typing import TypeAlias

import asyncpg
import structlog

Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)

# Every query is written for an index. While a table is small or has no statistics, the planner would scan all of it
# and keep that plan; it might also sort a whole room to find its end. One generic plan fits all values, and planning
# a sync's queries each time takes longer than running them.
#
# An acknowledged write must survive a power failure, whatever the database or the role is set to. `local` and stronger
# levels stay: with each of them a commit is on this machine's disk.
#
# A server that freezes (SIGSTOP) in a transaction holds the log's row. PostgreSQL ends that transaction before the
# commits of other servers time out.
_SET_UP = """
SELECT set_config('enable_seqscan', 'off', false), set_config('enable_bitmapscan', 'off', false),
       set_config('jit', 'off', false), set_config('plan_cache_mode', 'force_generic_plan', false),
       set_config('idle_in_transaction_session_timeout', $1, false),
       CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', false) END"""

ASYNC_COMMIT = "SELECT set_config('synchronous_commit', 'off', true)"
"""Makes the commit of this transaction, or of the statement that contains it, not wait for the disk.

Only for writes that are never acknowledged: a crash of PostgreSQL may undo the commits of its last second.
"""

_LASTING = "SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off' ORDER BY name"

logger = structlog.get_logger(__name__)


async def configure(connection: Connection, timeout: float) -> None:
    """Configure a new connection for operations of at most `timeout` seconds; asyncio-flavoured."""
    await connection.fetchrow(_SET_UP, str(int(timeout * 1000 / 2)))


async def warn_of_unsafe_settings(connection: Connection) -> None:
    """Log the settings with which PostgreSQL may lose commits; only its administrator can change them."""
    for row in await connection.fetch(_LASTING):
        logger.warning(
            "a power failure may lose acknowledged writes: turn this PostgreSQL setting on", off=row["name"]
        )
