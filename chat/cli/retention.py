"""`chat retention`: expired messages, and holds. Works while a server runs on the data and while none does."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import click

from chat.cli.command_failed import CommandFailed
from chat.cli.data_access import as_json, as_table, data_flags, moment, with_storage
from chat.cli.flags import utf8
from chat.domain.text.rules import same_name_key

if TYPE_CHECKING:
    from chat.domain.ports import Storage
    from chat.features.feature import Held, Holds, Overdue

_LONGEST_REASON = 500
_PAGE = 100
_ID = re.compile("#?([0-9]{1,15})")
"""An id: with `#` no name can be meant."""


@click.group(invoke_without_command=True, subcommand_metavar="[COMMAND] [ARGS]...")
@click.option("--json", "json_wanted", is_flag=True, help="Print a JSON array.")
@data_flags
@click.pass_context
def retention(context: click.Context, /, json_wanted: bool, **flags: object) -> None:
    """Count expired messages, and place holds.

    Without a command it counts. It removes nothing: a running server removes what has expired, a little at a time, but
    nothing that is on hold. Times are in UTC.
    """
    if context.invoked_subcommand is not None:
        if json_wanted or any(value is not None for value in flags.values()):
            raise click.UsageError(
                f"flags go behind the command: chat retention {context.invoked_subcommand} ..."
            )
        return None
    found = with_storage(flags, _overdue)
    if json_wanted:
        records = [
            {
                "kind": each.kind,
                "count": each.count,
                "oldest": each.oldest and moment(each.oldest).isoformat(),
            }
            for each in found
        ]
        return click.echo(as_json(records))
    rows = [
        (each.kind, each.count, f"{moment(each.oldest):%F %T}" if each.oldest else "-")
        for each in found
        if each.count
    ]
    return click.echo(as_table(("KIND", "COUNT", "OLDEST"), rows, "nothing is kept for too long"))


@retention.command()
@click.option("--json", "json_wanted", is_flag=True, help="Print a JSON array.")
@data_flags
def holds(json_wanted: bool, **flags: object) -> None:
    """List the holds.

    Times are in UTC. A hold without a name in BY was placed by a command.
    """

    async def read(storage: "Storage") -> "Sequence[Held]":
        return await _holds_of(storage).holds()

    found = with_storage(flags, read)
    if json_wanted:
        records = [
            {
                "id": each.id,
                "kind": each.kind,
                "target": each.target_id or None,
                "name": each.name,
                "reason": each.reason,
                "at": moment(each.at).isoformat(),
                "by": each.by and each.by.name,
            }
            for each in found
        ]
        return click.echo(as_json(records))
    rows = [
        (each.id, _target(each), f"{moment(each.at):%F %T}", each.by.name if each.by else "", each.reason)
        for each in found
    ]
    return click.echo(as_table(("ID", "ON HOLD", "SINCE", "BY", "REASON"), rows, "nothing is on hold"))


@retention.command()
@click.argument("kind", type=click.Choice(("room", "person", "server")))
@click.argument("name", callback=utf8, required=False)
@click.option("--reason", metavar="TEXT", required=True, callback=utf8, help="Why. Only admins see it.")
@data_flags
def hold(kind: Literal["room", "person", "server"], name: str | None, reason: str, **flags: object) -> None:
    """Put a room, a person or the server on hold.

    Nothing of it is removed until the hold is lifted.

    NAME is a room's or a person's, or an id as #7. Placed again, a hold has another reason. When the command ends, no
    removal is in progress that began before.
    """
    if (kind == "server") != (name is None):
        raise click.UsageError("a hold on a room or a person has a NAME, one on the server has none")
    if not 0 < len(reason.strip()) <= _LONGEST_REASON:
        raise click.BadParameter(f"write 1 to {_LONGEST_REASON} characters", param_hint="--reason")

    async def place(storage: "Storage") -> bool:
        target = 0 if name is None else await (_room if kind == "room" else _person)(storage, name)
        return target is not None and await _holds_of(storage).place(kind, target, reason.strip(), None)

    if not with_storage(flags, place):
        raise CommandFailed(f"there is no {kind} called {name}")
    click.echo("the server is on hold" if name is None else f"{kind} {name} is on hold")


@retention.command()
@click.argument("hold_id", metavar="ID", type=click.IntRange(1, 2**53 - 1))
@data_flags
def release(hold_id: int, **flags: object) -> None:
    """Lift a hold.

    ID is the number in `chat retention holds`. Messages that have expired meanwhile are removed from now on.
    """

    async def lift(storage: "Storage") -> bool:
        return await _holds_of(storage).lift(hold_id, None)

    if not with_storage(flags, lift):
        raise CommandFailed(f"no hold has the id {hold_id}: `chat retention holds` lists them")
    click.echo(f"lifted hold {hold_id}")


def _target(each: "Held") -> str:
    """Return a hold's target for the table: kind, name and id, of which the server has only the first."""
    number = f"(#{each.target_id})" if each.target_id else ""
    return " ".join(part for part in (each.kind, each.name, number) if part)


async def _room(storage: "Storage", name: str) -> int | None:
    """Return the id of the lobby or a room that people made, by its name, or of any room by its id."""
    key, after = same_name_key(name), 0
    while page := await storage.rooms.summaries(name, after, _PAGE):
        for each in page:
            if same_name_key(each.name) == key:
                return each.id
        after = page[-1].id
    return _number(name)


async def _person(storage: "Storage", name: str) -> int | None:
    known = await storage.users.by_name(name)
    return _number(name) if known is None else known.person.id


def _number(text: str) -> int | None:
    match = _ID.fullmatch(text)
    return int(match[1]) if match else None


def _holds_of(storage: "Storage") -> "Holds":
    from chat.features.registry import FEATURES

    return next(feature.holds for feature in FEATURES if feature.holds)(storage.feature_ports)


async def _overdue(storage: "Storage") -> "Sequence[Overdue]":
    from chat.features.registry import FEATURES

    settings = await storage.settings.changed_settings()
    found: list[Overdue] = []
    for feature in FEATURES:
        if feature.overdue is not None:
            found += await feature.overdue(storage.feature_ports, settings)
    return found
