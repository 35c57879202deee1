"""How many bytes of each table and each index there are a message."""

from typing import Any

from tests.support.saved import fetch_sql

_SIZES = """
WITH said AS (SELECT count(*) AS count FROM messages)
SELECT c.relname AS name, pg_relation_size(c.oid)
    + CASE WHEN c.reltoastrelid <> 0 THEN pg_total_relation_size(c.reltoastrelid) ELSE 0 END AS size, said.count
FROM pg_class c CROSS JOIN said
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'i', 'm')
ORDER BY size DESC, name"""


def measure_sizes(address: dict[str, Any]) -> dict[str, float]:
    """Return the bytes a message of each table and index, the largest first."""
    return {row["name"]: row["size"] / row["count"] for row in fetch_sql(address, _SIZES)}
