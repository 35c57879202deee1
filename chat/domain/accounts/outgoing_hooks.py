"""Outgoing hooks: what the storage keeps of them, and its port. `features/hooks/outgoing` has all else."""

import secrets
from base64 import b64encode
from collections.abc import Collection, Sequence
from typing import Literal, Protocol

import msgspec

from chat.domain.accounts.bridges import Bridge
from chat.domain.administration.audit import Named
from chat.domain.features import Port
from chat.domain.refusals import Refusal

OffReason = Literal["owner", "gone", "failing", "no_right"]
"""Why a hook is off: its owner says so, its receiver answered 410, or failed for a day, or a right has ended."""

OLD_SECRET = 86_400
"""Seconds for which the secret before a new one signs too."""


def new_secret() -> str:
    """Return a secret in the form of Standard Webhooks: `whsec_` and 32 random bytes."""
    return "whsec_" + b64encode(secrets.token_bytes(32)).decode()


class Bot(msgspec.Struct, frozen=True):
    """A bot that answers: its name calls it, and `/` with `command`, if it has one.

    It is an incoming hook of the room, or an account with rooms of its own.
    """

    id: int
    name: str
    command: str | None
    is_account: bool = False


class OutgoingHook(msgspec.Struct, frozen=True, kw_only=True):
    """An outgoing hook, as its owner sees it. Times are in Unix seconds.

    Without `room_id` it sends all rooms of its owner, or of the account of its `bot`; without `kinds` all kinds of
    change. `position` is the log id up to which its receiver has all, `behind` how many ids the log has after it.
    `due_at` is the time of the next try after a failure. With a `bot` only calls of it are sent; with a `gateway` too
    it is a bridge.
    """

    id: int
    owner: Named
    room_id: int | None
    room_name: str | None
    kinds: tuple[str, ...]
    url: str
    position: int
    behind: int
    off: OffReason | None
    created_at: float
    sent_at: float | None
    tries: int
    error: str | None
    error_at: float | None
    due_at: float | None = None
    bot: Bot | None = None
    gateway: str | None = None


class NewOutgoingHook(msgspec.Struct, frozen=True, kw_only=True):
    """An outgoing hook to be made. `position` None: the end of the log.

    `bot_id` is an incoming hook of the room; without a room, it is the account of a bot of `owner_id`.
    With a `bridge` that hook posts the messages of a matterbridge, and messages of people are sent there.
    """

    owner_id: int
    room_id: int | None
    kinds: tuple[str, ...]
    url: str
    secret: str
    position: int | None = None
    bot_id: int | None = None
    command: str | None = None
    bridge: Bridge | None = None


class OutgoingChange(msgspec.Struct, frozen=True, kw_only=True):
    """What changes of an outgoing hook; None stays. With `secret` the one before signs too for `OLD_SECRET` seconds.

    `since` (Unix seconds) is the position of the last message before that time; it counts without a `position`.
    `gateway` and `token` are those of a bridge.
    """

    kinds: tuple[str, ...] | None = None
    url: str | None = None
    position: int | None = None
    since: float | None = None
    is_on: bool | None = None
    secret: str | None = None
    gateway: str | None = None
    token: str | None = None


class Waiting(msgspec.Struct, frozen=True):
    """A hook that is on and has changes of the log before it. `wait`: seconds until it may be claimed."""

    id: int
    owner_id: int
    room_id: int | None
    kinds: tuple[str, ...]
    position: int
    claim: int
    wait: float
    bot: Bot | None = None
    is_bridge: bool = False


class Claimed(msgspec.Struct, frozen=True):
    """A hook that this server sends now. `batch_end` is set for a batch that is sent again.

    `bot_token` is the digest of the token of the incoming hook by which a bot answers.
    """

    claim: int
    url: str
    secrets: tuple[str, ...]
    replays: int
    tries: int
    batch_end: int | None
    bot_token: bytes | None = None
    bridge: Bridge | None = None


class Failed(msgspec.Struct, frozen=True):
    """A batch up to `end` was not taken. It is sent again `after` seconds; `off`: it is not."""

    end: int
    error: str
    after: float
    off: OffReason | None = None


class OutgoingHooks(Protocol):
    """The outgoing hooks of all people. Every method may raise StorageDown, those that write OutcomeUnknown too.

    A write checks in its transaction that `by_id` may do it; None is a command. Cancelling a write: it is done whole,
    or not at all.
    """

    async def of(self, owner_id: int) -> Sequence[OutgoingHook]:
        """Return the hooks of a person, the oldest first."""
        ...

    async def in_room(self, room_id: int, by_id: int) -> Sequence[OutgoingHook] | Refusal:
        """Return the hooks of a room, of all owners, the oldest first, if somebody may send the room themselves."""
        ...

    async def page(self, after_id: int, limit: int) -> Sequence[OutgoingHook]:
        """Return hooks of all people by their ids, from the one behind `after_id` on."""
        ...

    async def add(self, new: NewOutgoingHook, by_id: int | None) -> OutgoingHook | Refusal:
        """Add a hook, if its owner may send what it sends."""
        ...

    async def change(self, hook_id: int, change: OutgoingChange, by_id: int | None) -> OutgoingHook | Refusal:
        """Change a hook, as its owner; a gateway and its token only of a bridge."""
        ...

    async def remove(self, hook_id: int, by_id: int | None) -> Refusal | None:
        """Remove a hook, as its owner or an admin."""
        ...

    async def waiting(self) -> Sequence[Waiting]:
        """Return the hooks that are on and are not at the end of the log."""
        ...

    async def claim(self, hook: Waiting, lease: float) -> Claimed | None:
        """Claim a hook for so many seconds; None: somebody has, or has changed it."""
        ...

    async def rooms_to_send(self, hook: Waiting, room_ids: Collection[int]) -> frozenset[int] | None:
        """Return those of the rooms that the owner of the hook may send now; None: they may send none of its rooms.

        With the account of a bot: those that it is in, if it is not disabled.
        """
        ...

    async def advance(self, hook_id: int, claim: int, position: int, lease: float, *, is_sent: bool) -> bool:
        """Keep that the receiver has all up to a position, and keep the claim; without a `lease` it ends.

        `is_sent`: something was sent. False: the claim is void, and nothing is kept.
        """
        ...

    async def fail(self, hook_id: int, claim: int, failed: Failed) -> bool:
        """Keep that a batch failed, and end the claim. The hook is off once it has failed for a day.

        False: the claim is void, and nothing is kept.
        """
        ...


OUTGOING: Port[OutgoingHooks] = Port("outgoing hooks")
