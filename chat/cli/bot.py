"""`chat bot`: accounts of programs. Works while a server runs on the data and while none does."""

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

import click

from chat.cli.command_failed import CommandFailed
from chat.cli.data_access import as_json, as_table, data_flags, moment, with_storage
from chat.cli.expected_errors import expected_errors
from chat.cli.find_room import find_room
from chat.cli.flags import config_flags, utf8
from chat.domain.accounts.bots import BOTS, BotAccount, Scope
from chat.domain.accounts.program_names import BOT_MARK, account_name
from chat.domain.accounts.tokens import Tokens
from chat.domain.administration.audit import Act, What
from chat.domain.entities import Draft, LoginSession, MessageKind, Person, Room, RoomKind
from chat.domain.messages.changes import Addition, Removal
from chat.domain.ports import NewSession
from chat.domain.refusals import NO_PERSON, NO_ROOM, Refusal
from chat.domain.text.rules import clean_label
from chat.domain.timestamps import current_time
from chat.settings.sources import read_config

if TYPE_CHECKING:
    from chat.domain.ports import Storage
    from chat.settings.config import Config

_PAGE = 100
_HIGHEST_ID = 2**53
_DAY = 86_400.0

Answer = TypeVar("Answer")

_id = click.IntRange(1, _HIGHEST_ID)
_scope = click.Choice([each.value for each in Scope])


@click.group(invoke_without_command=True, subcommand_metavar="[COMMAND] [ARGS]...")
@click.option("--json", "json_wanted", is_flag=True, help="Print a JSON array.")
@data_flags
@click.pass_context
def bot(context: click.Context, /, json_wanted: bool, **flags: object) -> None:
    """Make bots, the accounts of programs.

    Without a command it lists them. Times are in UTC. ID is the number in this list.
    """
    if context.invoked_subcommand is not None:
        if json_wanted or any(value is not None for value in flags.values()):
            raise click.UsageError(f"flags go behind the command: chat bot {context.invoked_subcommand} ...")
        return None
    found = with_storage(flags, _all)
    if json_wanted:
        return click.echo(as_json([_record(each) for each in found]))
    rows = [
        (
            each.id,
            each.name,
            each.owner.name,
            ",".join(each.scopes),
            ", ".join(room.name for room in each.rooms) or "-",
            f"{moment(each.used_at):%F %T}" if each.used_at else "-",
            "off" if each.is_disabled else "on",
        )
        for each in found
    ]
    heads = ("ID", "NAME", "OWNER", "SCOPES", "ROOMS", "LAST USE", "STATE")
    return click.echo(as_table(heads, rows, "there is no bot"))


@bot.command()
@click.argument("owner", callback=utf8)
@click.argument("name", callback=utf8)
@click.argument("scopes", metavar="SCOPE...", nargs=-1, required=True, type=_scope)
@data_flags
def make(owner: str, name: str, scopes: tuple[str, ...], **flags: object) -> None:
    """Make a bot for somebody.

    OWNER is the name of a person. SCOPE is read, speak or react. The bot is in no room and has no token yet: see `chat
    bot rooms` and `chat bot token`. Prints its id.
    """
    account = _account(name)

    async def act(storage: "Storage") -> BotAccount | CommandFailed:
        person = await storage.users.by_name(owner)
        if person is None:
            return CommandFailed(f"there is nobody called {owner}")
        bots, wanted = storage.feature_ports[BOTS], _in_order(scopes)
        made = await bots.add(person.person.id, account, wanted, by_command=True)
        if made is NO_PERSON:
            return CommandFailed(f"{owner} is disabled, or no person")
        return CommandFailed(made.text) if isinstance(made, Refusal) else made

    made = with_storage(flags, act)
    click.echo(made.id)
    click.echo(f"made bot {made.id}, {made.name}, of {made.owner.name}", err=True)


@bot.command()
@click.argument("bot_id", metavar="ID", type=_id)
@click.argument("name", callback=utf8)
@data_flags
def rename(bot_id: int, name: str, **flags: object) -> None:
    """Give a bot another name."""
    account = _account(name)

    async def act(storage: "Storage", _bot: BotAccount) -> BotAccount | Refusal:
        return await storage.feature_ports[BOTS].change(bot_id, None, account, None)

    changed = _with_bot(flags, bot_id, act)
    click.echo(f"bot {changed.id} is {changed.name}")


@bot.command()
@click.argument("bot_id", metavar="ID", type=_id)
@click.argument("wanted", metavar="SCOPE...", nargs=-1, required=True, type=_scope)
@data_flags
def scopes(bot_id: int, wanted: tuple[str, ...], **flags: object) -> None:
    """Set the scopes of a bot.

    SCOPE is read, speak or react. They replace those from before at once, also on open sockets.
    """

    async def act(storage: "Storage", _bot: BotAccount) -> BotAccount | Refusal:
        return await storage.feature_ports[BOTS].change(bot_id, None, None, _in_order(wanted))

    changed = _with_bot(flags, bot_id, act)
    click.echo(f"bot {changed.id}, {changed.name}: {','.join(changed.scopes)}")


@bot.command()
@click.argument("bot_id", metavar="ID", type=_id)
@click.option("--add", "added", metavar="ROOM", callback=utf8, help="Add it to this room.")
@click.option("--remove", "removed", metavar="ROOM", callback=utf8, help="Take it out of this room.")
@data_flags
def rooms(bot_id: int, added: str | None, removed: str | None, **flags: object) -> None:
    """List the rooms of a bot, or change them.

    ROOM is the name of a room or its id, as #7. A bot is added by the right of its owner, who is in the room and an
    owner or moderator there. A room that the bot is taken out of is closed on its sockets within a second.
    """

    async def act(storage: "Storage", bot: BotAccount) -> BotAccount | CommandFailed | Refusal | None:
        for name, change in ((added, _add), (removed, _take_out)):
            if name is None:
                continue
            room = await _room(storage, name)
            if isinstance(room, CommandFailed):
                return room
            if failed := await change(storage, bot, room, name):
                return failed
        return await storage.feature_ports[BOTS].one(bot_id)

    found = _with_bot(flags, bot_id, act)
    rows = [(room.id, room.name) for room in found.rooms]
    click.echo(as_table(("ID", "ROOM"), rows, f"bot {found.id}, {found.name}, is in no room"))


@bot.command()
@click.argument("bot_id", metavar="ID", type=_id)
@click.argument("name", callback=utf8)
@click.option(
    "--days",
    metavar="DAYS",
    type=click.IntRange(1, 3650),
    default=365,
    show_default=True,
    help="How long it is valid.",
)
@config_flags("data", "database_url", "secret")
def token(bot_id: int, name: str, days: int, **flags: object) -> None:
    """Make a token of a bot, by which a program is the bot.

    NAME says which program uses it. Prints the token, which nobody can read again. It is signed with the secret of the
    server, which is in its data directory or given as --secret-file.
    """
    label = clean_label(name)
    if isinstance(label, Refusal):
        raise CommandFailed(label.text)
    with expected_errors():
        signing = Tokens(_secret(read_config(flags, os.environ)), 0)

    async def act(storage: "Storage", _bot: BotAccount) -> tuple[Person, LoginSession] | CommandFailed:
        account = await storage.users.by_id(bot_id)
        if account is None or account.is_disabled:
            return CommandFailed(f"bot {bot_id} is off: `chat bot on {bot_id}` switches it on")
        new = NewSession(person_id=bot_id, generation=account.token_generation, lasts=days * _DAY, name=label)
        session = await storage.sessions.begin(new)
        if session is None:
            return CommandFailed(f"bot {bot_id} was changed at the same time; try again")
        await storage.audit.record(
            [Act(by_id=None, what=What.BOT_TOKEN_MADE, person_id=bot_id, detail=label)]
        )
        return account, session

    account, session = _with_bot(flags, bot_id, act)
    click.echo(signing.issue(account, session_id=session.id, lifetime=days * _DAY))
    click.echo(f"made token {session.id} of bot {bot_id}, valid for {days} days", err=True)


@bot.command()
@click.argument("bot_id", metavar="ID", type=_id)
@click.option("--json", "json_wanted", is_flag=True, help="Print a JSON array.")
@data_flags
def tokens(bot_id: int, json_wanted: bool, **flags: object) -> None:
    """List the tokens of a bot, the newest first. Times are in UTC."""

    async def act(storage: "Storage", _bot: BotAccount) -> list[LoginSession]:
        return await storage.sessions.of_person(bot_id)

    found = _with_bot(flags, bot_id, act)
    if json_wanted:
        return click.echo(as_json([_token_record(each) for each in found]))
    rows = [
        (
            each.id,
            each.name,
            f"{moment(each.created_at):%F %T}",
            f"{moment(each.used_at):%F %T}" if each.used_at > each.created_at else "-",
        )
        for each in found
    ]
    return click.echo(as_table(("ID", "NAME", "MADE", "LAST USE"), rows, f"bot {bot_id} has no token"))


@bot.command()
@click.argument("bot_id", metavar="ID", type=_id)
@click.argument("token_id", metavar="TOKEN", type=_id)
@data_flags
def revoke(bot_id: int, token_id: int, **flags: object) -> None:
    """End a token of a bot.

    TOKEN is its number in `chat bot tokens`. Its sockets are closed within a second.
    """

    async def act(storage: "Storage", _bot: BotAccount) -> bool | CommandFailed:
        if await storage.sessions.end(bot_id, token_id):
            return True
        return CommandFailed(f"bot {bot_id} has no token {token_id}: `chat bot tokens {bot_id}` lists them")

    _with_bot(flags, bot_id, act)
    click.echo(f"revoked token {token_id} of bot {bot_id}")


@bot.command()
@click.argument("bot_id", metavar="ID", type=_id)
@data_flags
def off(bot_id: int, **flags: object) -> None:
    """Switch a bot off: it does nothing, and is called by nothing.

    Its tokens and rooms stay. Its owner can't switch it on again; `chat bot on` and admins can.
    """
    _switch(flags, bot_id, is_on=False)
    click.echo(f"bot {bot_id} is off")


@bot.command()
@click.argument("bot_id", metavar="ID", type=_id)
@data_flags
def on(bot_id: int, **flags: object) -> None:
    """Switch a bot on."""
    changed = _switch(flags, bot_id, is_on=True)
    if changed.is_disabled:
        raise CommandFailed(f"bot {bot_id} stays off while its owner, {changed.owner.name}, is disabled")
    click.echo(f"bot {bot_id} is on")


@bot.command()
@click.argument("bot_id", metavar="ID", type=_id)
@data_flags
def remove(bot_id: int, **flags: object) -> None:
    """Remove a bot from its rooms and end its tokens; its messages stay."""

    async def act(storage: "Storage", bot: BotAccount) -> BotAccount | CommandFailed | Refusal:
        leaving = [Removal(room.id, bot_id, bot_id, current_time()) for room in bot.rooms]
        if leaving:
            await storage.messages.save(leaving)
        return await storage.feature_ports[BOTS].remove(bot_id, None) or bot

    removed = _with_bot(flags, bot_id, act)
    click.echo(f"removed bot {removed.id}, {removed.name}")


def _account(name: str) -> str:
    account = account_name(name, BOT_MARK)
    if isinstance(account, Refusal):
        raise CommandFailed(account.text)
    return account


def _in_order(scopes: Sequence[str]) -> list[str]:
    return [each.value for each in Scope if each.value in scopes]


def _secret(config: "Config") -> str:
    """Return the secret of the server on this data. Raises CommandFailed and CannotStart."""
    from chat.embedded_postgres.data_directory import DataDirectory, is_data_directory

    if config.secret is not None:
        return config.secret
    if not is_data_directory(config.data) or not (config.data / "secret").exists():
        raise CommandFailed(f"the secret of the server is not in {config.data}: pass --secret-file")
    return DataDirectory(config.data).secret()


def _with_bot(
    flags: Mapping[str, object],
    bot_id: int,
    act: "Callable[[Storage, BotAccount], Awaitable[Answer | CommandFailed | Refusal | None]]",
) -> Answer:
    """Return the result of `act` on a bot. Raises CommandFailed, also where `act` returns None: it was removed."""
    gone = CommandFailed(f"there is no bot {bot_id}: `chat bot` lists the bots")

    async def run(storage: "Storage") -> Answer | CommandFailed:
        known = await storage.feature_ports[BOTS].one(bot_id)
        outcome = None if known is None else await act(storage, known)
        if isinstance(outcome, Refusal):
            return CommandFailed(outcome.text)
        return gone if outcome is None else outcome

    return with_storage(flags, run)


def _switch(flags: Mapping[str, object], bot_id: int, *, is_on: bool) -> BotAccount:
    async def act(storage: "Storage", _bot: BotAccount) -> BotAccount | Refusal:
        return await storage.feature_ports[BOTS].switch(bot_id, None, is_on=is_on)

    return _with_bot(flags, bot_id, act)


async def _room(storage: "Storage", name: str) -> Room | CommandFailed:
    """Return a room that people made, by its name or id."""
    room_id = await find_room(storage, name)
    room = None if room_id is None else await storage.rooms.by_id(room_id)
    if room is None:
        return CommandFailed(f"there is no room called {name}")
    return room if room.kind is RoomKind.ROOM else CommandFailed("bots are in rooms that people made")


async def _add(storage: "Storage", bot: BotAccount, room: Room, name: str) -> CommandFailed | Refusal | None:
    if not await storage.rooms.is_member(room.id, bot.owner.id):
        return CommandFailed(f"its owner, {bot.owner.name}, is not in {name}")
    joining = Draft(room.id, bot.id, bot.name + BOT_MARK, "", current_time(), MessageKind.JOIN)
    (saved,) = await storage.messages.save([Addition(joining, bot.owner.id)])
    return NO_ROOM if saved is None else saved if isinstance(saved, Refusal) else None


async def _take_out(
    storage: "Storage", bot: BotAccount, room: Room, name: str
) -> CommandFailed | Refusal | None:
    (saved,) = await storage.messages.save([Removal(room.id, bot.id, bot.id, current_time())])
    return CommandFailed(f"bot {bot.id} is not in {name}") if saved is None else None


async def _all(storage: "Storage") -> Sequence[BotAccount]:
    found: list[BotAccount] = []
    while page := await storage.feature_ports[BOTS].page(found[-1].id if found else 0, _PAGE):
        found += page
    return found


def _record(each: BotAccount) -> dict[str, object]:
    return {
        "id": each.id,
        "name": each.name,
        "owner": each.owner.name,
        "scopes": each.scopes,
        "rooms": [{"id": room.id, "name": room.name} for room in each.rooms],
        "off": each.is_disabled,
        "at": moment(each.created_at).isoformat(),
        "used": each.used_at and moment(each.used_at).isoformat(),
    }


def _token_record(each: LoginSession) -> dict[str, object]:
    is_used = each.used_at > each.created_at
    return {
        "id": each.id,
        "name": each.name,
        "at": moment(each.created_at).isoformat(),
        "used": moment(each.used_at).isoformat() if is_used else None,
    }
