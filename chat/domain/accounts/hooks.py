"""Hooks as accounts: their tokens, and the port of all hooks. The feature `hooks` has all else of them."""

import hashlib
import secrets
from collections.abc import Sequence
from typing import Protocol

import msgspec

from chat.domain.administration.audit import Named
from chat.domain.features import Port
from chat.domain.refusals import Refusal


def new_token() -> str:
    """Return a token that cannot be guessed."""
    return secrets.token_urlsafe(24)


def digest_of(token: str) -> bytes:
    """Return the SHA-256 of a token, which the database stores in its place."""
    return hashlib.sha256(token.encode()).digest()


class HookAccess(msgspec.Struct, frozen=True):
    """What a call needs to know of its hook. The write checks again that the token is still the hook's."""

    id: int
    room_id: int
    may_mention: bool


class Hook(msgspec.Struct, frozen=True, kw_only=True):
    """A hook, as people see it who look after it. Times are in Unix seconds; without `by` a command made it.

    `error` is why the last refused call was refused.
    """

    id: int
    room_id: int
    room_name: str
    name: str
    may_mention: bool
    by: Named | None
    created_at: float
    used_at: float | None
    error: str | None
    error_at: float | None


class NewHook(msgspec.Struct, frozen=True, kw_only=True):
    """A hook to be made. `name` is that of its account, `token` the digest of its token."""

    room_id: int
    name: str
    token: bytes
    may_mention: bool


class HookChange(msgspec.Struct, frozen=True, kw_only=True):
    """What changes of a hook; None stays. `name` is that of its account, `token` a digest."""

    name: str | None = None
    token: bytes | None = None
    may_mention: bool | None = None


class Hooks(Protocol):
    """The hooks of all rooms. Every method may raise StorageDown, those that write OutcomeUnknown too.

    A write checks in its transaction that `by_id` may look after the hooks of the room (`hooks_refusal`); None is a
    command. Cancelling a write: it is done whole, or not at all.
    """

    async def by_token(self, token: bytes) -> HookAccess | None:
        """Return the hook with a token of this digest."""
        ...

    async def note_use(self, hook_id: int) -> None:
        """Keep that a hook is used now."""
        ...

    async def note_error(self, hook_id: int, error: str) -> None:
        """Keep why a call was refused."""
        ...

    async def in_room(self, room_id: int, by_id: int | None) -> Sequence[Hook] | Refusal:
        """Return the hooks of a room, the oldest first."""
        ...

    async def page(self, after_id: int, limit: int) -> Sequence[Hook]:
        """Return hooks of all rooms by their ids, from the one behind `after_id` on."""
        ...

    async def add(self, new: NewHook, by_id: int | None) -> Hook | Refusal:
        """Add a hook."""
        ...

    async def change(
        self, room_id: int, hook_id: int, change: HookChange, by_id: int | None
    ) -> Hook | Refusal:
        """Change a hook of a room."""
        ...

    async def remove(self, room_id: int, hook_id: int, by_id: int | None) -> Refusal | None:
        """Remove a hook of a room. Its messages stay."""
        ...


HOOKS: Port[Hooks] = Port("hooks")
