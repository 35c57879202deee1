"""What a search asks of a storage. Both implementations pass one contract suite, and keep what `ports` says."""

from typing import Protocol

import msgspec

from chat.domain.search_query import Query
from chat.domain.sync_types import MessageNow

MOST_RANKED = 200
"""Messages among which the best are looked for: the newest that are found."""


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """Messages that somebody looks for, in their rooms: at most `limit`, within `most_bytes` of text as JSON.

    They are the newest with ids below `before_id`; with `is_best`, of the MOST_RANKED newest those that fit best come
    first. `room_id` and `sender_id` narrow it, and so do `since` and `before`, in Unix seconds.
    """

    person_id: int
    query: Query
    room_id: int | None = None
    sender_id: int | None = None
    since: float | None = None
    before: float | None = None
    before_id: int = 2**63 - 1
    is_best: bool = False
    limit: int
    most_bytes: int


class Progress(msgspec.Struct, frozen=True):
    """Up to which id of the log messages can be found, and whether it is this server that sees to it now."""

    last_id: int
    is_ours: bool = True


class SearchIndex(Protocol):
    """Messages by their words (`domain/words.py`); they can be found a moment after they were said."""

    async def find(self, search: Search) -> list[MessageNow]:
        """Return the messages that are found, as they are now; deleted ones are not."""
        ...

    async def index(self, most_bytes: int) -> Progress:
        """Let more of what was said, edited and deleted be found, about so many bytes of text.

        One server at a time does so; for the others nothing happens.
        """
        ...
