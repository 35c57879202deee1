"""The full-text search of a storage."""

from typing import Protocol

import msgspec

from chat.domain.features import Port
from chat.domain.messages.sync_types import MessageNow
from chat.features.search.query import Query

MOST_RANKED = 200
"""Newest matches that are ranked; older ones are not."""


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """A search in the rooms of a person: at most `limit` messages, within `most_bytes` of text as JSON.

    It finds the newest matches with ids below `before_id`. With `is_best` it ranks the MOST_RANKED newest, the best
    first. `room_id`, `sender_id`, `since` and `before` (Unix seconds) narrow it, and so does `has`: a message must have
    each of these, "link", "file" or a kind of files. With `in_names` the words are those of the names of files.
    """

    person_id: int
    query: Query
    has: tuple[str, ...] = ()
    in_names: bool = False
    room_id: int | None = None
    sender_id: int | None = None
    since: float | None = None
    before: float | None = None
    before_id: int = 2**63 - 1
    is_best: bool = False
    limit: int
    most_bytes: int


class Progress(msgspec.Struct, frozen=True):
    """The log id up to which messages are indexed. `is_ours`: this server is the one that indexes now.

    `is_bucketed`: no older message lacks its bucket, or another server sees to it. `is_marked`: the same of what a
    message has (`words.marks_of`).
    """

    last_id: int
    is_ours: bool = True
    is_bucketed: bool = True
    is_marked: bool = True


class SearchIndex(Protocol):
    """Messages by their words (`words.py`). A message is found shortly after its commit."""

    async def find(self, search: Search) -> list[MessageNow]:
        """Return the matching messages in their current state, without deleted ones."""
        ...

    async def index(self, most_bytes: int) -> Progress:
        """Index further changes of the log, about `most_bytes` of text.

        Without any, give older messages their bucket, and then what they have.

        One server indexes at a time; a call by another changes nothing.
        """
        ...


INDEX = Port[SearchIndex]("search index")
