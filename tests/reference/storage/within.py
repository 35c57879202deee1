"""Cuts an answer in memory to a number of bytes. Sync and pure."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from chat.domain.entities import Message
from chat.domain.messages.changes import Edited, RoomChanged
from chat.domain.messages.sync_types import MessageNow, TextVersion, json_bytes

_T = TypeVar("_T")


def within(most_bytes: int, entries: Iterable[_T]) -> Iterator[_T]:
    """Yield entries from the front while their texts have at most `most_bytes` as JSON; the first always."""
    total = 0
    for nth, entry in enumerate(entries):
        total += _text_bytes(entry)
        if nth > 0 and total > most_bytes:
            return
        yield entry


def _text_bytes(entry: object) -> int:
    match entry:
        case Message() | MessageNow():
            return json_bytes(entry)
        case TextVersion(text=text) | Edited(text=text):
            return len(msgspec.json.encode(text))
        case RoomChanged(topic=text):
            return len(msgspec.json.encode(text))
    return len(b'""')
