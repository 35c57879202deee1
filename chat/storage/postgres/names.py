"""Adds the missing skeletons of names that are older than the rule against look-alikes; people keep those names."""

from functools import partial

import trio

from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.startup import CannotStart
from chat.domain.text.skeletons import name_skeletons
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

_AT_ONCE = 1000
"""People in one transaction, which takes about a tenth of a second."""

_UNKNOWN = """
SELECT id, name FROM users
WHERE id > $1 AND NOT EXISTS (SELECT FROM name_skeletons WHERE user_id = users.id) ORDER BY id LIMIT $2"""
_KEEP = """
INSERT INTO name_skeletons (skeleton, user_id)
SELECT skeleton, user_id FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS each (skeleton, user_id, place)
ORDER BY place ON CONFLICT DO NOTHING"""
_SHARE = """
INSERT INTO name_skeletons (skeleton, user_id, shared)
SELECT skeleton, user_id, user_id FROM unnest($1::text[], $2::bigint[]) AS each (skeleton, user_id)
WHERE NOT EXISTS (SELECT FROM name_skeletons WHERE user_id = each.user_id AND skeleton = each.skeleton)
ON CONFLICT DO NOTHING"""


_UNKNOWN_DISPLAYS = """
SELECT id, display_name FROM users
WHERE id > $1 AND display_name IS NOT NULL AND NOT is_visitor
    AND NOT EXISTS (SELECT FROM display_skeletons WHERE user_id = users.id) ORDER BY id LIMIT $2"""
_KEEP_DISPLAYS = """
INSERT INTO display_skeletons (skeleton, user_id)
SELECT skeleton, user_id FROM unnest($1::text[], $2::bigint[]) AS each (skeleton, user_id) ON CONFLICT DO NOTHING"""


async def index_older_names(database: Database) -> None:
    """Store the skeletons of names that have none yet; of two look-alikes the older account owns the skeleton.

    Raises CannotStart. Cancelling: some are stored, and the next call stores the rest.
    """
    try:
        for index_some in (_index_some, _index_some_displays):
            done: int | None = 0
            while done is not None:
                done = await database.write(partial(index_some, done))
    except (StorageDown, OutcomeUnknown) as error:
        # The same cancellation stops an embedded PostgreSQL, which may end before it answers.
        await trio.lowlevel.checkpoint_if_cancelled()
        raise CannotStart(f"the database does not answer: {error}") from error


async def _index_some(after_id: int, connection: Connection) -> int | None:
    """Store the skeletons of the next people and return the last id; None: nobody is left.

    Another server may do the same; its rows stay.
    """
    people = await connection.fetch(_UNKNOWN, after_id, _AT_ONCE)
    if not people:
        return None
    looks = [(skeleton, row["id"]) for row in people for skeleton in name_skeletons(row["name"])]
    columns = [skeleton for skeleton, _ in looks], [person_id for _, person_id in looks]
    await connection.execute(_KEEP, *columns)
    await connection.execute(_SHARE, *columns)
    return int(people[-1]["id"])


async def _index_some_displays(after_id: int, connection: Connection) -> int | None:
    """Like `_index_some`, for display names."""
    people = await connection.fetch(_UNKNOWN_DISPLAYS, after_id, _AT_ONCE)
    if not people:
        return None
    looks = [(skeleton, row["id"]) for row in people for skeleton in name_skeletons(row["display_name"])]
    columns = [skeleton for skeleton, _ in looks], [person_id for _, person_id in looks]
    await connection.execute(_KEEP_DISPLAYS, *columns)
    return int(people[-1]["id"])
