"""Private notes in the reference model's memory. A method's work is done in one go after its checkpoint."""

from collections.abc import Callable, Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

import trio
from msgspec import structs

from chat.domain.accounts.account_removal import How
from chat.domain.entities import Message, Peer
from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.domain.refusals import NO_ROOM, Refusal
from chat.features.notes.port import MOST, NOTES, TOO_MANY_NOTES, Note

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class NotesModel:
    """The port `Notes`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._users, self._messages = storage.users, storage.messages
        self._now = storage.now
        self._numbers = count(1)
        self._notes: dict[int, tuple[int, Note]] = {}  # by id, with the room
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {NOTES: self}

    async def page(self, room_id: int, before_id: int, limit: int) -> list[Note]:
        await trio.lowlevel.checkpoint()
        found = [each for each in self._of(room_id) if each.id < before_id]
        return found[::-1][:limit]

    async def add(self, room_id: int, author_id: int, text: str) -> Note | Refusal:
        await trio.lowlevel.checkpoint()
        author = self._users.look_up(author_id)
        said = [each for each in self._messages.log_of(room_id) if isinstance(each, Message)]
        if len(self._of(room_id)) >= MOST:
            return TOO_MANY_NOTES
        if not said or author is None or not self._users.is_there(author_id):
            return NO_ROOM
        note = Note(
            id=next(self._numbers),
            seq=said[-1].seq,
            author=Peer(author.id, author.name),
            text=text,
            created_at=self._now(),
        )
        self._notes[note.id] = room_id, note
        return note

    async def author(self, room_id: int, note_id: int) -> int | None:
        await trio.lowlevel.checkpoint()
        return next((each.author.id for each in self._of(room_id) if each.id == note_id), None)

    async def remove(self, note_id: int) -> None:
        await trio.lowlevel.checkpoint()
        self._notes.pop(note_id, None)

    def _of(self, room_id: int) -> list[Note]:
        """Return the notes of a conversation, by id, with the names of now.

        Those of removed messages went with them, and those of an erased author with them.
        """
        return [
            structs.replace(note, author=Peer(author.id, author.name))
            for room, note in self._notes.values()
            if room == room_id
            and self._messages.look_up(room_id, note.seq) is not None
            and (author := self._users.look_up(note.author.id)) is not None
            and self._users.removed.get(author.id) is not How.ERASE
        ]
