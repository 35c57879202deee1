"""The use case of clean-ups for all protocols, and what it reads from the storage."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from chat.domain.entities import Person
from chat.domain.features import Port
from chat.domain.messages.changes import Deleted, Deletion
from chat.domain.refusals import Code, Refusal
from chat.domain.timestamps import current_time
from chat.engine.services import EngineServices

MOST = 200
"""Messages that are deleted for one request."""

_AT_ONCE = 50
"""Deletions in one commit at most, for which a message of somebody else may wait."""

_AGAIN = Code.UNAVAILABLE, Code.OUTCOME_UNKNOWN
"""The codes of refusals after which the request may be repeated."""


class Found(NamedTuple):
    """Messages by room id and seq, the newest first; the next ones are below `next_id`. None: those are all."""

    messages: Sequence[tuple[int, int]]
    next_id: int | None


class Cleaned(NamedTuple):
    """How many messages were deleted; the next ones are below `next_id`. None: no more."""

    deleted: int
    next_id: int | None


class RecentMessages(Protocol):
    """Reads recent messages. Every method may raise StorageDown. Cancelling changes nothing."""

    async def find(
        self, moderator_id: int, person_id: int, since: float, before_id: int | None, most: int
    ) -> Found:
        """Return texts of a person since a time (Unix seconds) in the rooms that the moderator moderates.

        Args:
            before_id: only messages of the log below this id; None: all.
            most: how many at most. It may return fewer, with a `next_id`, when it has read for long enough.
        """
        ...


RECENT_MESSAGES = Port[RecentMessages]("recent messages")


async def clean_up(
    services: EngineServices, by: Person, person_id: int, seconds: float, before_id: int | None
) -> Cleaned | Refusal:
    """Delete what a person said in the last `seconds`, the newest first, in rooms that `by` moderates.

    Each deletion is checked again as it is committed, and is in the audit. A part is done for one call: the next one
    goes on below `next_id`. A refusal: the database fails; some may be deleted. Raises StorageDown. Cancelling: some
    may be deleted.
    """
    since = current_time() - seconds
    found = await services.feature_ports[RECENT_MESSAGES].find(by.id, person_id, since, before_id, MOST)
    deleted = 0
    for start in range(0, len(found.messages), _AT_ONCE):
        some, now = found.messages[start : start + _AT_ONCE], current_time()
        writes = [Deletion(room_id, seq, by.id, now) for room_id, seq in some]
        outcomes = await services.writes.write_all(writes)
        deleted += len([each for each in outcomes if isinstance(each, Deleted)])
        for each in outcomes:
            if isinstance(each, Refusal) and each.code in _AGAIN:
                return each
    return Cleaned(deleted, found.next_id)
