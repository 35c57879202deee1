"""`chat hook`: tools that post in rooms. Works while a server runs on the data and while none does."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from chat.cli.command_failed import CommandFailed
from chat.cli.data_access import as_json, as_table, data_flags, moment, with_storage
from chat.cli.find_room import find_room
from chat.cli.flags import utf8
from chat.cli.outgoing_hook import outgoing
from chat.domain.accounts.hooks import HOOKS, Hook, HookChange, NewHook, digest_of, new_token
from chat.domain.accounts.program_names import HOOK_MARK, account_name
from chat.domain.refusals import Refusal

if TYPE_CHECKING:
    from chat.domain.ports import Storage

_PAGE = 100
_HIGHEST_ID = 2**53

_id = click.IntRange(1, _HIGHEST_ID)


@click.group(invoke_without_command=True, subcommand_metavar="[COMMAND] [ARGS]...")
@click.option("--json", "json_wanted", is_flag=True, help="Print a JSON array.")
@data_flags
@click.pass_context
def hook(context: click.Context, /, json_wanted: bool, **flags: object) -> None:
    """Make hooks, by which tools post in rooms.

    Without a command it lists them. Times are in UTC. A hook without a name in BY was made by a command.
    """
    if context.invoked_subcommand is not None:
        if json_wanted or any(value is not None for value in flags.values()):
            raise click.UsageError(f"flags go behind the command: chat hook {context.invoked_subcommand} ...")
        return None
    found = with_storage(flags, _all)
    if json_wanted:
        return click.echo(as_json([_record(each) for each in found]))
    rows = [
        (
            each.id,
            each.name,
            each.room_name,
            "yes" if each.may_mention else "no",
            f"{moment(each.used_at):%F %T}" if each.used_at else "-",
            each.by.name if each.by else "",
            each.error or "",
        )
        for each in found
    ]
    heads = ("ID", "NAME", "ROOM", "MENTIONS", "LAST USE", "BY", "LAST ERROR")
    return click.echo(as_table(heads, rows, "there is no hook"))


hook.add_command(outgoing)


@hook.command()
@click.argument("room", callback=utf8)
@click.argument("name", callback=utf8)
@click.option("--mentions", is_flag=True, help="Its messages may mention people, and everybody.")
@data_flags
def add(room: str, name: str, mentions: bool, **flags: object) -> None:
    """Make a hook in a room.

    ROOM is the name of a room or its id, as #7. NAME is shown with each message. Prints the path to post to on the
    server, with the secret token, which nobody can read again.
    """
    account, token = account_name(name, HOOK_MARK), new_token()
    if isinstance(account, Refusal):
        raise CommandFailed(account.text)

    async def act(storage: "Storage") -> Hook | CommandFailed:
        room_id = await find_room(storage, room)
        if room_id is None:
            return CommandFailed(f"there is no room called {room}")
        new = NewHook(room_id=room_id, name=account, token=digest_of(token), may_mention=mentions)
        return _done(await storage.feature_ports[HOOKS].add(new, None))

    made = with_storage(flags, act)
    click.echo(f"/hooks/{token}")
    click.echo(f"made hook {made.id} in {made.room_name}: tools post to that path of the server", err=True)


@hook.command()
@click.argument("hook_id", metavar="ID", type=_id)
@data_flags
def renew(hook_id: int, **flags: object) -> None:
    """Give a hook another token.

    The token before is void at once. Prints the new path.
    """
    token = new_token()

    async def act(storage: "Storage") -> Hook | CommandFailed:
        known = await _known(storage, hook_id)
        if known is None:
            return CommandFailed(f"there is no hook {hook_id}")
        change = HookChange(token=digest_of(token))
        return _done(await storage.feature_ports[HOOKS].change(known.room_id, hook_id, change, None))

    with_storage(flags, act)
    click.echo(f"/hooks/{token}")


@hook.command()
@click.argument("hook_id", metavar="ID", type=_id)
@click.argument("name", callback=utf8)
@data_flags
def rename(hook_id: int, name: str, **flags: object) -> None:
    """Give a hook another name."""
    account = account_name(name, HOOK_MARK)
    if isinstance(account, Refusal):
        raise CommandFailed(account.text)

    async def act(storage: "Storage") -> Hook | CommandFailed:
        known = await _known(storage, hook_id)
        if known is None:
            return CommandFailed(f"there is no hook {hook_id}")
        return _done(
            await storage.feature_ports[HOOKS].change(known.room_id, hook_id, HookChange(name=account), None)
        )

    renamed = with_storage(flags, act)
    click.echo(f"hook {renamed.id} is {renamed.name}")


@hook.command()
@click.argument("hook_id", metavar="ID", type=_id)
@data_flags
def remove(hook_id: int, **flags: object) -> None:
    """Remove a hook; its messages stay."""

    async def act(storage: "Storage") -> Hook | CommandFailed:
        known = await _known(storage, hook_id)
        if known is None:
            return CommandFailed(f"there is no hook {hook_id}")
        return _done(await storage.feature_ports[HOOKS].remove(known.room_id, hook_id, None) or known)

    removed = with_storage(flags, act)
    click.echo(f"removed hook {removed.id}, {removed.name}")


def _done(outcome: Hook | Refusal) -> Hook | CommandFailed:
    return CommandFailed(outcome.text) if isinstance(outcome, Refusal) else outcome


async def _all(storage: "Storage") -> Sequence[Hook]:
    found: list[Hook] = []
    while page := await storage.feature_ports[HOOKS].page(found[-1].id if found else 0, _PAGE):
        found += page
    return found


async def _known(storage: "Storage", hook_id: int) -> Hook | None:
    page = await storage.feature_ports[HOOKS].page(hook_id - 1, 1)
    return page[0] if page and page[0].id == hook_id else None


def _record(each: Hook) -> dict[str, object]:
    return {
        "id": each.id,
        "name": each.name,
        "room": each.room_id,
        "room_name": each.room_name,
        "mentions": each.may_mention,
        "at": moment(each.created_at).isoformat(),
        "by": each.by and each.by.name,
        "used": each.used_at and moment(each.used_at).isoformat(),
        "error": each.error,
        "error_at": each.error_at and moment(each.error_at).isoformat(),
    }
