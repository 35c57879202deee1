"""The people of a room, from a query's row."""

import asyncpg

from chat.domain.entities import Pair, Peer, People, SupportOf


def people_of(row: asyncpg.Record) -> People:
    """Return the people by `low_id` and `high_id`, or `person_id` and `person_name`; None: NULL in both. Sync."""
    if row["low_id"] is not None:
        return Pair(row["low_id"], row["high_id"])
    return None if row["person_id"] is None else SupportOf(Peer(row["person_id"], row["person_name"]))
