"""What sends the log to other programs: the log itself, and the native events of its changes.

The native protocol stands above the features and hands its encoder down, when a server is opened.
"""

from collections.abc import Callable
from typing import Protocol

import msgspec

from chat.domain.features import Port
from chat.domain.messages.changes import Change


class Log(Protocol):
    """The log, as `Messages` of the storage reads it. May raise StorageDown."""

    async def read_log(self, after_id: int, limit: int, most_bytes: int) -> list[Change]:
        """As `Messages.read_log`. Cancelling changes nothing."""
        ...


class EventEncoder:
    """The events of the native protocol.

    Attributes:
        event: returns the event of a change; None: no event is sent to a room. Sync and pure.
        kinds: the types of the events.
    """

    def __init__(self) -> None:
        self.event: Callable[[Change], msgspec.Struct | None] = lambda _change: None
        self.kinds: frozenset[str] = frozenset()


LOG: Port[Log] = Port("log")
EVENTS: Port[EventEncoder] = Port("events")
