"""The skeletons of names and display names that are older than the rule that no two look alike: people keep them."""

from functools import partial

import trio

from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.skeletons import name_skeletons
from chat.domain.startup import CannotStart
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

_AT_ONCE = 1000
"""People in one transaction: a tenth of a second or so."""

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


async def note_older_names(database: Database) -> None:
    """Note what the names look like of which that is not known yet; of two that look alike the older account is first.

    Raises CannotStart. Cancelling: some may be noted, and the others are at the next call.
    """
    try:
        for note_some in (_note_some, _note_some_displays):
            done: int | None = 0
            while done is not None:
                done = await database.write(partial(note_some, done))
    except (StorageDown, OutcomeUnknown) as error:
        # An embedded PostgreSQL is stopped by the same cancellation, and may end before it answers.
        await trio.lowlevel.checkpoint_if_cancelled()
        raise CannotStart(f"the database does not answer: {error}") from error


async def _note_some(after_id: int, connection: Connection) -> int | None:
    """Return the last id that was looked at, None where there is no more.

    Another server may be at the same people: what it has inserted is left as it is.
    """
    people = await connection.fetch(_UNKNOWN, after_id, _AT_ONCE)
    if not people:
        return None
    looks = [(skeleton, row["id"]) for row in people for skeleton in name_skeletons(row["name"])]
    columns = [skeleton for skeleton, _ in looks], [person_id for _, person_id in looks]
    await connection.execute(_KEEP, *columns)
    await connection.execute(_SHARE, *columns)
    return int(people[-1]["id"])


async def _note_some_displays(after_id: int, connection: Connection) -> int | None:
    """As `_note_some`, for display names."""
    people = await connection.fetch(_UNKNOWN_DISPLAYS, after_id, _AT_ONCE)
    if not people:
        return None
    looks = [(skeleton, row["id"]) for row in people for skeleton in name_skeletons(row["display_name"])]
    columns = [skeleton for skeleton, _ in looks], [person_id for _, person_id in looks]
    await connection.execute(_KEEP_DISPLAYS, *columns)
    return int(people[-1]["id"])
