"""Finds rows by any part of a name: among the first ones, where a frequent part fills the page, or else by an index."""

import asyncpg

from chat.storage.postgres.session import Connection

NEAR = 500
"""Rows, in the order of the page, that are looked at before the index, which has many of frequent parts."""

_LONGEST_PART = 3
"""Characters, as in `name_parts` (sql/0030_name_parts.sql)."""


async def find_by_part(
    connection: Connection, near: str, by_parts: str, key: str, *asked: object, limit: int
) -> list[asyncpg.Record]:
    """Return a page of the rows with `key` in their name; asyncio-flavoured.

    `near` looks at the first NEAR rows, with $1 as the key, then `asked`, and the limit. `by_parts` looks into an
    index, and has the parts of the key as one more argument.
    """
    found = await connection.fetch(near, key, *asked, limit)
    if len(found) < limit:
        found = await connection.fetch(by_parts, key, *asked, limit, parts_of(key))
    return found


def parts_of(key: str) -> list[str]:
    """Return the longest parts of a name that the index has. Sync and pure."""
    size = min(len(key), _LONGEST_PART)
    return sorted({key[first : first + size] for first in range(len(key) - size + 1)})
