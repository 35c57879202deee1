"""The kind of change: pinning a message of a room, and unpinning it; and who may. All of it is sync and pure."""

import msgspec

from chat.domain.entities import Person
from chat.domain.features import Kind
from chat.domain.messages.changes import FeatureChange, FeatureWrite
from chat.domain.messages.outcomes import Unchanged
from chat.domain.refusals import NO_MESSAGE, Code, Refusal
from chat.domain.rooms.conversations import may_speak
from chat.domain.rooms.room_rights import NOT_LEADING, Authority, RoomAccess, access_of, moderates

MOST_PINS = 50
"""Messages that are pinned in a room at once."""

_TOO_MANY = Refusal(
    Code.TOO_MANY, f"a room can have at most {MOST_PINS} pinned messages", reason="too_many_pins"
)


class Pin(FeatureWrite, frozen=True, gc=False, kw_only=True):
    """Pins the message `seq` of a room, or unpins it if not `is_on`."""

    seq: int
    is_on: bool


class Pinned(FeatureChange, frozen=True, gc=False, kw_only=True):
    """The message `seq` is pinned now, or no more."""

    seq: int
    is_on: bool


PIN = Kind("pinned", Pin, Pinned)


class PinState(msgspec.Struct):
    """What a pin is checked against, as it is under the lock of the log.

    `is_there`: the message is a text, and not deleted. `count` is the number of pins of the room.
    """

    is_there: bool
    is_pinned: bool
    count: int

    def change(self, pin: Pin, new_id: int, pos: int) -> Pinned | Unchanged | Refusal:
        """Return the change, which has these numbers; otherwise nothing changes."""
        if not self.is_there:
            return NO_MESSAGE
        if pin.is_on == self.is_pinned:
            return Unchanged(pos - 1)
        if pin.is_on and self.count >= MOST_PINS:
            return _TOO_MANY
        return Pinned(
            id=new_id,
            room_id=pin.room_id,
            pos=pos,
            actor_id=pin.actor_id,
            created_at=pin.created_at,
            people=pin.people,
            seq=pin.seq,
            is_on=pin.is_on,
        )


def may_pin(access: RoomAccess, person: Person) -> Refusal | None:
    """Return why the person may not pin and unpin messages; None: they may.

    Those may who may delete others' messages in the room, while people may write there.
    """
    return may_speak(access) if moderates(access, person) else NOT_LEADING


def pin_refusal(by: Authority) -> Refusal | None:
    """Return the same for a write, of a person as they are while the log is locked."""
    access = access_of(by)
    return access if isinstance(access, Refusal) else may_pin(access, by.person)
