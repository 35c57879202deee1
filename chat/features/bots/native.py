"""Bots in the native protocol: their owners make, change and remove them; admins see all."""

from typing import Annotated, Any

from msgspec import Meta

from chat.domain.accounts.bots import BOTS, BotAccount, Scope
from chat.domain.accounts.program_names import BOT_MARK, account_name
from chat.domain.entities import LoginSession
from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.bots import use_cases
from chat.features.bots.rules import MOST_BOTS, MOST_IN_ROOM
from chat.operations.operation import NO_ACCESS, Access, Caller, Cost, Operation
from chat.operations.room_values import Sender
from chat.operations.values import Id, Limit, Password, Time, Value

BotName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        description=f"As messages show it, which end it with `{BOT_MARK}`; it is unique among bots",
    ),
]
Scopes = Annotated[
    tuple[Scope, ...],
    Meta(
        min_length=1,
        max_length=len(Scope),
        description="read: receive and search what is said; speak: send, edit and delete its own messages;"
        " react: react to messages",
    ),
]


class RoomOfBot(Value, kw_only=True, frozen=True):
    """A room that a bot is in."""

    id: Id
    name: Annotated[str, Meta(max_length=64)]


class BotToken(Value, kw_only=True, frozen=True):
    """A token of a bot. `used` is the time of its last use, to the minute; of its making before it is used."""

    id: Id
    name: str
    made: Time
    used: Time


class Bot(Value, kw_only=True, frozen=True):
    """A bot: the account of a program. `used` is the last use of one of its tokens, to the minute.

    `off`: it, or its owner, is disabled. `off_by_admin`: an admin did that, so its owner can't switch it on.
    """

    id: Id
    name: BotName
    owner: Sender
    scopes: Scopes
    off: bool = False
    off_by_admin: bool = False
    made: Time
    used: Time | None = None
    rooms: tuple[RoomOfBot, ...] = ()


class OwnBot(Bot, kw_only=True, frozen=True):
    """One's bot, with its tokens, the newest first."""

    tokens: tuple[BotToken, ...] = ()


class OwnBots(Value, kw_only=True, frozen=True):
    """One's bots, the oldest first."""

    bots: Annotated[list[OwnBot], Meta(max_length=MOST_BOTS)]


class AllBots(Value, kw_only=True, frozen=True):
    """Bots of all people, by id. If there are more, `next` is the `after` of the next page."""

    bots: list[Bot]
    next: Id | None = None


class BotHere(Value, kw_only=True, frozen=True):
    """A bot of a room. A message that begins with `/` and one of `commands` calls it, and so does its name."""

    id: Id
    name: BotName
    owner: Sender
    commands: tuple[str, ...] = ()


class BotsHere(Value, kw_only=True, frozen=True):
    """The bots of a room, by id: accounts that are in it, and hooks that answer in it."""

    bots: Annotated[list[BotHere], Meta(max_length=MOST_IN_ROOM)]


class BotTokenMade(Value, kw_only=True, frozen=True):
    """A token of a bot, which is shown once."""

    token: str
    id: Id


class WhichBot(Value, kw_only=True, frozen=True):
    """A bot."""

    bot: Id


class WhoseBots(Value, kw_only=True, frozen=True):
    """A room, whose bots are listed."""

    room: Id


class WhichBots(Value, kw_only=True, frozen=True):
    """A page of the bots of all people."""

    after: Annotated[int, Meta(ge=0, le=2**53 - 1, description="The `next` of the page before")] = 0
    limit: Limit = 50


class CreateBot(Value, kw_only=True, frozen=True):
    """A bot to make."""

    name: BotName
    scopes: Scopes


class ChangeBot(WhichBot, kw_only=True, frozen=True):
    """What changes of a bot; fields that are left out stay. An admin changes `off` of any bot.

    A bot that is `off` does nothing and is not called; it keeps its tokens and rooms.
    """

    name: BotName | None = None
    scopes: Scopes | None = None
    off: bool | None = None


class BotInRoom(WhichBot, kw_only=True, frozen=True):
    """A bot and a room."""

    room: Id


class CreateBotToken(WhichBot, kw_only=True, frozen=True):
    """A new token of a bot, valid for `days`; `password` is one's own, if there is one."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    password: Password | None = None
    days: Annotated[int, Meta(ge=1, le=3650)] = 365


class WhichBotToken(WhichBot, kw_only=True, frozen=True):
    """A token of a bot."""

    token: Id


async def bots(services: EngineServices, caller: Caller, _request: None) -> OwnBots:
    """List one's own bots with their rooms and tokens."""
    return OwnBots(
        bots=[await _own(services, each) for each in await services.feature_ports[BOTS].of(caller.known.id)]
    )


async def all_bots(services: EngineServices, _caller: Caller, request: WhichBots) -> AllBots:
    """List the bots of all people, as an admin."""
    found = await services.feature_ports[BOTS].page(request.after, request.limit + 1)
    page = found[: request.limit]
    return AllBots(
        bots=[Bot(**_fields(each)) for each in page], next=page[-1].id if len(found) > len(page) else None
    )


async def room_bots(services: EngineServices, caller: Caller, request: WhoseBots) -> BotsHere | Refusal:
    """List the bots of a room, with their owners and commands."""
    found = await use_cases.in_room(services, caller.known, request.room)
    if isinstance(found, Refusal):
        return found
    return BotsHere(
        bots=[
            BotHere(
                id=each.id,
                name=each.name,
                owner=Sender(id=each.owner.id, name=each.owner.name),
                commands=each.commands,
            )
            for each in found
        ]
    )


async def new_bot(services: EngineServices, caller: Caller, request: CreateBot) -> OwnBot | Refusal:
    """Make a bot, which is in no room and has no token yet."""
    name = account_name(request.name, BOT_MARK)
    if isinstance(name, Refusal):
        return name
    made = await services.feature_ports[BOTS].add(caller.known.id, name, _sorted(request.scopes))
    return made if isinstance(made, Refusal) else OwnBot(**_fields(made))


async def change_bot(services: EngineServices, caller: Caller, request: ChangeBot) -> OwnBot | Refusal:
    """Give one's bot another name or other scopes, or switch it off or on; at once, also on open sockets."""
    name = None if request.name is None else account_name(request.name, BOT_MARK)
    if isinstance(name, Refusal):
        return name
    scopes = None if request.scopes is None else _sorted(request.scopes)
    changed = await use_cases.change(services, caller.known, request.bot, name, scopes, is_off=request.off)
    if isinstance(changed, Refusal):
        return changed
    is_own = changed.owner.id == caller.known.id
    return await _own(services, changed) if is_own else OwnBot(**_fields(changed))


async def remove_bot(services: EngineServices, caller: Caller, request: WhichBot) -> Refusal | None:
    """Remove a bot from its rooms and end its tokens: one's own, or as an admin any. Its messages stay."""
    return await use_cases.remove(services, caller.known, request.bot)


async def add_bot_to_room(services: EngineServices, caller: Caller, request: BotInRoom) -> Refusal | None:
    """Add one's bot to a room that one is in, and may add people to."""
    return await use_cases.add_to_room(services, caller.known, request.room, request.bot)


async def take_bot_out(services: EngineServices, caller: Caller, request: BotInRoom) -> Refusal | None:
    """Take one's bot out of a room."""
    return await use_cases.take_out(services, caller.known, request.room, request.bot)


async def new_bot_token(
    services: EngineServices, caller: Caller, request: CreateBotToken
) -> BotTokenMade | Refusal:
    """Make a token of one's bot; it is shown once."""
    if refusal := await services.accounts.prove(caller.known, request.password, caller.device.address):
        return refusal
    made = await use_cases.new_token(
        services, caller.known, request.bot, request.name, request.days, caller.device
    )
    return made if isinstance(made, Refusal) else BotTokenMade(token=made.token, id=made.session.id)


async def end_bot_token(services: EngineServices, caller: Caller, request: WhichBotToken) -> Refusal | None:
    """End a token of one's bot; its sockets are closed."""
    return await use_cases.end_token(services, caller.known, request.bot, request.token)


async def _own(services: EngineServices, bot: BotAccount) -> OwnBot:
    account = await services.accounts.person(bot.id)
    sessions = [] if account is None else await services.sessions.of_person(account)
    return OwnBot(**_fields(bot), tokens=tuple(map(_as_token, sessions)))


def _as_token(session: LoginSession) -> BotToken:
    return BotToken(
        id=session.id,
        name=session.name,
        made=milliseconds(session.created_at),
        used=milliseconds(session.used_at),
    )


def _fields(bot: BotAccount) -> dict[str, Any]:
    return {
        "id": bot.id,
        "name": bot.name,
        "owner": Sender(id=bot.owner.id, name=bot.owner.name),
        "scopes": tuple(map(Scope, bot.scopes)),
        "off": bot.is_disabled,
        "off_by_admin": bot.is_off_by_admin,
        "made": milliseconds(bot.created_at),
        "used": None if bot.used_at is None else milliseconds(bot.used_at),
        "rooms": tuple(RoomOfBot(id=each.id, name=each.name) for each in bot.rooms),
    }


def _sorted(scopes: tuple[Scope, ...]) -> list[str]:
    return [each.value for each in Scope if each in scopes]


_REFUSED = (*NO_ACCESS, Code.INVALID, Code.OUTCOME_UNKNOWN)

OPERATIONS = (
    Operation(
        name="bots",
        method="GET",
        path="/bots",
        reply=OwnBots,
        tokens=False,
        cost=Cost.TEXTS,
        handler=bots,
    ),
    Operation(
        name="room_bots",
        method="GET",
        path="/rooms/{room}/bots",
        request=WhoseBots,
        reply=BotsHere,
        cost=Cost.TEXTS,
        refuses=NO_ACCESS,
        bots=(Scope.READ,),
        handler=room_bots,
    ),
    Operation(
        name="new_bot",
        method="POST",
        path="/bots",
        request=CreateBot,
        reply=OwnBot,
        status=201,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(*_REFUSED, Code.TAKEN, Code.TOO_MANY),
        handler=new_bot,
    ),
    Operation(
        name="change_bot",
        method="PATCH",
        path="/bots/{bot}",
        request=ChangeBot,
        reply=OwnBot,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(*_REFUSED, Code.TAKEN),
        handler=change_bot,
    ),
    Operation(
        name="remove_bot",
        method="DELETE",
        path="/bots/{bot}",
        request=WhichBot,
        status=204,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=_REFUSED,
        handler=remove_bot,
    ),
    Operation(
        name="add_bot_to_room",
        method="PUT",
        path="/bots/{bot}/rooms/{room}",
        request=BotInRoom,
        status=204,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(*_REFUSED, Code.TAKEN),
        handler=add_bot_to_room,
    ),
    Operation(
        name="take_bot_out",
        method="DELETE",
        path="/bots/{bot}/rooms/{room}",
        request=BotInRoom,
        status=204,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=_REFUSED,
        handler=take_bot_out,
    ),
    Operation(
        name="new_bot_token",
        method="POST",
        path="/bots/{bot}/tokens",
        request=CreateBotToken,
        reply=BotTokenMade,
        status=201,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(*_REFUSED, Code.UNAUTHENTICATED),
        handler=new_bot_token,
    ),
    Operation(
        name="end_bot_token",
        method="DELETE",
        path="/bots/{bot}/tokens/{token}",
        request=WhichBotToken,
        status=204,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=_REFUSED,
        handler=end_bot_token,
    ),
    Operation(
        name="all_bots",
        method="GET",
        path="/admin/bots",
        request=WhichBots,
        reply=AllBots,
        access=Access.ADMIN,
        cost=Cost.PAGE,
        refuses=(Code.FORBIDDEN,),
        handler=all_bots,
    ),
)
