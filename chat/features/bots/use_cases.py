"""Bots in rooms, and their tokens. Rights are checked when they are used."""

from collections.abc import Sequence

from chat.domain.accounts.bots import BOTS, BotAccount, BotHere
from chat.domain.accounts.sessions import Device, NamedToken
from chat.domain.entities import Person
from chat.domain.messages.changes import Addition, Removal
from chat.domain.refusals import NO_MEMBER, NO_ROOM, NOT_MEMBER, Code, Refusal
from chat.domain.rooms.membership import RoomRole
from chat.domain.rooms.room_rights import addition_refusal, visibility_refusal
from chat.domain.timestamps import current_time
from chat.engine.services import EngineServices
from chat.features.bots.rules import MOST_IN_ROOM, NO_BOT

_OUTSIDE = (None, RoomRole.BANNED)


async def account_of(services: EngineServices, owner: Person, bot_id: int) -> Person | Refusal:
    """Return the account of somebody's bot. May raise StorageDown. Cancelling changes nothing."""
    bot = await services.feature_ports[BOTS].one(bot_id)
    account = None if bot is None or bot.owner.id != owner.id else await services.accounts.person(bot_id)
    return NO_BOT if account is None else account


async def change(
    services: EngineServices,
    by: Person,
    bot_id: int,
    account: str | None,
    scopes: Sequence[str] | None,
    *,
    is_off: bool | None,
) -> BotAccount | Refusal:
    """Change one's bot; as an admin switch any off or on. NO_BOT: there is none.

    May raise StorageDown and OutcomeUnknown. Cancelling: each of both was done whole, or not at all.
    """
    bots = services.feature_ports[BOTS]
    changed: BotAccount | Refusal | None = None
    if account is not None or scopes is not None or is_off is None:
        changed = await bots.change(bot_id, by.id, account, scopes)
        services.accounts.changed(bot_id)
    if is_off is not None and not isinstance(changed, Refusal):
        changed = await bots.switch(bot_id, by.id, is_on=not is_off)
        services.accounts.changed(bot_id)
    assert changed is not None
    return changed


async def remove(services: EngineServices, by: Person, bot_id: int) -> Refusal | None:
    """Take one's bot, or as an admin any, out of its rooms, and remove it. Its messages stay.

    May raise StorageDown and OutcomeUnknown. Cancelling: it is out of some rooms, or removed, or nothing was done.
    """
    bots = services.feature_ports[BOTS]
    bot = await bots.one(bot_id)
    if bot is None or not (bot.owner.id == by.id or by.is_admin):
        return NO_BOT
    for room in bot.rooms:
        ended = await services.memberships.end(Removal(room.id, bot_id, bot_id, current_time()))
        if ended is not None and ended.code in (Code.UNAVAILABLE, Code.OUTCOME_UNKNOWN):
            return ended  # with others it is out already
    refusal = await bots.remove(bot_id, by.id)
    services.accounts.changed(bot_id)
    return refusal


async def in_room(services: EngineServices, by: Person, room_id: int) -> Sequence[BotHere] | Refusal:
    """Return the bots of a room, as somebody who is in it. May raise StorageDown. Cancelling changes nothing."""
    access = await services.conversations.enter(by, room_id)
    if isinstance(access, Refusal):
        return access
    return await services.feature_ports[BOTS].in_room(room_id, MOST_IN_ROOM)


async def add_to_room(services: EngineServices, by: Person, room_id: int, bot_id: int) -> Refusal | None:
    """Add one's bot to a room that one is in and may add people to. ALREADY_IN: it is there.

    Raises StorageDown. Cancelling: it is added, or not.
    """
    bot = await account_of(services, by, bot_id)
    if isinstance(bot, Refusal):
        return bot
    # The storage ends a bot's membership with its owner's, so the owner must have one.
    own = await services.conversations.role_of(by.id, room_id)
    authority = await services.conversations.authority(by, room_id)
    if isinstance(authority, Refusal):
        return authority
    if own in _OUTSIDE:
        return NO_ROOM if authority.room.is_private else NOT_MEMBER
    if refusal := addition_refusal(authority):
        return refusal
    outcome = await services.writes.write(Addition(services.rooms.joining(bot, room_id), by.id))
    return outcome if isinstance(outcome, Refusal) else None


async def take_out(services: EngineServices, by: Person, room_id: int, bot_id: int) -> Refusal | None:
    """Take one's bot out of a room. It receives nothing published after this returns.

    Raises StorageDown. Cancelling: it is out, or not.
    """
    bot = await account_of(services, by, bot_id)
    if isinstance(bot, Refusal):
        return bot
    role = await services.conversations.role_of(bot_id, room_id)
    authority = await services.conversations.authority(bot, room_id)
    if isinstance(authority, Refusal):
        return authority
    if role in _OUTSIDE:
        return visibility_refusal(authority) or NO_MEMBER
    return await services.memberships.end(Removal(room_id, bot_id, bot_id, current_time()))


async def new_token(
    services: EngineServices, by: Person, bot_id: int, name: str, days: int, device: Device
) -> NamedToken | Refusal:
    """Make a token of one's bot. May raise StorageDown and OutcomeUnknown. Cancelling: it is made, or not."""
    bot = await account_of(services, by, bot_id)
    return bot if isinstance(bot, Refusal) else await services.sessions.new_token(bot, name, days, device)


async def end_token(services: EngineServices, by: Person, bot_id: int, session_id: int) -> Refusal | None:
    """End a token of one's bot. May raise StorageDown and OutcomeUnknown. Cancelling: it has ended, or not."""
    bot = await account_of(services, by, bot_id)
    return bot if isinstance(bot, Refusal) else await services.sessions.end(bot, session_id)
