"""What features add to the client: types, events and calls.

Made from the server's features by `make protocol-types`; a test compares. Programs take these names from `chat.client`.
"""

from chat.client.calls import Calls
from chat.client.events import FeatureChange
from chat.client.structs import Value
from chat.client.wire import Message, Sender

__all__ = ["Pinned", "PinnedMessage", "Trimmed"]


class PinnedMessage(Value, kw_only=True, frozen=True):
    """A pinned message in its current state, and when and by whom it was pinned."""

    at: int
    by: Sender | None = None
    message: Message


class _PinnedMessages(Value, kw_only=True, frozen=True):
    """The pinned messages of a room, the newest pin first."""

    pins: tuple[PinnedMessage, ...] = ()


class _PinCount(Value, kw_only=True, frozen=True):
    """How many messages of the room are pinned now."""

    pins: int = 0


class Pinned(FeatureChange, kw_only=True, frozen=True):
    """A message is pinned now, or no more."""

    seq: int
    on: bool = True
    by: int | None = None


class Trimmed(FeatureChange, kw_only=True, frozen=True):
    """The messages of the room below `first` are removed."""

    first: int = 0


EVENTS: dict[str, type[FeatureChange]] = {
    "pinned": Pinned,
    "trimmed": Trimmed,
}
"""Events of features by the `type` of the frame."""


class FeatureCalls(Calls):
    """Calls of features, which are methods of `Chat`."""

    async def pins(self, room: int) -> tuple[PinnedMessage, ...]:
        """List the pinned messages of a room.

        Returns:
            The pinned messages of a room, the newest pin first.

        Cancelling: nothing happens.
        """
        return (await self._call("GET", f"/rooms/{room}/pins", _PinnedMessages)).pins

    async def pin(self, room: int, seq: int) -> int:
        """Pin a message, for everybody in the room.

        Returns:
            How many messages of the room are pinned now.

        Cancelling: it may be done or not.
        """
        return (await self._call("PUT", f"/rooms/{room}/pins/{seq}", _PinCount)).pins

    async def unpin(self, room: int, seq: int) -> int:
        """Unpin a message.

        Returns:
            How many messages of the room are pinned now.

        Cancelling: it may be done or not.
        """
        return (await self._call("DELETE", f"/rooms/{room}/pins/{seq}", _PinCount)).pins
