"""Bots: accounts of programs, with an owner and scopes. The feature `bots` has all else of them."""

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from chat.domain.administration.audit import Named
from chat.domain.entities import Person
from chat.domain.features import Port
from chat.domain.refusals import NOT_FOR_BOTS, Code, Refusal


class Scope(StrEnum):
    """What a bot may do in the rooms that it is in."""

    READ = "read"
    SPEAK = "speak"
    REACT = "react"


NO_SCOPE = Refusal(Code.FORBIDDEN, "the bot lacks the scope for this", reason="no_scope")


def scope_refusal(person: Person, scopes: Collection[Scope]) -> Refusal | None:
    """Return why a bot may not do what takes one of these scopes; None: it may, or the person is no bot. Sync and pure.

    Without scopes no bot may.
    """
    if person.scopes is None or not set(person.scopes).isdisjoint(scopes):
        return None
    return NO_SCOPE if scopes else NOT_FOR_BOTS


class BotRoom(msgspec.Struct, frozen=True):
    """A room that a bot is in."""

    id: int
    name: str


class BotAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A bot, as its owner sees it. Its account is called `name` and the mark of bots.

    `is_disabled`: it, or its owner, was disabled; `is_off_by_admin`: an admin or a command did that. Times are in Unix
    seconds; `used_at` is the last use of one of its tokens, None if no token was used.
    """

    id: int
    name: str
    owner: Named
    scopes: tuple[str, ...]
    is_disabled: bool
    created_at: float
    used_at: float | None = None
    is_off_by_admin: bool = False
    rooms: tuple[BotRoom, ...] = ()


class BotHere(msgspec.Struct, frozen=True):
    """A bot as people of a room see it: whose it is, and by which commands it is called there."""

    id: int
    name: str
    owner: Named
    commands: tuple[str, ...]


class Bots(Protocol):
    """All bots. Every method may raise StorageDown, those that write OutcomeUnknown too.

    A write checks in its transaction that `by_id` may do it; None is a command. Cancelling a write: it is done whole,
    or not at all.
    """

    async def of(self, owner_id: int) -> Sequence[BotAccount]:
        """Return the bots of a person, the oldest first."""
        ...

    async def page(self, after_id: int, limit: int) -> Sequence[BotAccount]:
        """Return bots of all people by their ids, from the one behind `after_id` on."""
        ...

    async def one(self, bot_id: int) -> BotAccount | None:
        """Return a bot; None: there is none."""
        ...

    async def in_room(self, room_id: int, limit: int) -> Sequence[BotHere]:
        """Return the bots of a room, by id: accounts that are in it, and hooks that answer in it."""
        ...

    async def add(
        self, owner_id: int, account: str, scopes: Sequence[str], *, by_command: bool = False
    ) -> BotAccount | Refusal:
        """Add a bot with this account name."""
        ...

    async def change(
        self, bot_id: int, by_id: int | None, account: str | None, scopes: Sequence[str] | None
    ) -> BotAccount | Refusal:
        """Give a bot another account name, or other scopes, as its owner; None stays."""
        ...

    async def switch(self, bot_id: int, by_id: int | None, *, is_on: bool) -> BotAccount | Refusal:
        """Disable or enable a bot, as its owner or an admin; what an admin or a command disabled, no owner enables.

        It keeps its tokens and rooms. While its owner is disabled, it stays so.
        """
        ...

    async def remove(self, bot_id: int, by_id: int | None) -> Refusal | None:
        """Remove a bot and all of its tokens, as its owner or an admin. Its messages stay."""
        ...

    async def note_use(self, session_id: int) -> None:
        """Keep that the token of a session is used now; at most once a minute it is written."""
        ...


class BotUses(Protocol):
    """Notes when tokens of bots are used."""

    async def note(self, bot: Person) -> None:
        """Note that a bot uses the token of its session now. Cancelling: it is noted, or not."""
        ...


BOTS: Port[Bots] = Port("bots")
USES: Port[BotUses] = Port("uses of tokens of bots")
