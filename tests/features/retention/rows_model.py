"""Rows that expire beside messages, in the reference model's memory. A method's work is done in one go."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import trio

from chat.domain.entities import Message, RoomKind
from chat.domain.messages.changes import Edited
from chat.domain.messages.message_state import EarlierText, MessageState
from chat.domain.rooms.membership import may_see
from chat.features.retention.rows import RowStep
from chat.features.retention.rules import Expired, Kind, Rules, before_of

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class OldRowsModel:
    """The port `OldRows`: one step removes all of a kind. `is_held` is about a server, a room or a person."""

    def __init__(self, storage: "MemoryStorage", is_held: Callable[[str, int], bool]) -> None:
        self._rooms, self._users, self._messages = storage.rooms, storage.users, storage.messages
        self._is_held = is_held

    async def remove_rows(
        self, by: int, kind: Kind, rules: Rules, place: tuple[Any, ...], limit: int
    ) -> RowStep:
        await trio.lowlevel.checkpoint()
        removes = {
            Kind.EARLIER_TEXTS: self._remove_texts,
            Kind.CHANGES: self._remove_changes,
            Kind.KEYS: self._remove_keys,
            Kind.READ_MARKS: self._remove_marks,
        }
        return RowStep(removes[kind](rules) if kind in removes else 0, None)

    async def expired_rows(self, rules: Rules) -> list[Expired]:
        await trio.lowlevel.checkpoint()
        times = [at for _, _, _, at in self._texts(rules)]
        return [Expired(Kind.EARLIER_TEXTS, len(times), min(times, default=None))]

    def _texts(self, rules: Rules) -> Iterator[tuple[Message, MessageState, EarlierText, float]]:
        """Yield earlier texts that have expired, with the times when they were replaced."""
        before = before_of(rules, Kind.EARLIER_TEXTS)
        for message in self._messages.of_log(0):
            state = self._messages.state_of(message)
            replaced = {
                each.pos: each.created_at
                for each in self._messages.changes_in(message.room_id)
                if isinstance(each, Edited)
            }
            for text in list(state.earlier) if state else ():
                assert state is not None
                if before is not None and replaced[text.pos] < before:
                    yield message, state, text, replaced[text.pos]

    def _remove_texts(self, rules: Rules) -> int:
        count = 0
        for message, state, text, _ in self._texts(rules):
            if not self._is_kept(message.room_id, message.sender_id):
                state.earlier.remove(text)
                count += 1
        return count

    def _remove_changes(self, rules: Rules) -> int:
        return sum(self._raise_floor(rules, room.id, room.kind) for room in self._rooms.all())

    def _raise_floor(self, rules: Rules, room_id: int, kind: RoomKind) -> int:
        before = before_of(rules, Kind.CHANGES, is_support=kind is RoomKind.SUPPORT)
        if before is None or self._is_kept(room_id):
            return 0
        floor, old = self._rooms.floors.get(room_id, 0), []
        for change in self._messages.changes_in(room_id):
            people = {getattr(change, field, None) for field in ("actor_id", "person_id")}
            if change.created_at >= before or any(each and self._is_held("person", each) for each in people):
                break
            if change.pos >= floor:
                old.append(change.pos)
        if len(old) > 1:
            self._rooms.floors[room_id] = old[-1]
        return max(len(old) - 1, 0)

    def _remove_keys(self, rules: Rules) -> int:
        before, count = before_of(rules, Kind.KEYS), 0
        for (sender_id, key), (_, message) in list(self._messages.by_key.items()):
            if (
                before is not None
                and message.created_at < before
                and not self._is_kept(message.room_id, sender_id)
            ):
                del self._messages.by_key[sender_id, key]
                self._messages.keys.pop(message.id, None)
                count += 1
        return count

    def _remove_marks(self, rules: Rules) -> int:
        def is_useless(room_id: int, person_id: int) -> bool:
            room, person = self._rooms.look_up(room_id), self._users.look_up(person_id)
            assert person is not None
            if room is None or self._is_kept(room_id, person_id):
                return False
            role = self._rooms.role_of(room_id, person_id)
            return not (self._users.is_there(person_id) and may_see(room, person, role))

        return self._rooms.forget_own(is_useless)

    def _is_kept(self, room_id: int, person_id: int = 0) -> bool:
        return (
            self._is_held("server", 0) or self._is_held("room", room_id) or self._is_held("person", person_id)
        )
