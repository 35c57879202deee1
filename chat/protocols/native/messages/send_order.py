"""Keeps a socket's messages in the order sent, although one of them is refused for now.

A client has many messages in flight. If one is over budget, the next may arrive when there is budget again, and would
be saved before it. So later messages of the room are refused too, until the client has repeated the first.
"""

import math

import msgspec
import trio

from chat.domain.refusals import Code, Refusal

_GIVEN_UP = 10.0
"""Seconds after which a client that could have repeated a refused message counts as having given it up, so that it is
not locked out. Messages that it sent before it received the refusal have arrived by then."""

_SOON = 0.1
"""Seconds to wait if the first message may be repeated already."""


class _First(msgspec.Struct, frozen=True, gc=False):
    """The message of a room that was refused first: its key, and from when on it may be repeated."""

    key: str
    again_at: float


class SendOrder:
    """The first refused message of each room, for one socket. Sync."""

    __slots__ = ("_first",)

    def __init__(self) -> None:
        self._first: dict[int, _First] = {}

    def refused(self, room_id: int, key: str, retry_after: float) -> None:
        """Note that a message was refused for `retry_after` seconds: later ones must wait for it."""
        now = trio.current_time()
        self._first = {room: each for room, each in self._first.items() if now < each.again_at + _GIVEN_UP}
        self._first[room_id] = _First(key, now + retry_after)

    def refusal(self, room_id: int, key: str) -> Refusal | None:
        """Return the refusal of a message that must wait for an earlier one; None if it need not wait."""
        first = self._first.get(room_id)
        now = trio.current_time()
        if first is None or first.key == key or now >= first.again_at + _GIVEN_UP:
            return None
        wait = max(first.again_at - now, _SOON)
        text = f"the message {first.key} before it was refused: repeat that first"
        return Refusal(
            Code.TOO_MANY, text, retry_after=math.ceil(wait * 10) / 10, reason="earlier_message_refused"
        )

    def done(self, room_id: int) -> None:
        """Note that a message of the room was not refused for now: nothing waits any more."""
        self._first.pop(room_id, None)
