"""Words of review and held messages in the reference model's memory. A method is done in one go after a checkpoint."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import trio
from msgspec import structs

from chat.domain.administration.audit import Named
from chat.domain.entities import Draft, RoomKind
from chat.domain.features import Port
from chat.domain.messages.changes import Edit, Write
from chat.domain.messages.outcomes import Saved
from chat.domain.messages.review import HELD, MOST_HELD, MOST_WORDS, REMOVED, REVIEW, TOO_MANY_HELD, Review
from chat.domain.refusals import Refusal
from chat.domain.rooms.membership import RoomRole
from chat.due.port import DUE
from chat.features.review.port import (
    DUE_KIND,
    HELD_MESSAGES,
    NO_HELD,
    NOT_REVIEWER,
    OUTDATED,
    REVIEWED,
    TOO_MANY_WORDS,
    Decided,
    HeldMessage,
    decided_act,
    folded,
    words_act,
)

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class HeldMessagesModel:
    """The port `HeldMessages`, and what is held in place of being saved."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._storage, self._users, self._rooms = storage, storage.users, storage.rooms
        self._messages, self._audit = storage.messages, storage.audit
        self._review, self._now = Review(), storage.now
        self._words: dict[str, str] = {}
        self._held: dict[int, HeldMessage] = {}
        self._seen: set[int] = set()
        self._newest_id = 0
        storage.messages.checks.append(self._check)
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {REVIEW: self._review, HELD_MESSAGES: self}

    async def words(self) -> list[str]:
        await trio.lowlevel.checkpoint()
        return [*self._words.values()]

    async def change_words(
        self, add: Sequence[str], remove: Sequence[str], by_id: int
    ) -> list[str] | Refusal:
        await trio.lowlevel.checkpoint()
        gone = {folded(word) for word in remove} & {*self._words}
        left = {key: word for key, word in self._words.items() if key not in gone}
        new = {key: word for key, word in {folded(word): word for word in add}.items() if key not in left}
        if len(left) + len(new) > MOST_WORDS:
            return TOO_MANY_WORDS
        if gone or new:
            self._words = left | new
            self._audit.note([words_act(by_id, len(new), len(gone))])
            self._storage.settings.watchers.notify(None)
        return [*self._words.values()]

    async def page(
        self, moderator_id: int, before_id: int, limit: int, *, handled: bool
    ) -> list[HeldMessage]:
        await trio.lowlevel.checkpoint()
        states = ("refused", "removed") if handled else ("waiting",)
        found = [each for each in self._others(moderator_id) if each.state in states and each.id < before_id]
        return found[::-1][:limit]

    async def count(self, moderator_id: int) -> int:
        await trio.lowlevel.checkpoint()
        return min(100, len([each for each in self._others(moderator_id) if each.state == "waiting"]))

    async def decide(self, moderator_id: int, held_id: int, *, allow: bool) -> Decided | Refusal:
        await trio.lowlevel.checkpoint()
        if moderator_id not in self._moderators():
            return NOT_REVIEWER
        found = next((each for each in self._others(moderator_id) if each.id == held_id), None)
        if found is None or found.state != "waiting":
            return NO_HELD if found is None else REVIEWED
        by = self._named(moderator_id)
        made = structs.replace(
            found, state="allowed" if allow else "removed", handled_at=round(time.time(), 6), by=by
        )
        self._held[held_id] = made
        if allow:
            due: Any = self._storage.feature_ports[DUE]
            due.no_later(DUE_KIND, str(held_id), self._now())
        self._audit.note([decided_act(moderator_id, made, allow=allow)])
        return Decided(made, [made.author.id, *self._moderators()])

    async def own(self, author_id: int) -> list[HeldMessage]:
        await trio.lowlevel.checkpoint()
        return [each for each in self._there() if each.author.id == author_id and each.id not in self._seen]

    async def put_away(self, author_id: int, held_id: int) -> Sequence[int] | Refusal:
        await trio.lowlevel.checkpoint()
        found = next((each for each in self._there() if each.id == held_id), None)
        if found is None or found.author.id != author_id or held_id in self._seen or found.state == "allowed":
            return NO_HELD
        if found.state == "waiting":
            del self._held[held_id]
            return [author_id, *self._moderators()]
        self._seen.add(held_id)
        return [author_id]

    async def allowed(self, held_id: int) -> HeldMessage | Refusal | None:
        await trio.lowlevel.checkpoint()
        found = next((each for each in self._there() if each.id == held_id), None)
        if found is None or found.state != "allowed":
            return None
        if found.seq is not None:
            message = self._messages.look_up(found.room_id, found.seq)
            state = None if message is None else self._messages.state_of(message)
            if state is not None and state.text_since > found.held_at and state.text != found.text:
                return OUTDATED
        return found

    async def sent(self, held_id: int) -> None:
        await trio.lowlevel.checkpoint()
        if (found := self._held.get(held_id)) and found.state == "allowed":
            del self._held[held_id]

    async def refuse(self, held_id: int, refusal: Refusal) -> None:
        await trio.lowlevel.checkpoint()
        if found := self._held.get(held_id):
            kept = Refusal(refusal.code, refusal.text, reason=refusal.reason)
            self._held[held_id] = structs.replace(found, state="refused", refusal=kept)

    def _check(self, write: Write) -> Refusal | None:
        asked = self._review.asked([write]).get(0)
        if asked is None or self._is_free(asked.write):
            return None
        refusal = self._hold(asked.write, asked.word)
        self._review.notify({asked.write.actor_id, *self._moderators()})
        return refusal

    def _is_free(self, write: Draft | Edit) -> bool:
        person, room = self._users.look_up(write.actor_id), self._rooms.look_up(write.room_id)
        if person is None or person.is_admin or person.is_moderator or person.is_operator:
            return True
        if (
            room is None
            or room.is_private
            or room.is_archived
            or room.kind not in (RoomKind.LOBBY, RoomKind.ROOM)
        ):
            return True
        if self._rooms.role_of(room.id, person.id) in (RoomRole.OWNER, RoomRole.MODERATOR):
            return True
        if isinstance(write, Draft) and self._messages.known(write):
            return True
        if isinstance(write, Edit):
            message = self._messages.look_up(write.room_id, write.seq)
            if message is None or message.sender_id != person.id or self._messages.is_deleted(message):
                return True
            if message.text == write.text:
                return True
        return any(
            each.state == "allowed" and each.text == write.text and _is_same(each, write)
            for each in self._there()
        )

    def _hold(self, write: Draft | Edit, word: str) -> Refusal:
        key = write.key if isinstance(write, Draft) else None
        mine = [each for each in self._there() if each.author.id == write.actor_id]
        for each in mine:
            if key is not None and each.key == key:
                return REMOVED if each.state == "removed" else HELD
        waiting = [each for each in mine if each.state == "waiting"]
        if len(waiting) >= MOST_HELD:
            return TOO_MANY_HELD
        at = round(time.time(), 6)
        if isinstance(write, Edit):
            for each in waiting:
                if _is_same(each, write):
                    self._held[each.id] = structs.replace(each, text=write.text, word=word, held_at=at)
                    return HELD
        self._newest_id += 1
        draft = write if isinstance(write, Draft) else None
        looked_up = None if draft is None else self._storage.files.look_up(draft)
        files = looked_up.files if isinstance(looked_up, Draft) else ()
        room = self._rooms.look_up(write.room_id)
        self._held[self._newest_id] = HeldMessage(
            id=self._newest_id,
            author=self._named(write.actor_id),
            room_id=write.room_id,
            room_name=None if room is None else room.name,
            key=None if draft is None else key or f"held-{self._newest_id}",
            seq=None if isinstance(write, Draft) else write.seq,
            text=write.text,
            reply=None if draft is None else draft.reply,
            file_ids=() if draft is None else draft.file_ids,
            files=tuple(file.name for file in files),
            word=word,
            held_at=at,
        )
        return HELD

    def _others(self, moderator_id: int) -> list[HeldMessage]:
        return [each for each in self._there() if each.author.id != moderator_id]

    def _there(self) -> list[HeldMessage]:
        """Return what is held of people and rooms that are there."""
        self._held = {
            key: each
            for key, each in self._held.items()
            if self._users.is_there(each.author.id) and self._rooms.is_there(each.room_id)
        }
        return [*self._held.values()]

    def _named(self, person_id: int) -> Named:
        person = self._users.look_up(person_id)
        assert person is not None
        return Named(person_id, person.name)

    def _moderators(self) -> list[int]:
        return [
            each.id
            for each in self._users.there()
            if (each.is_moderator or each.is_admin) and not each.is_disabled
        ]


def _is_same(held: HeldMessage, write: Draft | Edit) -> bool:
    if (held.author.id, held.room_id) != (write.actor_id, write.room_id):
        return False
    return held.key == write.key if isinstance(write, Draft) else held.seq == write.seq
