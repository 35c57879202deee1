"""Old support conversations in the reference model's memory. A method's work is done in one go after its checkpoint."""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import trio

from chat.domain.accounts.account_removal import How
from chat.domain.accounts.program_names import is_program
from chat.domain.entities import Message, Peer
from chat.domain.messages.changes import SupportChanged
from chat.features.retention.conversations import Idle, OldVisitor
from chat.features.retention.rules import DAY, Expired, Kind, Rules

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class OldConversationsModel:
    """The port `OldConversations`. `is_held` says whether a server, room or person is on hold."""

    def __init__(self, storage: "MemoryStorage", is_held: Callable[[str, int], bool]) -> None:
        self._rooms, self._users, self._messages = storage.rooms, storage.users, storage.messages
        self._is_held = is_held

    async def idle(self, rules: Rules, after_id: int, limit: int) -> list[Idle]:
        await trio.lowlevel.checkpoint()
        found = [each for each, _at in self._idle(rules.support_close_days) if each.room_id > after_id]
        return sorted(found, key=lambda each: each.room_id)[:limit]

    async def old_visitors(self, rules: Rules, after_id: int, limit: int) -> list[OldVisitor]:
        await trio.lowlevel.checkpoint()
        found = [each for each, _at in self._old(rules.support_remove_days) if each.person_id > after_id]
        return sorted(found, key=lambda each: each.person_id)[:limit]

    async def remove_visitor(self, by: int, rules: Rules, visitor: OldVisitor) -> bool:
        await trio.lowlevel.checkpoint()
        if visitor not in [each for each, _at in self._old(rules.support_remove_days)]:
            return False
        detail = f"conversation closed for {rules.support_remove_days} days"
        return self._users.remove(visitor.person_id, How.ERASE, None, detail)

    async def expired(self, rules: Rules) -> list[Expired]:
        await trio.lowlevel.checkpoint()
        idle = [at for _each, at in self._idle(rules.support_close_days)]
        old = [at for _each, at in self._old(rules.support_remove_days)]
        return [
            Expired(Kind.IDLE, len(idle), min(idle, default=None)),
            Expired(Kind.VISITORS, len(old), min(old, default=None)),
        ]

    def _idle(self, days: int) -> Iterator[tuple[Idle, float]]:
        for person_id, room_id in self._rooms.support_of_all().items():
            room, person = self._rooms.look_up(room_id), self._users.look_up(person_id)
            said = self._said(room_id)
            if not days or room is None or not said or not self._users.is_there(person_id):
                continue
            assert person is not None
            if self._rooms.support_kept(room_id).is_closed or self._is_kept(room_id, days):
                continue
            if said[-1].created_at < time.time() - days * DAY:
                yield Idle(room_id, Peer(person_id, person.name), room.last_pos), said[-1].created_at

    def _old(self, days: int) -> Iterator[tuple[OldVisitor, float]]:
        rooms = self._rooms.support_of_all()
        for person in self._users.there():
            room_id = rooms.get(person.id)
            said = [] if room_id is None else self._said(room_id)
            at = said[-1].created_at if said else person.created_at
            is_visitor = person.is_visitor and not is_program(person)
            if not days or not is_visitor or at >= time.time() - days * DAY:
                continue
            if self._is_held("server", 0) or self._is_held("person", person.id):
                continue
            if room_id is not None and said:
                is_closed = self._rooms.support_kept(room_id).is_closed
                if not is_closed or any(self._is_held("person", each.sender_id) for each in said):
                    continue
            if room_id is None or not self._is_kept(room_id, days):
                yield OldVisitor(person.id, room_id), at

    def _is_kept(self, room_id: int, days: int) -> bool:
        """Whether a room is on hold, or was opened, closed or assigned within so many days."""
        since = time.time() - days * DAY
        return (
            self._is_held("server", 0)
            or self._is_held("room", room_id)
            or any(
                isinstance(each, SupportChanged) and each.created_at >= since
                for each in self._messages.log_of(room_id)
            )
        )

    def _said(self, room_id: int) -> list[Message]:
        return [each for each in self._messages.log_of(room_id) if isinstance(each, Message)]
