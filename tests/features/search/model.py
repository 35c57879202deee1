"""Search in memory: scans every message, so there is no index to write."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import trio

from chat.domain.entities import Message, MessageKind
from chat.domain.features import Port
from chat.domain.messages.files import searched_text
from chat.domain.messages.outcomes import Saved
from chat.domain.messages.sync_types import MessageNow, json_bytes
from chat.features.search.index import INDEX, MOST_RANKED, Progress, Search
from chat.features.search.words import MARK, marks_of, words_of, words_of_names

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class MemorySearchIndex:
    """The port `SearchIndex`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._messages = storage.messages
        self._timelines = storage.timelines
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {INDEX: self}

    async def find(self, search: Search) -> list[MessageNow]:
        rooms = (await self._timelines.rooms_of([search.person_id]))[search.person_id]
        if search.room_id is not None:
            rooms = {room_id: kind for room_id, kind in rooms.items() if room_id == search.room_id}
        said = [
            entry
            for room_id in rooms
            for entry in self._messages.log_of(room_id)
            if isinstance(entry, Message) and not self._messages.is_deleted(entry)
        ]
        found = [message for message in said if _is_found(message, search)]
        found = sorted(found, key=lambda message: message.id, reverse=True)
        if search.is_best:
            found = sorted(
                found[:MOST_RANKED], key=lambda message: (_rank(message, search), message.id), reverse=True
            )
        got: list[MessageNow] = []
        total = 0
        for message in found[: search.limit]:
            total += json_bytes(message)
            if got and total > search.most_bytes:
                break
            got.append(self._timelines.now.of(message, search.person_id))
        return got

    async def index(self, most_bytes: int) -> Progress:
        await trio.lowlevel.checkpoint()
        return Progress(self._messages.end_of_log())


def _is_found(message: Message, search: Search) -> bool:
    return (
        message.kind is MessageKind.TEXT
        and message.id < search.before_id
        and search.sender_id in (None, message.sender_id)
        and (search.since is None or message.created_at >= search.since)
        and (search.before is None or message.created_at < search.before)
        and {f"{MARK}{mark}" for mark in search.has} <= set(marks_of(message.text, message.files))
        and search.query.finds(_words(message, search))
    )


def _words(message: Message, search: Search) -> list[tuple[int, str]]:
    if search.in_names:
        return words_of_names(message.files)
    return words_of(searched_text(message.text, message.files))


def _rank(message: Message, search: Search) -> int:
    """Return how often the message has what is asked for."""
    words = _words(message, search)
    return sum(
        word == asked or (term.is_prefix and word.startswith(asked))
        for term in search.query.terms
        for asked in term.words
        for _, word in words
    )
