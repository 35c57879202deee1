"""Slow mode: in such a room each person sends one message in so many seconds. All of it is sync and pure."""

import math
from collections.abc import Mapping, Set

import msgspec

from chat.domain.entities import Draft, MessageKind, Person
from chat.domain.refusals import Code, Refusal
from chat.domain.rooms.room_rights import RoomAccess, moderates

FEWEST_SECONDS = 5
MOST_SECONDS = 21_600


class Pace(msgspec.Struct, frozen=True):
    """The seconds between two messages of a person in a room, and those until the next one; None: it is the first."""

    seconds: int
    left: float | None


def is_free(access: RoomAccess, person: Person) -> bool:
    """Whether slow mode does not apply to the person: they moderate the room, or are an admin."""
    return moderates(access, person) or person.is_admin


class Turns:
    """Decides a batch of drafts in their order; each that may be sent counts for the next one of its sender.

    `paces` are those of (room id, person id) to whom slow mode applies, `used` has the (person id, key) of saved
    messages: to send one again is no new message.
    """

    def __init__(self, paces: Mapping[tuple[int, int], Pace], used: Set[tuple[int, str]]) -> None:
        self._paces = paces
        self._used = set(used)
        self.sent: set[tuple[int, int]] = set()
        """The (room id, person id) who may send a message now, to whom slow mode applies."""

    def refusal(self, draft: Draft) -> Refusal | None:
        """Return why this draft may not be sent yet; None: it may."""
        sender, key = (draft.room_id, draft.sender_id), (draft.sender_id, draft.key or "")
        pace = self._paces.get(sender)
        if pace is None or draft.kind is not MessageKind.TEXT or key in self._used:
            return None
        left = float(pace.seconds) if sender in self.sent else pace.left
        if left is not None and left > 0:
            return slow_refusal(pace.seconds, left)
        self.sent.add(sender)
        if draft.key is not None:
            self._used.add(key)
        return None


def slow_refusal(seconds: int, left: float) -> Refusal:
    """Return the refusal of a message that comes `left` seconds too early."""
    wait = max(1, math.ceil(left))
    text = f"slow mode: one message in {seconds} s in this room, wait {wait} s"
    return Refusal(Code.TOO_MANY, text, retry_after=left, reason="slow_mode")
