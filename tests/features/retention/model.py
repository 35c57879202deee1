"""Retention in the reference model's memory. A method's work is done in one go after its checkpoint."""

import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec
import trio

from chat.domain.entities import Message, MessageKind, RoomKind
from chat.domain.features import Port
from chat.domain.messages.changes import Deleted, Deletion
from chat.domain.messages.outcomes import Saved
from chat.features.retention.changes import ON_HOLD, Expiry, Trim, Trimmed, TrimState
from chat.features.retention.conversations import OLD_CONVERSATIONS
from chat.features.retention.ports import RETENTION, TooOld
from chat.features.retention.rows import OLD_ROWS
from chat.features.retention.rules import (
    DAY,
    Expired,
    Hold,
    HoldKind,
    Kind,
    RoomRule,
    Rules,
    effective_days,
    hold_act,
    lift_act,
    rule_act,
    run_acts,
)
from tests.features.retention.conversations_model import OldConversationsModel
from tests.features.retention.rows_model import OldRowsModel

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class RetentionModel:
    """The port `Retention`, of one server, and how a trim is saved."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._rooms, self._users, self._messages = storage.rooms, storage.users, storage.messages
        self._audit, self._files = storage.audit, storage.files
        self._holds: list[Hold] = []
        self._newest_hold = 0
        self._rules: dict[int, tuple[RoomRule, float]] = {}  # with the time when each was set
        self._announced: dict[int, int] = {}
        self.removed: dict[str, int] = {}
        self.savers: Mapping[type, Callable[[Any], Saved]] = {Trim: self._save, Expiry: self._expire}
        self.ports: Mapping[Port[Any], Any] = {
            RETENTION: self,
            OLD_CONVERSATIONS: OldConversationsModel(storage, self._is_held),
            OLD_ROWS: OldRowsModel(storage, self._is_held),
        }

    async def claim(self, by: int, seconds: float) -> bool:
        await trio.lowlevel.checkpoint()
        return True

    async def too_old(self, rules: Rules, after_id: int, limit: int) -> list[TooOld]:
        await trio.lowlevel.checkpoint()
        found = (self._too_old(rules, room.id) for room in self._rooms.all() if room.id > after_id)
        return sorted((each for each in found if each is not None), key=lambda each: each.room_id)[:limit]

    async def remove_messages(self, by: int, room: TooOld, limit: int, *, is_first: bool) -> int:
        await trio.lowlevel.checkpoint()
        room_id = room.room_id
        said = self._left(room_id)
        if self._is_held("server", 0) or self._is_held("room", room_id):
            return 0
        count = 0
        end = min(
            (each.pos for each in self._messages.changes_in(room_id) if self._is_by_held(each)), default=None
        )
        for message, following in pairwise(said[: limit + 1]):
            is_old = message.created_at < room.before or self._is_deleted_before(message, room.deleted_before)
            if not is_old or self._has_held(message) or (end is not None and following.pos > end):
                break
            count += 1
        if count:
            self._rooms.first_seqs[room_id] = said[count].seq
            log = self._messages.log_of(room_id)
            floor = next(
                each.pos for each in log if isinstance(each, Message) and each.seq == said[count].seq
            )
            self._rooms.floors[room_id] = max(self._rooms.floors.get(room_id, 0), floor)
        return count

    async def count(self, counts: dict[str, int], waiting: int) -> None:
        await trio.lowlevel.checkpoint()
        if any(counts.values()):
            for kind, count in counts.items():
                self.removed[kind] = self.removed.get(kind, 0) + count
            self._audit.note(run_acts(counts))

    async def expired(self, rules: Rules) -> list[Expired]:
        await trio.lowlevel.checkpoint()
        old: list[float] = []
        for room in self._rooms.all():
            before, said = self._before(rules, room.id), self._left(room.id)
            if before is not None:
                old += [
                    each.created_at
                    for each in said
                    if each.created_at < before and (each is not said[-1] or self._may_delete(each))
                ]
        return [Expired(Kind.MESSAGES, len(old), min(old, default=None))]

    async def holds(self) -> list[Hold]:
        await trio.lowlevel.checkpoint()
        return [
            msgspec.structs.replace(each, name=self._name(each.kind, each.target_id)) for each in self._holds
        ]

    async def place(self, kind: HoldKind, target_id: int, reason: str, by_id: int | None) -> bool:
        await trio.lowlevel.checkpoint()
        found = {"room": self._rooms.look_up, "person": self._users.look_up}.get(kind)
        if target_id if found is None else found(target_id) is None:
            return False
        named = self._audit.named(by_id)
        same = [
            nth for nth, each in enumerate(self._holds) if (each.kind, each.target_id) == (kind, target_id)
        ]
        if same:
            changed = msgspec.structs.replace(self._holds[same[0]], reason=reason, by=named)
            self._holds[same[0]] = changed
        else:
            self._newest_hold += 1
            hold = Hold(
                id=self._newest_hold,
                kind=kind,
                target_id=target_id,
                name=None,
                reason=reason,
                by=named,
                at=time.time(),
            )
            self._holds.append(hold)
        self._audit.note([hold_act(kind, target_id, reason, by_id)])
        return True

    async def lift(self, hold_id: int, by_id: int | None) -> bool:
        await trio.lowlevel.checkpoint()
        for hold in self._holds:
            if hold.id == hold_id:
                self._holds.remove(hold)
                self._audit.note([lift_act(hold.kind, hold.target_id, by_id)])
                return True
        return False

    async def room_rule(self, room_id: int) -> RoomRule:
        await trio.lowlevel.checkpoint()
        return self._rules.get(room_id, (RoomRule(), 0.0))[0]

    async def shortest_room_days(self) -> int:
        await trio.lowlevel.checkpoint()
        return min((rule.days for rule, _ in self._rules.values() if rule.days), default=0)

    async def set_room_rule(self, room_id: int, rule: RoomRule, by_id: int | None) -> bool:
        await trio.lowlevel.checkpoint()
        room = self._rooms.look_up(room_id)
        if room is None or room.kind not in (RoomKind.LOBBY, RoomKind.ROOM):
            return False
        self._rules[room_id] = rule, time.time()
        self._audit.note([rule_act(room_id, rule.days, by_id)])
        return True

    def _save(self, trim: Trim) -> Saved:
        room = self._rooms.look_up(trim.room_id)
        if room is None:
            return None
        new_id, _, pos = self._messages.next(room)
        first = self._rooms.first_seqs.get(room.id, 1)
        made = TrimState(first, self._announced.get(room.id, 1)).change(trim, new_id, pos)
        if isinstance(made, Trimmed):
            self._announced[room.id] = made.first
            self._messages.keep(made)
        return made

    def _expire(self, expiry: Expiry) -> Saved:
        room, message = (
            self._rooms.look_up(expiry.room_id),
            self._messages.look_up(expiry.room_id, expiry.seq),
        )
        if room is None or message is None:
            return None
        if self._is_held("server", 0) or self._is_held("room", room.id) or self._has_held(message):
            return ON_HOLD
        deletion = Deletion(room.id, expiry.seq, None, expiry.created_at, expiry.people, is_expired=True)
        made = self._messages.change(deletion, room)
        if isinstance(made, Deleted):
            self._files.forget(message.files)
        return made

    def _left(self, room_id: int) -> list[Message]:
        return [each for each in self._messages.log_of(room_id) if isinstance(each, Message)]

    def _before(self, rules: Rules, room_id: int) -> float | None:
        """The time before which a room's messages are too old; None: none are."""
        rule, set_at = self._rules.get(room_id, (RoomRule(), 0.0))
        if self._is_held("server", 0) or self._is_held("room", room_id) or set_at > time.time() - rules.grace:
            return None
        days = effective_days(rules, rule)
        return time.time() - days * DAY if days else None

    def _too_old(self, rules: Rules, room_id: int) -> TooOld | None:
        before, said = self._before(rules, room_id), self._left(room_id)
        is_unannounced = self._announced.get(room_id, 1) < self._rooms.first_seqs.get(room_id, 1)
        if not said:
            return None
        oldest, newest = said[0], said[-1]
        deleted_before = time.time() - rules.deleted_days * DAY if rules.deleted_days else 0.0
        if self._is_held("server", 0) or self._is_held("room", room_id):
            deleted_before = 0.0
        is_old = (
            oldest.created_at < (before or 0.0) or self._is_deleted_before(oldest, deleted_before)
        ) and not self._is_held("person", oldest.sender_id)
        may_end = is_old and oldest is newest and self._may_delete(newest)
        if not is_unannounced and not (is_old and oldest is not newest) and not may_end:
            return None
        return TooOld(
            room_id=room_id,
            people=self._rooms.people_of(room_id),
            before=before or 0.0,
            deleted_before=deleted_before,
            sender_id=newest.sender_id,
            last=newest.seq if may_end else None,
            is_unannounced=is_unannounced,
        )

    def _may_delete(self, message: Message) -> bool:
        return message.kind is MessageKind.TEXT and not self._messages.is_deleted(message)

    def _is_deleted_before(self, message: Message, moment: float) -> bool:
        return any(
            isinstance(each, Deleted) and each.seq == message.seq and each.created_at < moment
            for each in self._messages.changes_in(message.room_id)
        )

    def _is_held(self, kind: str, target_id: int) -> bool:
        return any((each.kind, each.target_id) == (kind, target_id) for each in self._holds)

    def _has_held(self, message: Message) -> bool:
        """Whether somebody on hold wrote the message, or reacted to it."""
        state = self._messages.state_of(message)
        people = {message.sender_id, *(person for _, person in (state.reacted if state else ()))}
        return any(self._is_held("person", person) for person in people)

    def _is_by_held(self, change: Any) -> bool:
        """Whether somebody on hold made a change that is there, or it is about them."""
        people = {getattr(change, field, None) for field in ("actor_id", "person_id")}
        is_there = change.pos >= self._rooms.floors.get(change.room_id, 0)
        return is_there and any(each and self._is_held("person", each) for each in people)

    def _name(self, kind: HoldKind, target_id: int) -> str | None:
        if kind == "server":
            return None
        found = self._rooms.look_up(target_id) if kind == "room" else self._users.look_up(target_id)
        return None if found is None else found.name
