"""Pins in the reference model's memory. A method's work is done in one go after its checkpoint."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import trio

from chat.domain.entities import MessageKind, Peer
from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.domain.messages.sync_types import MessageNow
from chat.features.pins.changes import Pin, Pinned, PinState, pin_refusal
from chat.features.pins.use_cases import PINS, PinnedMessage

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class _Kept(msgspec.Struct):
    pos: int
    by_id: int
    created_at: float


class PinsModel:
    """The port `Pins`, and how a pin is saved."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._rooms, self._users, self._messages = storage.rooms, storage.users, storage.messages
        self._now = storage.timelines.now
        self._pins: dict[int, dict[int, _Kept]] = {}  # by room, then by seq
        self.savers: Mapping[type, Callable[[Any], Saved]] = {Pin: self._save}
        self.ports: Mapping[Port[Any], Any] = {PINS: self}

    async def list(self, reader_id: int, room_id: int) -> "list[PinnedMessage]":
        await trio.lowlevel.checkpoint()
        kept = self._left(room_id) if self._rooms.look_up(room_id) is not None else {}
        return [
            PinnedMessage(self._message(reader_id, room_id, seq), each.created_at, self._peer(each.by_id))
            for seq, each in sorted(kept.items(), key=lambda pin: pin[1].pos, reverse=True)
        ]

    async def count(self, room_id: int) -> int:
        await trio.lowlevel.checkpoint()
        return len(self._left(room_id))

    def _save(self, pin: Pin) -> Saved:
        room = self._rooms.look_up(pin.room_id)
        by = self._rooms.authority(pin.room_id, pin.actor_id, any_kind=True)
        if room is None or by is None:
            return None
        if refusal := pin_refusal(by):
            return refusal
        message, pins = self._messages.look_up(pin.room_id, pin.seq), self._left(pin.room_id)
        is_there = (
            message is not None
            and message.kind is MessageKind.TEXT
            and not self._is_deleted(pin.room_id, pin.seq)
        )
        new_id, _, pos = self._messages.next(room)
        made = PinState(is_there, pin.seq in pins, len(pins)).change(pin, new_id, pos)
        if isinstance(made, Pinned):
            if pin.is_on:
                pins[pin.seq] = _Kept(pos, pin.actor_id, pin.created_at)
            else:
                del pins[pin.seq]
            self._messages.keep(made)
        return made

    def _left(self, room_id: int) -> "dict[int, _Kept]":
        """Return the pins of a room; those of messages that were deleted meanwhile go."""
        pins = self._pins.setdefault(room_id, {})
        for seq in [seq for seq in pins if self._is_deleted(room_id, seq)]:
            del pins[seq]
        return pins

    def _is_deleted(self, room_id: int, seq: int) -> bool:
        message = self._messages.look_up(room_id, seq)
        return message is None or self._messages.is_deleted(message)

    def _message(self, reader_id: int, room_id: int, seq: int) -> MessageNow:
        message = self._messages.look_up(room_id, seq)
        assert message is not None
        return self._now.of(message, reader_id)

    def _peer(self, person_id: int) -> Peer:
        person = self._users.look_up(person_id)
        assert person is not None
        return Peer(person.id, person.name)
