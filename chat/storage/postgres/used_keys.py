"""Which keys of drafts are those of saved messages, in PostgreSQL; asyncio-flavoured."""

from collections.abc import Iterable

from chat.domain.entities import Draft
from chat.storage.postgres.writer import RawConnection

_USED_KEYS = """
SELECT asked.sender_id, asked.client_key FROM unnest($1::bigint[], $2::text[]) AS asked(sender_id, client_key)
CROSS JOIN LATERAL (
    SELECT FROM messages m WHERE m.sender_id = asked.sender_id AND m.client_key = asked.client_key LIMIT 1
) AS used"""


async def used_keys(connection: RawConnection, drafts: Iterable[Draft]) -> set[tuple[int, str]]:
    """Return the (sender id, key) of those of these drafts that were saved before, or had the key of another one."""
    keys = sorted({(draft.sender_id, draft.key) for draft in drafts if draft.key is not None})
    rows = await connection.fetch(_USED_KEYS, *map(list, zip(*keys, strict=True))) if keys else []
    return {(row["sender_id"], row["client_key"]) for row in rows}
