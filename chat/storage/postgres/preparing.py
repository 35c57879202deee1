"""Prepares a batch of writes before the log is locked: refuses what newcomers may not send, and resolves references.

Asyncio-flavoured. Only batches with links, files, mentions or replies need a query.
"""

from collections.abc import Sequence

from chat.domain.messages.changes import Write
from chat.domain.messages.mentions import refers
from chat.domain.messages.newcomers import is_not_for_newcomers
from chat.domain.refusals import Refusal
from chat.storage.postgres.newcomers import refused_newcomers
from chat.storage.postgres.references import resolve
from chat.storage.postgres.writer import RawConnection


def is_to_prepare(write: Write) -> bool:
    """Whether `prepare` has anything to do with this write. Sync and pure."""
    return refers(write) or is_not_for_newcomers(write)


async def prepare(connection: RawConnection, writes: Sequence[Write]) -> list[Write | Refusal]:
    """Return the writes with their mentions, or refusals."""
    refused = await refused_newcomers(connection, writes)
    resolved = await resolve(connection, writes) if any(map(refers, writes)) else writes
    return [refused.get(nth) or write for nth, write in enumerate(resolved)]
