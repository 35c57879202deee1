"""Transcripts in the reference model's memory."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import trio

from chat.domain.entities import Message
from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.domain.refusals import Refusal
from chat.features.transcripts.port import MOST, NOT_ANSWERED, PAUSE, TRANSCRIPTS, Said, too_soon
from chat.mail.letter import Mail
from chat.mail.queue import MAILS

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class TranscriptsModel:
    """The port `Transcripts`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._storage = storage
        self._now, self._rooms, self._users = storage.now, storage.rooms, storage.users
        self._queued: dict[int, float] = {}  # by room
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {TRANSCRIPTS: self}

    async def queue(
        self, room_id: int, person_id: int, make: Callable[[Sequence[Said]], Mail]
    ) -> Refusal | None:
        messages = [each for each in self._rooms.said[room_id] if isinstance(each, Message)]
        now = self._now()
        if all(each.sender_id == person_id for each in messages):
            await trio.lowlevel.checkpoint()
            return NOT_ANSWERED
        left = self._queued.get(room_id, -PAUSE) + PAUSE - now
        if room_id in self._queued and left > 0:
            await trio.lowlevel.checkpoint()
            return too_soon(left)
        await self._storage.feature_ports[MAILS].add(
            make([*map(self._said, messages[-MOST:])]), person_id, None
        )
        self._queued[room_id] = now
        return None

    def _said(self, message: Message) -> Said:
        person = self._users.look_up(message.sender_id)
        assert person is not None
        name = person.display_name or (None if person.is_visitor else person.name)
        files = tuple(each.name for each in message.files)
        return Said(name=name, at=message.created_at, text=message.text, files=files)
