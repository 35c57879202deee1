"""Bots in the reference model's memory. A method's work is done in one go after its checkpoint."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import trio

from chat.domain.accounts.account_removal import How
from chat.domain.accounts.bots import BOTS, BotAccount, BotHere, BotRoom
from chat.domain.accounts.outgoing_hooks import OUTGOING
from chat.domain.accounts.program_names import name_of
from chat.domain.administration.audit import Act, Named, What
from chat.domain.entities import Person
from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.domain.refusals import NO_PERSON, Refusal
from chat.domain.text.rules import same_name_key
from chat.features.bots.rules import BOT_TAKEN, MOST_BOTS, NO_BOT, OFF_BY_ADMIN, TOO_MANY_BOTS

if TYPE_CHECKING:
    from tests.features.hooks.outgoing.model import OutgoingModel
    from tests.reference.storage import MemoryStorage


class BotsModel:
    """The port `Bots`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._users, self._rooms, self._audit = storage.users, storage.rooms, storage.audit
        self._sessions = storage.sessions
        self._sent: Callable[[], OutgoingModel] = lambda: cast(
            "OutgoingModel", storage.feature_ports[OUTGOING]
        )
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {BOTS: self}

    async def of(self, owner_id: int) -> Sequence[BotAccount]:
        await trio.lowlevel.checkpoint()
        return [self._seen(each) for each in self._there() if self._users.bots[each.id] == owner_id]

    async def page(self, after_id: int, limit: int) -> Sequence[BotAccount]:
        await trio.lowlevel.checkpoint()
        return [self._seen(each) for each in self._there() if each.id > after_id][:limit]

    async def one(self, bot_id: int) -> BotAccount | None:
        await trio.lowlevel.checkpoint()
        return next((self._seen(each) for each in self._there() if each.id == bot_id), None)

    async def in_room(self, room_id: int, limit: int) -> Sequence[BotHere]:
        await trio.lowlevel.checkpoint()
        sent = [each for each in self._sent().rows.values() if each.off is None]
        answering = (each for each in sent if each.room_id == room_id and each.bot_id and not each.bridge)
        inside = {each.bot_id: each.owner_id for each in sorted(answering, key=lambda each: -each.owner_id)}
        inside |= {
            each.id: self._users.bots[each.id]
            for each in self._there()
            if self._rooms.has_member(room_id, each.id)
        }
        found = []
        for bot_id, owner_id in sorted(inside.items()):
            bot, owner = self._users.look_up(bot_id), self._users.look_up(owner_id)
            assert bot is not None
            assert owner is not None
            calls = (each for each in sent if each.bot_id == bot_id and each.room_id in (None, room_id))
            commands = {each.command for each in calls if each.command and not bot.is_disabled}
            named = Named(owner.id, owner.name)
            found.append(BotHere(bot_id, name_of(bot.name), named, tuple(sorted(commands))))
        return found[:limit]

    async def add(
        self, owner_id: int, account: str, scopes: Sequence[str], *, by_command: bool = False
    ) -> BotAccount | Refusal:
        await trio.lowlevel.checkpoint()
        owner = self._users.look_up(owner_id)
        if owner is None or owner.is_disabled or owner.is_visitor or not self._users.is_there(owner_id):
            return NO_PERSON
        if sum(self._users.bots[each.id] == owner_id for each in self._there()) >= MOST_BOTS:
            return TOO_MANY_BOTS
        if self._is_taken(account, None):
            return BOT_TAKEN
        bot = self._users.add_bot(owner_id, account, tuple(scopes))
        self._note(What.BOT_MADE, bot.id, None if by_command else owner_id, ", ".join(scopes))
        return self._seen(bot)

    async def change(
        self, bot_id: int, by_id: int | None, account: str | None, scopes: Sequence[str] | None
    ) -> BotAccount | Refusal:
        await trio.lowlevel.checkpoint()
        if by_id not in (None, self._owner_of(bot_id)) or self._owner_of(bot_id) is None:
            return NO_BOT
        if account is not None and self._is_taken(account, bot_id):
            return BOT_TAKEN
        bot = self._users.change_bot(bot_id, account, None if scopes is None else tuple(scopes))
        self._note(What.BOT_CHANGED, bot_id, by_id, ", ".join(scopes or ()))
        return self._seen(bot)

    async def switch(self, bot_id: int, by_id: int | None, *, is_on: bool) -> BotAccount | Refusal:
        await trio.lowlevel.checkpoint()
        owner_id = self._owner_of(bot_id)
        if owner_id is None or not (by_id in (None, owner_id) or self._is_admin(by_id)):
            return NO_BOT
        bot = self._users.look_up(bot_id)
        assert bot is not None
        is_owners = bot_id in self._users.off_by_owner
        if is_on and by_id == owner_id and bot.is_disabled and not is_owners and not self._is_admin(by_id):
            return OFF_BY_ADMIN
        if is_on:
            self._users.off_by_owner.discard(bot_id)
            self._users.switch_bot(bot_id, is_on=True)
        elif not (by_id == owner_id and bot.is_disabled):
            (self._users.off_by_owner.add if by_id == owner_id else self._users.off_by_owner.discard)(bot_id)
            self._users.switch_bot(bot_id, is_on=False)
        if is_on is bot.is_disabled:
            self._note(What.ENABLED if is_on else What.DISABLED, bot_id, by_id)
        changed = self._users.look_up(bot_id)
        assert changed is not None
        return self._seen(changed)

    async def remove(self, bot_id: int, by_id: int | None) -> Refusal | None:
        await trio.lowlevel.checkpoint()
        owner_id = self._owner_of(bot_id)
        if owner_id is None or not (by_id in (None, owner_id) or self._is_admin(by_id)):
            return NO_BOT
        self._users.removed[bot_id] = How.LEAVE
        self._users.watchers.notify(bot_id)
        self._note(What.BOT_REMOVED, bot_id, by_id)
        return None

    async def note_use(self, session_id: int) -> None:
        await trio.lowlevel.checkpoint()
        self._sessions.note_use(session_id)

    def _there(self) -> list[Person]:
        return [each for each in self._users.there() if each.scopes is not None]

    def _owner_of(self, bot_id: int) -> int | None:
        return self._users.bots.get(bot_id) if self._users.is_there(bot_id) else None

    def _is_admin(self, person_id: int | None) -> bool:
        by = None if person_id is None else self._users.look_up(person_id)
        return by is not None and by.is_admin and not by.is_disabled and self._users.is_there(by.id)

    def _is_taken(self, account: str, bot_id: int | None) -> bool:
        key = same_name_key(account)
        return any(each.id != bot_id and same_name_key(each.name) == key for each in self._there())

    def _seen(self, bot: Person) -> BotAccount:
        owner = self._users.look_up(self._users.bots[bot.id])
        assert owner is not None
        return BotAccount(
            id=bot.id,
            name=name_of(bot.name),
            owner=Named(owner.id, owner.name),
            scopes=bot.scopes or (),
            is_disabled=bot.is_disabled,
            created_at=bot.created_at,
            used_at=self._sessions.last_use(bot.id),
            is_off_by_admin=bot.is_disabled
            and bot.id not in self._users.off_by_owner
            and not self._users.is_off_with_owner(bot.id),
            rooms=tuple(BotRoom(each.id, each.name or "") for each in self._rooms.rooms_of_member(bot.id)),
        )

    def _note(self, what: What, bot_id: int, by_id: int | None, detail: str = "") -> None:
        self._audit.note([Act(by_id=by_id, what=what, person_id=bot_id, detail=detail)])
