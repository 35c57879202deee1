"""`chat hook outgoing`: the log, sent to other programs. Works while a server runs on the data and while none does."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chat.cli.command_failed import CommandFailed
from chat.cli.data_access import as_json, as_table, data_flags, moment, with_storage
from chat.cli.find_room import find_room
from chat.cli.flags import utf8
from chat.domain.accounts.bridges import Bridge
from chat.domain.accounts.outgoing_hooks import (
    OUTGOING,
    NewOutgoingHook,
    OutgoingChange,
    OutgoingHook,
    new_secret,
)
from chat.domain.refusals import Refusal
from chat.operations.called_urls import url_refusal

if TYPE_CHECKING:
    from chat.domain.ports import Storage

_PAGE = 100
_GATEWAY = re.compile("[A-Za-z0-9_.-]{1,64}")
_TOKEN = re.compile("[!-~]{1,200}")
_COMMAND = re.compile("[A-Za-z0-9_-]{1,32}")
_id = click.IntRange(1, 2**53)


@click.group(invoke_without_command=True, subcommand_metavar="[COMMAND] [ARGS]...")
@click.option("--json", "json_wanted", is_flag=True, help="Print a JSON array.")
@data_flags
@click.pass_context
def outgoing(context: click.Context, /, json_wanted: bool, **flags: object) -> None:
    """Send the changes of rooms to other programs.

    Without a command it lists the outgoing hooks. A running server notices a change within a minute.
    """
    if context.invoked_subcommand is not None:
        if json_wanted or any(value is not None for value in flags.values()):
            raise click.UsageError(
                f"flags go behind the command: chat hook outgoing {context.invoked_subcommand} ..."
            )
        return None
    found = with_storage(flags, _all)
    if json_wanted:
        return click.echo(as_json([_record(each) for each in found]))
    rows = [
        (
            each.id,
            each.owner.name,
            "all" if each.room_id is None else each.room_name or f"#{each.room_id}",
            each.url,
            each.position,
            each.off or "",
            f"{moment(each.sent_at):%F %T}" if each.sent_at else "-",
            each.error or "",
        )
        for each in found
    ]
    heads = ("ID", "OWNER", "ROOM", "URL", "POSITION", "OFF", "LAST SENT", "LAST ERROR")
    return click.echo(as_table(heads, rows, "there is no outgoing hook"))


@outgoing.command()
@click.argument("owner", callback=utf8)
@click.argument("url", callback=utf8)
@click.option(
    "--room", callback=utf8, help="A room, by its name or its id, as #7; without it all rooms of an admin."
)
@click.option(
    "--from", "position", type=click.IntRange(0, 2**53), help="Begin after this position of the log."
)
@click.option("--bot", "bot_id", type=_id, help="Make it a bot, which answers as this hook of the room.")
@click.option("--command", callback=utf8, help="Call the bot by /COMMAND too.")
@click.option(
    "--gateway",
    callback=utf8,
    help="With --bot: make it a bridge to this gateway of a matterbridge, whose API is URL.",
)
@click.option(
    "--token-file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="With --gateway: a file with the token of that API.",
)
@data_flags
def add(
    owner: str,
    url: str,
    room: str | None,
    position: int | None,
    bot_id: int | None,
    command: str | None,
    gateway: str | None,
    token_file: Path | None,
    **flags: object,
) -> None:
    """Send the changes of a room to a URL.

    It sends by the right of OWNER, the name of an admin or of somebody who leads the room. Prints the secret that signs
    the calls, which nobody can read again; for a bridge it prints nothing.
    """
    bridge = _bridge(gateway, room, bot_id, command, token_file)
    if refusal := url_refusal(url, ""):
        raise CommandFailed(refusal.text)
    if command is not None and not _COMMAND.fullmatch(command):
        raise CommandFailed("a command has 1 to 32 letters A to Z, digits, '_' and '-'")
    secret = new_secret()

    async def act(storage: "Storage") -> OutgoingHook | CommandFailed:
        person = await storage.users.by_name(owner)
        if person is None:
            return CommandFailed(f"there is nobody called {owner}")
        room_id = None if room is None else await find_room(storage, room)
        if room is not None and room_id is None:
            return CommandFailed(f"there is no room called {room}")
        new = NewOutgoingHook(
            owner_id=person.person.id,
            room_id=room_id,
            kinds=(),
            url=url if bridge is None else url.rstrip("/"),
            secret=secret,
            position=position,
            bot_id=bot_id,
            command=command,
            bridge=bridge,
        )
        return _done(await storage.feature_ports[OUTGOING].add(new, None))

    made = with_storage(flags, act)
    if bridge is None:
        click.echo(secret)
    click.echo(f"made outgoing hook {made.id}, which begins after position {made.position}", err=True)


@outgoing.command()
@click.argument("hook_id", metavar="ID", type=_id)
@click.argument("position", type=click.IntRange(0, 2**53), required=False)
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]),
    help="A time, in UTC.",
)
@data_flags
def replay(hook_id: int, position: int | None, since: datetime | None, **flags: object) -> None:
    """Send all changes after a position again, or since a time.

    POSITION is an id of the log. A hook that is off is switched on.
    """
    if (position is None) == (since is None):
        raise click.UsageError("it takes a POSITION or --since TIME")
    at = None if since is None else since.replace(tzinfo=UTC).timestamp()
    changed = _change(flags, hook_id, OutgoingChange(position=position, since=at, is_on=True))
    click.echo(f"outgoing hook {changed.id} sends {changed.behind} changes after {changed.position}")


@outgoing.command()
@click.argument("hook_id", metavar="ID", type=_id)
@data_flags
def on(hook_id: int, **flags: object) -> None:
    """Switch a hook on: it sends all changes after its position."""
    changed = _change(flags, hook_id, OutgoingChange(is_on=True))
    click.echo(f"outgoing hook {changed.id} is on, at position {changed.position}")


@outgoing.command()
@click.argument("hook_id", metavar="ID", type=_id)
@data_flags
def off(hook_id: int, **flags: object) -> None:
    """Switch a hook off; it keeps its position."""
    changed = _change(flags, hook_id, OutgoingChange(is_on=False))
    click.echo(f"outgoing hook {changed.id} is off, at position {changed.position}")


@outgoing.command()
@click.argument("hook_id", metavar="ID", type=_id)
@data_flags
def renew(hook_id: int, **flags: object) -> None:
    """Give a hook another secret.

    The secret before signs too for a day. Prints the new one, which nobody can read again.
    """
    secret = new_secret()
    changed = _change(flags, hook_id, OutgoingChange(secret=secret))
    click.echo(secret)
    click.echo(f"outgoing hook {changed.id} has a new secret", err=True)


@outgoing.command()
@click.argument("hook_id", metavar="ID", type=_id)
@data_flags
def remove(hook_id: int, **flags: object) -> None:
    """Remove a hook."""

    async def act(storage: "Storage") -> CommandFailed | None:
        refusal = await storage.feature_ports[OUTGOING].remove(hook_id, None)
        return None if refusal is None else CommandFailed(refusal.text)

    with_storage(flags, act)
    click.echo(f"removed outgoing hook {hook_id}")


def _bridge(
    gateway: str | None, room: str | None, bot_id: int | None, command: str | None, token_file: Path | None
) -> Bridge | None:
    if gateway is None:
        if token_file is not None:
            raise click.UsageError("--token-file goes with --gateway")
        return None
    if bot_id is None or room is None or command is not None:
        raise click.UsageError("--gateway goes with --room and --bot, and without --command")
    if not _GATEWAY.fullmatch(gateway):
        raise CommandFailed("a gateway has 1 to 64 letters A to Z, digits, '_', '.' and '-'")
    if token_file is None:
        return Bridge(gateway, "")
    try:
        token = token_file.read_text("ascii", "replace").strip()
    except OSError as error:
        raise click.BadParameter(f"{token_file}: {error.strerror}", param_hint="--token-file") from None
    if not _TOKEN.fullmatch(token):
        raise click.BadParameter(f"{token_file} has no token", param_hint="--token-file")
    return Bridge(gateway, token)


def _change(flags: dict[str, object], hook_id: int, change: OutgoingChange) -> OutgoingHook:
    async def act(storage: "Storage") -> OutgoingHook | CommandFailed:
        return _done(await storage.feature_ports[OUTGOING].change(hook_id, change, None))

    return with_storage(flags, act)


def _done(outcome: OutgoingHook | Refusal) -> OutgoingHook | CommandFailed:
    return CommandFailed(outcome.text) if isinstance(outcome, Refusal) else outcome


async def _all(storage: "Storage") -> Sequence[OutgoingHook]:
    found: list[OutgoingHook] = []
    while page := await storage.feature_ports[OUTGOING].page(found[-1].id if found else 0, _PAGE):
        found += page
    return found


def _record(each: OutgoingHook) -> dict[str, object]:
    return {
        "id": each.id,
        "owner": each.owner.name,
        "room": each.room_id,
        "room_name": each.room_name,
        "kinds": each.kinds,
        "url": each.url,
        "position": each.position,
        "behind": each.behind,
        "off": each.off,
        "at": moment(each.created_at).isoformat(),
        "sent": each.sent_at and moment(each.sent_at).isoformat(),
        "tries": each.tries,
        "next": each.due_at and moment(each.due_at).isoformat(),
        "error": each.error,
        "bot": each.bot and each.bot.name,
        "command": each.bot and each.bot.command,
        "gateway": each.gateway,
        "error_at": each.error_at and moment(each.error_at).isoformat(),
    }
