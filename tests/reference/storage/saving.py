"""Writes to the log in memory. All of it is sync: a part of one batch."""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import structs

from chat.domain.administration.audit import deletion_act, use_act
from chat.domain.entities import Draft, Message, MessageKind, Room
from chat.domain.messages.changes import (
    Acceptance,
    Addition,
    Deleted,
    Deletion,
    Edit,
    FeatureWrite,
    Reaction,
    Removal,
    Removed,
    RoleChange,
    RoomChange,
    RoomDeletion,
    SupportChange,
    Write,
)
from chat.domain.messages.outcomes import KeyUsed, Repeated, Saved
from chat.domain.refusals import ALREADY_IN, ARCHIVED, BANNED, BLOCKED, INVITE_OVER, PRIVATE, Refusal
from chat.domain.rooms.membership import RoomRole
from chat.domain.rooms.room_rights import RoomAccess, addition_refusal, deletion_refusal
from chat.domain.rooms.slow_mode import Pace, Turns, is_free
from tests.reference.storage.files import MemoryFiles
from tests.reference.storage.message_table import MessageTable
from tests.reference.storage.room_changes import MemoryRoomChanges
from tests.reference.storage.room_table import RoomTable
from tests.reference.storage.support import MemorySupport
from tests.reference.storage.support_changes import MemorySupportChanges
from tests.reference.storage.users import MemoryUsers


class MemorySaving:
    """Does what is written, one write after the other."""

    def __init__(
        self,
        users: MemoryUsers,
        rooms: RoomTable,
        files: MemoryFiles,
        messages: MessageTable,
        savers: Mapping[type, Callable[[Any], Saved]],
    ) -> None:
        self._users = users
        self._rooms = rooms
        self._files = files
        self._messages = messages
        self._savers = savers
        self._room_changes = MemoryRoomChanges(rooms, users.audit, messages.next, messages.keep)
        self._support_changes = MemorySupportChanges(
            MemorySupport(users, rooms), rooms, messages.next, messages.keep, users.audit
        )

    def save(self, writes: list[Write | Refusal]) -> list[Saved]:
        """Do them all, in their order, and behind them what follows from them; what is refused already stays so."""
        saved = [write if isinstance(write, Refusal) else self._write(write) for write in writes]
        followed = self._support_changes.follow(each for each in saved if isinstance(each, Message))
        return [*saved, *followed, *self._end_memberships_of_bots(saved)]

    def _end_memberships_of_bots(self, saved: list[Saved]) -> list[Saved]:
        """Take the bots of removed people out of the rooms."""
        return [
            self._room_changes.remove(Removal(each.room_id, bot_id, bot_id, each.created_at))
            for each in saved
            if isinstance(each, Removed)
            for bot_id, owner_id in sorted(self._users.bots.items())
            if owner_id == each.person_id and self._rooms.has_member(each.room_id, bot_id)
        ]

    def _write(self, write: Write) -> Saved:
        match write:
            case Draft(kind=MessageKind.JOIN):
                return self._join(write)
            case Draft():
                return self._save(write)
            case Removal():
                return self._room_changes.remove(write)
            case RoomDeletion():
                return self._room_changes.delete_room(write)
            case RoleChange():
                return self._room_changes.change_role(write)
            case RoomChange():
                return self._room_changes.change_room(write)
            case Addition():
                return self._add(write)
            case Acceptance():
                return self._accept(write)
            case SupportChange():
                return self._support_changes.change(write)
            case FeatureWrite():
                return self._savers[type(write)](write)
            case _:
                return self._change(write)

    def _join(self, joining: Draft) -> Saved:
        room = self._rooms.look_up(joining.room_id)
        if room is not None and room.is_private:
            return self._refuses_joining(joining) or PRIVATE
        return self._save(joining)

    def _add(self, addition: Addition) -> Saved:
        joining = addition.joining
        by = self._rooms.authority(joining.room_id, addition.actor_id or 0)
        if by is not None and (refusal := addition_refusal(by)):
            return refusal
        if (joining.sender_id, addition.actor_id) in self._users.blocks:
            return BLOCKED
        return self._save(joining)

    def _save(self, draft: Draft) -> Saved:
        if draft.kind is MessageKind.JOIN and (refusal := self._refuses_joining(draft)):
            return refusal
        if earlier := self.repeated(draft):
            return earlier
        saved = self._append(draft)
        if isinstance(saved, Message) and draft.key is not None:
            self._messages.by_key[draft.sender_id, draft.key] = draft, saved
        return saved

    def repeated(self, draft: Draft) -> Repeated | KeyUsed | None:
        """Return what a draft is answered whose key its sender used before; None: nobody did."""
        known = None if draft.key is None else self._messages.by_key.get((draft.sender_id, draft.key))
        if known is None:
            return None
        sent, first = known
        message = structs.replace(first, text=self._messages.said_at(first).text)
        return Repeated(message) if _content(sent) == _content(draft) else KeyUsed(message=message)

    def _refuses_joining(self, draft: Draft) -> Refusal | None:
        match self._rooms.role_of(draft.room_id, draft.sender_id):
            case None:
                return None
            case RoomRole.BANNED:
                return BANNED
            case _:
                return ALREADY_IN

    def _accept(self, acceptance: Acceptance) -> Saved:
        joining, invites = acceptance.joining, self._users.invite_table
        is_good = invites.lets_in if acceptance.is_used else invites.is_to_join
        if not is_good(acceptance.invite, joining.room_id):
            return self._refuses_joining(joining) or INVITE_OVER
        saved = self._save(joining)
        if isinstance(saved, Message) and not acceptance.is_used:
            maker_id = invites.use(acceptance.invite).maker_id
            self._users.audit.note([use_act(joining.sender_id, maker_id, joining.room_id)])
        return saved

    def _append(self, draft: Draft) -> Message | Refusal | None:
        if draft.file_ids:
            found = self._files.look_up(draft)
            if isinstance(found, Refusal):
                return found
            draft = found
        room = self._rooms.look_up(draft.room_id)
        if room is None:
            return None
        if room.is_archived:
            return ARCHIVED
        if refusal := self._take_turn(draft, room):
            return refusal
        message = self._messages.append(draft, room)
        self._files.attach(draft.files, message.seq)
        if draft.kind is MessageKind.JOIN:
            self._rooms.add_member(draft.room_id, draft.sender_id)
        return message

    def _take_turn(self, draft: Draft, room: Room) -> Refusal | None:
        """Return why a new message comes too early; None: it does not, and the next one of its sender waits."""
        seconds, by = self._rooms.slow_seconds.get(room.id, 0), None
        if seconds:
            by = self._rooms.authority(room.id, draft.sender_id, any_kind=True)
        if (
            by is None
            or by.person.is_visitor
            or is_free(RoomAccess(room, by.role or RoomRole.MEMBER, None), by.person)
        ):
            return None
        sender = room.id, draft.sender_id
        waited = self._rooms.since_sent(sender)
        turns = Turns({sender: Pace(seconds, None if waited is None else seconds - waited)}, set())
        refusal = turns.refusal(draft)
        if turns.sent:
            self._rooms.note_sent(sender)
        return refusal

    def _change(self, change: Edit | Deletion | Reaction) -> Saved:
        room, message = (
            self._rooms.look_up(change.room_id),
            self._messages.look_up(change.room_id, change.seq),
        )
        if room is None or message is None or message.kind is not MessageKind.TEXT:
            return None
        if room.is_archived and not isinstance(change, Deletion):
            return ARCHIVED
        by_id = change.actor_id
        if isinstance(change, Deletion) and by_id is not None and by_id != message.sender_id:
            by = self._rooms.authority(change.room_id, by_id, any_kind=True)
            if by is not None and (refusal := deletion_refusal(by)):
                return refusal
        made = self._messages.change(change, room)
        if isinstance(made, Deleted):
            self._files.forget(message.files)
            is_expired = isinstance(change, Deletion) and change.is_expired
            if made.actor_id != message.sender_id and not is_expired:
                self._users.audit.note([deletion_act(made, message.sender_id)])
        return made


def _content(draft: Draft) -> tuple[object, ...]:
    """Return what a draft says: with the same key it must be the same."""
    return draft.room_id, draft.text, draft.reply, draft.file_ids
