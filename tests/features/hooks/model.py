"""Hooks in the reference model's memory. A method's work is done in one go after its checkpoint."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import trio
from msgspec import structs

from chat.domain.accounts.account_removal import How
from chat.domain.accounts.hooks import HOOKS, Hook, HookAccess, HookChange, NewHook
from chat.domain.accounts.program_names import name_of
from chat.domain.administration.audit import Act, Named, What
from chat.domain.entities import Draft
from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.domain.refusals import NO_ROOM, Refusal
from chat.features.hooks.changes import (
    MOST_HOOKS,
    NO_HOOK,
    REPEAT_WINDOW,
    TOO_MANY_HOOKS,
    HookPost,
    hooks_refusal,
    keys_in_time,
)

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class HooksModel:
    """The port `Hooks`, and how a message by a hook is saved."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._users, self._rooms, self._messages = storage.users, storage.rooms, storage.messages
        self._audit = storage.audit
        self._hooks: dict[int, Hook] = {}
        self._tokens: dict[int, bytes] = {}
        self.savers: Mapping[type, Callable[[Any], Saved]] = {HookPost: self._save}
        self.ports: Mapping[Port[Any], Any] = {HOOKS: self}

    async def by_token(self, token: bytes) -> HookAccess | None:
        await trio.lowlevel.checkpoint()
        found = (id_ for id_, known in self._tokens.items() if known == token and self._can_post(id_))
        hook = self._hooks.get(next(found, 0))
        return None if hook is None else HookAccess(hook.id, hook.room_id, hook.may_mention)

    async def note_use(self, hook_id: int) -> None:
        await trio.lowlevel.checkpoint()
        self._set(hook_id, used_at=time.time())

    async def note_error(self, hook_id: int, error: str) -> None:
        await trio.lowlevel.checkpoint()
        self._set(hook_id, error=error, error_at=time.time())

    async def in_room(self, room_id: int, by_id: int | None) -> Sequence[Hook] | Refusal:
        await trio.lowlevel.checkpoint()
        return self._refusal(room_id, by_id) or self._of(room_id)

    async def page(self, after_id: int, limit: int) -> Sequence[Hook]:
        await trio.lowlevel.checkpoint()
        found = (self._seen(id_) for id_ in sorted(self._hooks) if id_ > after_id)
        return [hook for hook in found if hook is not None][:limit]

    async def add(self, new: NewHook, by_id: int | None) -> Hook | Refusal:
        await trio.lowlevel.checkpoint()
        if refusal := self._refusal(new.room_id, by_id):
            return refusal
        if len(self._of(new.room_id)) >= MOST_HOOKS:
            return TOO_MANY_HOOKS
        account = self._users.add_hook(new.name)
        room, by = self._rooms.look_up(new.room_id), None if by_id is None else self._users.look_up(by_id)
        assert room is not None
        self._hooks[account.id] = Hook(
            id=account.id,
            room_id=new.room_id,
            room_name=room.name or "",
            name="",
            may_mention=new.may_mention,
            by=None if by is None else Named(by.id, by.name),
            created_at=time.time(),
            used_at=None,
            error=None,
            error_at=None,
        )
        self._tokens[account.id] = new.token
        self._users.hooks[account.id] = new.may_mention
        return self._done(What.HOOK_MADE, new.room_id, account.id, by_id)

    async def change(
        self, room_id: int, hook_id: int, change: HookChange, by_id: int | None
    ) -> Hook | Refusal:
        await trio.lowlevel.checkpoint()
        if refusal := self._refusal(room_id, by_id):
            return refusal
        if not self.is_there(room_id, hook_id):
            return NO_HOOK
        if change.name is not None:
            self._users.rename_hook(hook_id, change.name)
        if change.may_mention is not None:
            self._set(hook_id, may_mention=change.may_mention)
            self._users.hooks[hook_id] = change.may_mention
        if change.token is not None:
            self._tokens[hook_id] = change.token
        what = What.HOOK_CHANGED if change.token is None else What.HOOK_TOKEN_RENEWED
        return self._done(what, room_id, hook_id, by_id)

    async def remove(self, room_id: int, hook_id: int, by_id: int | None) -> Refusal | None:
        await trio.lowlevel.checkpoint()
        if refusal := self._refusal(room_id, by_id):
            return refusal
        if not self.is_there(room_id, hook_id):
            return NO_HOOK
        del self._hooks[hook_id], self._tokens[hook_id]
        self._users.removed[hook_id] = How.LEAVE
        self._audit.note([Act(by_id=by_id, what=What.HOOK_REMOVED, person_id=hook_id, room_id=room_id)])
        return None

    def _save(self, post: HookPost) -> Saved:
        account = self._users.look_up(post.actor_id)
        is_known = self._tokens.get(post.actor_id) == post.token and self._can_post(post.actor_id)
        if account is None or not is_known or not self.is_there(post.room_id, post.actor_id):
            return NO_HOOK
        key = self._key(post) if post.is_body else post.key
        draft = Draft(
            post.room_id,
            post.actor_id,
            account.name,
            post.text,
            post.created_at,
            key=key,
            reply=post.reply,
        )
        return self._messages.save_now(draft)

    def _key(self, post: HookPost) -> str:
        now, before = keys_in_time(post.key, post.created_at)
        known = self._messages.by_key.get((post.actor_id, before))
        is_recent = known is not None and known[1].created_at > post.created_at - REPEAT_WINDOW
        return before if is_recent else now

    def _can_post(self, hook_id: int) -> bool:
        account = self._users.look_up(hook_id)
        return account is not None and hook_id not in self._users.removed and not account.is_disabled

    def is_there(self, room_id: int, hook_id: int) -> bool:
        """Whether a room has this hook, at once."""
        return hook_id in self._hooks and self._hooks[hook_id].room_id == room_id

    def token_of(self, hook_id: int) -> bytes | None:
        """Return the digest of a hook's token, at once; None: it was removed."""
        return self._tokens.get(hook_id)

    def _of(self, room_id: int) -> list[Hook]:
        found = (self._seen(id_) for id_, hook in sorted(self._hooks.items()) if hook.room_id == room_id)
        return [hook for hook in found if hook is not None]

    def _seen(self, hook_id: int) -> Hook | None:
        """Return a hook with its name and its room's; None: one of the two is gone."""
        hook, account = self._hooks[hook_id], self._users.look_up(hook_id)
        room = self._rooms.look_up(hook.room_id)
        if room is None or account is None or hook_id in self._users.removed:
            return None
        return structs.replace(hook, name=name_of(account.name), room_name=room.name or "")

    def _set(self, hook_id: int, **fields: Any) -> None:
        if hook_id in self._hooks:
            self._hooks[hook_id] = structs.replace(self._hooks[hook_id], **fields)

    def _refusal(self, room_id: int, by_id: int | None) -> Refusal | None:
        if self._rooms.look_up(room_id) is None:
            return NO_ROOM
        if by_id is None:
            return None
        by = self._rooms.authority(room_id, by_id, any_kind=True)
        return NO_ROOM if by is None else hooks_refusal(by)

    def _done(self, what: What, room_id: int, hook_id: int, by_id: int | None) -> Hook | Refusal:
        self._audit.note([Act(by_id=by_id, what=what, person_id=hook_id, room_id=room_id)])
        return self._seen(hook_id) or NO_HOOK
