"""Messages of one socket are saved in the order sent, also where one of them is refused for now.

A client has many messages in flight. When one is over budget, those behind it come a moment later, when there is budget
again: saved then, they would stand before it. So they are refused too, until the first one comes again.
"""

import math

import msgspec
import trio

from chat.domain.refusals import Code, Refusal

_GIVEN_UP = 10.0
"""Seconds after which a refused message could have been repeated and was not: its client has given it up, and is not
locked out for that. What was sent before the refusal arrived is here by then."""

_SOON = 0.1
"""Seconds to wait behind a message that may be repeated already."""


class _First(msgspec.Struct, frozen=True, gc=False):
    """The message that was refused first in a room: by its key, and from when on it may be repeated."""

    key: str
    again_at: float


class SendOrder:
    """The refused messages of one socket for which those behind them wait, one of each room. All of it is sync."""

    __slots__ = ("_first",)

    def __init__(self) -> None:
        self._first: dict[int, _First] = {}

    def refused(self, room_id: int, key: str, retry_after: float) -> None:
        """A message was refused for so many seconds: what is sent behind it waits for it."""
        now = trio.current_time()
        self._first = {room: each for room, each in self._first.items() if now < each.again_at + _GIVEN_UP}
        self._first[room_id] = _First(key, now + retry_after)

    def refusal(self, room_id: int, key: str) -> Refusal | None:
        """Return why a message has to wait for one before it; None: it need not."""
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
        """A message was not refused for now: nothing of the room waits any more."""
        self._first.pop(room_id, None)
