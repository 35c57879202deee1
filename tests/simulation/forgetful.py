"""Worlds in which messages and changes expire within seconds, while clients are behind, resume and page back.

Now and then something is on hold meanwhile: nothing of it may be removed.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from unittest.mock import patch

import trio

import chat.features.retention.remover
import chat.features.retention.row_remover
import chat.features.retention.rules
import tests.features.retention.conversations_model
import tests.features.retention.model
from chat.domain.entities import Message
from chat.domain.messages.changes import Change
from chat.features.retention.ports import RETENTION, TooOld
from chat.features.retention.remover import Remover
from chat.features.retention.rules import RoomRule, Rules
from tests.reference.storage import MemoryStorage
from tests.simulation.plan import Forgetting

_LOOK = 0.5
"""Seconds between two looks at what has expired."""


def with_short_days() -> ExitStack:
    """Have a day of the rules last for a second, and the servers look often; a changed rule counts at once."""
    stack = ExitStack()
    for module in (
        chat.features.retention.rules,
        chat.features.retention.row_remover,
        tests.features.retention.model,
        tests.features.retention.conversations_model,
    ):
        stack.enter_context(patch.object(module, "DAY", 1.0))
    stack.enter_context(patch.object(chat.features.retention.remover, "_LOOK", _LOOK))
    stack.enter_context(patch.object(chat.features.retention.remover, "_CLAIM", _LOOK))
    stack.enter_context(patch.dict(Remover.__init__.__kwdefaults__, {"grace": 0.0}))
    return stack


class Expiries:
    """Notices when a server has read that the newest message of a room has expired."""

    def __init__(self, kept: MemoryStorage) -> None:
        self._noticed = trio.Event()
        self._port = kept.feature_ports[RETENTION]
        self._read, self._port.too_old = self._port.too_old, self._too_old  # type: ignore[method-assign]

    async def _too_old(self, rules: Rules, after_id: int, limit: int) -> list[TooOld]:
        found = await self._read(rules, after_id, limit)
        if any(room.last is not None for room in found):
            self._noticed.set()
            self._noticed = trio.Event()
        return found

    async def wait(self) -> None:
        await self._noticed.wait()


async def set_rules(kept: MemoryStorage, forgetting: Forgetting, room_id: int) -> None:
    """Have the messages of one room expire, and the changes of all rooms."""
    days = {"change_days": forgetting.changes, "deleted_days": forgetting.deleted}
    await kept.settings.change_settings(days, None)
    rule = RoomRule(forgetting.messages, is_by_admin=True)
    await kept.feature_ports[RETENTION].set_room_rule(room_id, rule, None)


class Held:
    """What is on hold of a room, as it was when the hold was placed; `person` 0: all of it."""

    def __init__(self, kept: MemoryStorage, room_id: int, person: int = 0) -> None:
        self._kept, self._room_id = kept, room_id
        log = kept.messages.log_of(room_id)
        of_person = [each for each in log if not person or person in _people_of(each)]
        said = [each for each in of_person if isinstance(each, Message)]
        self._said = {each.id for each in said if not kept.messages.is_deleted(each)}
        self._changes = {each.id for each in of_person if not isinstance(each, Message)}
        # Behind the oldest message of a person all messages stay: `seq` has no gaps.
        self._first = min((each.seq for each in said), default=None)

    def lost(self) -> Iterator[str]:
        """Yield what was removed of it since."""
        messages, room = self._kept.messages, self._room_id
        log = {each.id: each for each in messages.log_of(room)}
        there = {
            id_ for id_, each in log.items() if isinstance(each, Message) and not messages.is_deleted(each)
        }
        if gone := self._said - there:
            yield f"messages {sorted(gone)} of {room} were removed on hold"
        if gone := self._changes - log.keys():
            yield f"changes {sorted(gone)} of {room} were removed on hold"
        if self._first is not None and self._kept.rooms.first_seqs.get(room, 1) > self._first:
            yield f"{room} begins at {self._kept.rooms.first_seqs[room]}, and {self._first} is on hold"


def _people_of(change: Change) -> set[int]:
    """Return whose change it is, and whom it is about."""
    return {getattr(change, field, 0) for field in ("sender_id", "actor_id", "person_id")}


def gaps(kept: MemoryStorage, room_id: int) -> Iterator[str]:
    """Yield the gaps in what retention has left of a room."""
    log = kept.messages.log_of(room_id)
    floor = kept.rooms.floors.get(room_id, 0)
    seqs = [each.seq for each in log if isinstance(each, Message)]
    positions = [each.pos for each in log if each.pos >= floor]
    for what, numbers in (("seq", seqs), ("pos", positions)):
        if numbers != [*range(numbers[0], numbers[0] + len(numbers))] if numbers else False:
            yield f"{what} of {room_id} has gaps: {numbers}"
