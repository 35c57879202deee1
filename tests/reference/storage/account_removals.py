"""Accounts that were removed, in memory. A method's work is done in one go after its checkpoint."""

import time
from collections.abc import Callable, Sequence

import msgspec
import trio

from chat.domain.accounts.account_removal import How, OpenRemoval, RemovedAccount, Window, end_act
from chat.domain.entities import Message, MessageKind, People
from chat.domain.messages.changes import Deletion, Reaction
from tests.reference.storage.message_table import MessageTable
from tests.reference.storage.users import MemoryUsers


class _Removal(msgspec.Struct):
    """How far the removal of a person has come."""

    how: How
    removed_at: float
    done_id: int = 0
    is_finished: bool = False


class MemoryAccountRemovals:
    """The port `AccountRemovals`, of one server.

    `people_of` returns whose a room is, `name_groups_of` takes the name of a person out of the names of groups.
    """

    def __init__(
        self,
        users: MemoryUsers,
        table: MessageTable,
        people_of: Callable[[int], People],
        name_groups_of: Callable[[int], None],
    ) -> None:
        self._users = users
        self._table = table
        self._people_of = people_of
        self._name_groups_of = name_groups_of
        self._removals: dict[int, _Removal] = {}

    async def accounts(self) -> list[RemovedAccount]:
        await trio.lowlevel.checkpoint()
        self._begin_new()
        return [
            RemovedAccount(
                person_id,
                _microseconds(self._person_created(person_id)),
                each.how,
                _microseconds(each.removed_at),
            )
            for person_id, each in sorted(self._removals.items())
        ]

    async def remove_again(self, accounts: Sequence[RemovedAccount]) -> int:
        await trio.lowlevel.checkpoint()
        count = 0
        for each in accounts:
            person = self._users.look_up(each.person)
            if person is not None and _microseconds(person.created_at) == each.created:
                count += self._users.remove(each.person, each.how, None, "again, after a restore")
        return count

    async def claim(self, by: int, seconds: float, settled_after: float) -> OpenRemoval | None:
        await trio.lowlevel.checkpoint()
        self._begin_new()
        for person_id, each in sorted(self._removals.items(), key=lambda item: item[1].removed_at):
            if not each.is_finished:
                is_settled = each.removed_at + settled_after <= time.time()
                return OpenRemoval(person_id, each.how, each.done_id, is_settled)
        return None

    async def window(self, person_id: int, after_id: int, most: int) -> Window:
        await trio.lowlevel.checkpoint()
        writes: list[Deletion | Reaction] = []
        for message in self._table.of_log(after_id):
            own = self._writes(person_id, message)
            if writes and len(writes) + len(own) >= most:
                return Window(writes, message.id - 1, False)
            writes += own
        return Window(writes, self._table.end_of_log(), True)

    async def clear(self, person_id: int, after_id: int, last_id: int) -> None:
        await trio.lowlevel.checkpoint()
        self._table.forget_keys(person_id, after_id, last_id)
        self._removals[person_id].done_id = last_id

    async def postpone(self, person_id: int, seconds: float) -> None:
        await trio.lowlevel.checkpoint()

    async def finish(self, person_id: int) -> None:
        await trio.lowlevel.checkpoint()
        removal = self._removals[person_id]
        if not removal.is_finished:
            removal.is_finished = True
            self._name_groups_of(person_id)
            self._users.blocks -= {pair for pair in self._users.blocks if person_id in pair}
            if removal.how is How.ERASE:
                self._users.audit.note([end_act(person_id)])

    def is_finished(self, person_id: int) -> bool:
        """Whether nothing more is to be removed of a person. Sync."""
        return person_id in self._removals and self._removals[person_id].is_finished

    def _begin_new(self) -> None:
        for person_id, how in self._users.removed.items():
            known = self._removals.get(person_id)
            if known is None or known.how is not how:
                self._removals[person_id] = _Removal(how, time.time(), is_finished=how is How.LEAVE)

    def _writes(self, person_id: int, message: Message) -> list[Deletion | Reaction]:
        people, now = self._people_of(message.room_id), time.time()
        if self._table.is_deleted(message) or message.kind is not MessageKind.TEXT:
            return []
        if message.sender_id == person_id:
            return [Deletion(message.room_id, message.seq, person_id, now, people)]
        state = self._table.state_of(message)
        emoji = sorted(each for each, by_id in (state.reacted if state else ()) if by_id == person_id)
        return [Reaction(message.room_id, message.seq, person_id, each, False, now, people) for each in emoji]

    def _person_created(self, person_id: int) -> float:
        person = self._users.look_up(person_id)
        assert person is not None
        return person.created_at


def _microseconds(seconds: float) -> int:
    return round(seconds * 1_000_000)
