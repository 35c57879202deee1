"""Outgoing hooks in the reference model's memory. A method's work is done in one go after its checkpoint."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import msgspec
import trio

from chat.domain.accounts.bridges import BRIDGES, Bridge, BridgeToRead, Kept, Read
from chat.domain.accounts.hooks import HOOKS
from chat.domain.accounts.outgoing_hooks import (
    OLD_SECRET,
    OUTGOING,
    Bot,
    Claimed,
    Failed,
    NewOutgoingHook,
    OutgoingChange,
    OutgoingHook,
    Waiting,
)
from chat.domain.accounts.program_names import name_of
from chat.domain.administration.audit import Act, Named, What
from chat.domain.features import Port
from chat.domain.log_events import LOG
from chat.domain.messages.outcomes import Saved
from chat.domain.refusals import NO_ROOM, NOT_ADMIN, Refusal
from chat.features.hooks.changes import NO_HOOK
from chat.features.hooks.outgoing.rules import (
    MOST_OUTGOING,
    NO_BRIDGE,
    NO_OUTGOING,
    NOT_IN_LOG,
    TOO_MANY_OUTGOING,
    host_of,
    sending_refusal,
)
from tests.features.hooks.model import HooksModel

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage

DAY = 86_400.0


class Row(msgspec.Struct):
    """A row of the table. Times are in seconds of the storage's clock."""

    id: int
    owner_id: int
    room_id: int | None
    kinds: tuple[str, ...]
    url: str
    secret: str
    position: int
    created_at: float
    old_secret: str | None = None
    old_until: float = 0.0
    replays: int = 0
    batch_end: int | None = None
    tries: int = 0
    failing_since: float | None = None
    due_at: float = 0.0
    claim: int = 0
    claimed_until: float = 0.0
    off: Any = None
    sent_at: float | None = None
    error: str | None = None
    error_at: float | None = None
    bot_id: int | None = None
    command: str | None = None
    bridge: Bridge | None = None


class OutgoingModel:
    """The port `OutgoingHooks`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._users, self._rooms, self._messages = storage.users, storage.rooms, storage.messages
        self._audit, self.now = storage.audit, storage.now
        self._ports: Callable[[], Mapping[Port[Any], Any]] = lambda: storage.feature_ports
        self.rows: dict[int, Row] = {}
        self._newest_id = 0
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {
            OUTGOING: self,
            BRIDGES: BridgesModel(self),
            LOG: storage.messages,
        }

    async def of(self, owner_id: int) -> Sequence[OutgoingHook]:
        await trio.lowlevel.checkpoint()
        return [self._seen(each) for each in self._there() if each.owner_id == owner_id]

    async def in_room(self, room_id: int, by_id: int) -> Sequence[OutgoingHook] | Refusal:
        await trio.lowlevel.checkpoint()
        if refusal := self._sending_refusal(room_id, by_id):
            return refusal
        return [self._seen(each) for each in self._there() if each.room_id == room_id]

    async def page(self, after_id: int, limit: int) -> Sequence[OutgoingHook]:
        await trio.lowlevel.checkpoint()
        return [self._seen(each) for each in self._there() if each.id > after_id][:limit]

    async def add(self, new: NewOutgoingHook, by_id: int | None) -> OutgoingHook | Refusal:
        await trio.lowlevel.checkpoint()
        if refusal := self._sending_refusal(new.room_id, new.owner_id, has_bot=new.bot_id is not None):
            return refusal
        if sum(each.owner_id == new.owner_id for each in self.rows.values()) >= MOST_OUTGOING:
            return TOO_MANY_OUTGOING
        end = self._messages.end_of_log()
        position = end if new.position is None else new.position
        if position > end:
            return NOT_IN_LOG
        if new.bot_id is not None and not self._is_bot(new.bot_id, new):
            return NO_HOOK
        self._newest_id += 1
        row = self.rows[self._newest_id] = Row(
            self._newest_id,
            new.owner_id,
            new.room_id,
            new.kinds,
            new.url,
            new.secret,
            position,
            self.now(),
            bot_id=new.bot_id,
            command=new.command,
            bridge=new.bridge,
        )
        self._note(What.OUTGOING_HOOK_MADE, row, by_id, new.url)
        return self._seen(row)

    async def change(self, hook_id: int, change: OutgoingChange, by_id: int | None) -> OutgoingHook | Refusal:
        await trio.lowlevel.checkpoint()
        row = self.rows.get(hook_id)
        if row is None or by_id not in (None, row.owner_id):
            return NO_OUTGOING
        if row.bridge is None and (change.gateway is not None or change.token is not None):
            return NO_BRIDGE
        position = change.position
        if position is None and change.since is not None:
            position = self._messages.last_before(change.since)
        if position is not None and position > self._messages.end_of_log():
            return NOT_IN_LOG
        if position is not None or change.kinds is not None:
            row.batch_end = None
        if position is not None:
            row.position, row.replays = position, row.replays + 1
        row.kinds = row.kinds if change.kinds is None else change.kinds
        row.url = change.url or row.url
        if row.bridge is not None:
            gateway = row.bridge.gateway if change.gateway is None else change.gateway
            row.bridge = Bridge(gateway, row.bridge.token if change.token is None else change.token)
            row.url = row.url.rstrip("/")
        if change.is_on is not None:
            row.off = None if change.is_on else "owner"
        if change.secret is not None:
            row.old_secret, row.old_until = row.secret, self.now() + OLD_SECRET
            row.secret = change.secret
        row.claim += 1
        row.claimed_until = row.due_at = 0.0
        row.failing_since, row.tries = None, 0
        self._note(What.OUTGOING_HOOK_CHANGED, row, by_id, change.url or "")
        return self._seen(row)

    async def remove(self, hook_id: int, by_id: int | None) -> Refusal | None:
        await trio.lowlevel.checkpoint()
        row = self.rows.get(hook_id)
        if row is None or not (by_id in (None, row.owner_id) or self._is_admin(by_id)):
            return NO_OUTGOING
        del self.rows[hook_id]
        self._note(What.OUTGOING_HOOK_REMOVED, row, by_id, "")
        return None

    async def waiting(self) -> Sequence[Waiting]:
        await trio.lowlevel.checkpoint()
        now, end = self.now(), self._messages.end_of_log()
        return [
            Waiting(
                each.id,
                each.owner_id,
                each.room_id,
                each.kinds,
                each.position,
                each.claim,
                max(each.due_at - now, each.claimed_until - now, 0.0),
                self._bot(each),
                each.bridge is not None,
            )
            for each in self.rows.values()
            if each.off is None and each.position < end
        ]

    async def claim(self, hook: Waiting, lease: float) -> Claimed | None:
        await trio.lowlevel.checkpoint()
        now, row = self.now(), self._claimed(hook.id, hook.claim)
        if row is None or row.off is not None or max(row.due_at, row.claimed_until) > now:
            return None
        row.claim += 1
        row.claimed_until = now + lease
        old = (row.old_secret,) if row.old_secret is not None and row.old_until > now else ()
        return Claimed(
            row.claim,
            row.url,
            (row.secret, *old),
            row.replays,
            row.tries,
            row.batch_end,
            self.token(row),
            row.bridge,
        )

    async def rooms_to_send(self, hook: Waiting, room_ids: Collection[int]) -> frozenset[int] | None:
        await trio.lowlevel.checkpoint()
        if hook.bot is not None and hook.bot.is_account:
            account = self._users.look_up(hook.bot.id)
            is_on = account is not None and self._users.is_there(account.id) and not account.is_disabled
            return frozenset(each for each in room_ids if is_on and self._rooms.has_member(each, hook.bot.id))
        is_for_all = hook.room_id is None
        by = {each: self._rooms.authority(each, hook.owner_id, any_kind=True) for each in room_ids}
        found = frozenset(
            room_id
            for room_id, authority in by.items()
            if authority is not None and sending_refusal(authority, is_for_all=is_for_all) is None
        )
        return found if found or (is_for_all and self._is_admin(hook.owner_id)) else None

    async def advance(self, hook_id: int, claim: int, position: int, lease: float, *, is_sent: bool) -> bool:
        await trio.lowlevel.checkpoint()
        row, now = self._claimed(hook_id, claim), self.now()
        if row is None:
            return False
        row.position, row.batch_end, row.due_at = position, None, 0.0
        row.claimed_until = now + lease if lease else 0.0
        if is_sent:
            row.tries, row.failing_since, row.sent_at = 0, None, now
        return True

    async def fail(self, hook_id: int, claim: int, failed: Failed) -> bool:
        await trio.lowlevel.checkpoint()
        row, now = self._claimed(hook_id, claim), self.now()
        if row is None:
            return False
        is_over = row.failing_since is not None and row.failing_since < now - DAY
        row.off = failed.off or ("failing" if is_over else row.off)
        row.batch_end, row.tries, row.claimed_until = failed.end, row.tries + 1, 0.0
        row.due_at, row.failing_since = now + failed.after, row.failing_since or now
        row.error, row.error_at = failed.error, now
        return True

    def _claimed(self, hook_id: int, claim: int) -> Row | None:
        row = self.rows.get(hook_id)
        return None if row is None or row.claim != claim else row

    def _there(self) -> list[Row]:
        return [row for _, row in sorted(self.rows.items()) if self._users.is_there(row.owner_id)]

    def _seen(self, row: Row) -> OutgoingHook:
        owner = self._users.look_up(row.owner_id)
        room = None if row.room_id is None else self._rooms.look_up(row.room_id)
        assert owner is not None
        return OutgoingHook(
            id=row.id,
            owner=Named(owner.id, owner.name),
            room_id=row.room_id,
            room_name=None if room is None else room.name,
            kinds=row.kinds,
            url=row.url,
            position=row.position,
            behind=max(self._messages.end_of_log() - row.position, 0),
            off=row.off,
            created_at=row.created_at,
            sent_at=row.sent_at,
            tries=row.tries,
            error=row.error,
            error_at=row.error_at,
            due_at=row.due_at if row.due_at and row.off is None else None,
            bot=self._bot(row),
            gateway=None if row.bridge is None else row.bridge.gateway,
        )

    def _hooks(self) -> HooksModel:
        found: Any = self._ports()[HOOKS]
        return cast("HooksModel", getattr(found, "_table", found))

    def _is_bot(self, bot_id: int, new: NewOutgoingHook) -> bool:
        if new.room_id is None:
            return self._users.is_there(bot_id) and self._users.bots.get(bot_id) == new.owner_id
        return self._hooks().is_there(new.room_id, bot_id)

    def _bot(self, row: Row) -> Bot | None:
        account = None if row.bot_id is None else self._users.look_up(row.bot_id)
        if account is None:
            return None
        return Bot(account.id, name_of(account.name), row.command, account.scopes is not None)

    def token(self, row: Row) -> bytes | None:
        return None if row.bot_id is None else self._hooks().token_of(row.bot_id)

    def _is_admin(self, person_id: int | None) -> bool:
        person = None if person_id is None else self._users.look_up(person_id)
        return (
            person is not None
            and person.is_admin
            and not person.is_disabled
            and self._users.is_there(person.id)
        )

    def _sending_refusal(self, room_id: int | None, by_id: int, *, has_bot: bool = False) -> Refusal | None:
        if room_id is None:
            return None if has_bot or self._is_admin(by_id) else NOT_ADMIN
        by = self._rooms.authority(room_id, by_id, any_kind=True)
        return NO_ROOM if by is None else sending_refusal(by, is_for_all=False)

    def _note(self, what: What, row: Row, by_id: int | None, url: str) -> None:
        act = Act(by_id=by_id, what=what, person_id=row.owner_id, room_id=row.room_id, detail=host_of(url))
        self._audit.note([act])


class BridgesModel:
    """The port `Bridges`."""

    def __init__(self, hooks: OutgoingModel) -> None:
        self._outgoing = hooks
        self._claims: dict[int, tuple[int, float]] = {}  # and until when
        self._kept: list[Read] = []

    async def to_read(self) -> Sequence[BridgeToRead]:
        await trio.lowlevel.checkpoint()
        now, found = self._outgoing.now(), []
        for _, row in sorted(self._outgoing.rows.items()):
            if row.bridge is not None and row.off is None and self._outgoing.token(row) is not None:
                claim, until = self._claims.get(row.id, (0, 0.0))
                about = row.url, row.bridge.token, row.bridge.gateway, row.bot_id or 0
                found.append(BridgeToRead(row.id, *about, claim, max(until - now, 0.0)))
        return found

    async def claim(self, bridge_id: int, claim: int | None, lease: float) -> int | None:
        await trio.lowlevel.checkpoint()
        (known, until), now = self._claims.get(bridge_id, (0, 0.0)), self._outgoing.now()
        if bridge_id not in self._outgoing.rows or (claim != known and (until > now or not lease)):
            return None
        made = known if claim == known else known + 1
        self._claims[bridge_id] = made, now + lease if lease else 0.0
        return made

    async def keep(self, messages: Sequence[Read]) -> None:
        await trio.lowlevel.checkpoint()
        known = {each.key for each in self._kept}
        self._kept += [each for each in messages if each.key not in known]

    async def kept(self, bridge_id: int, limit: int) -> Sequence[Kept]:
        await trio.lowlevel.checkpoint()
        row = self._outgoing.rows.get(bridge_id)
        token = None if row is None else self._outgoing.token(row)
        if row is None or token is None or row.bot_id is None or row.room_id is None:
            return []
        found = [each for each in self._kept if each.bridge_id == bridge_id]
        return [Kept(each.key, each.text, row.bot_id, token, row.room_id) for each in found[:limit]]

    async def posted(self, keys: Sequence[str]) -> None:
        await trio.lowlevel.checkpoint()
        self._kept = [each for each in self._kept if each.key not in keys]
