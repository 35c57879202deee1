"""`chat ban`: bans of network addresses. Works while a server runs on the data and while none does."""

import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from chat.cli.command_failed import CommandFailed
from chat.cli.data_access import as_json, as_table, data_flags, moment, with_storage
from chat.cli.expected_errors import expected_errors
from chat.cli.flags import utf8
from chat.domain.limits.address_bans import ADDRESS_BANS, LONGEST_REASON, AddressBan, AddressBans, network_of
from chat.domain.refusals import Refusal
from chat.settings.sources import read_config

if TYPE_CHECKING:
    from chat.domain.ports import Storage

_LONGEST_DAYS = 36_500
_DAY = 86_400.0


@click.group(invoke_without_command=True, subcommand_metavar="[COMMAND] [ARGS]...")
@click.option("--json", "json_wanted", is_flag=True, help="Print a JSON array.")
@data_flags
@click.pass_context
def ban(context: click.Context, /, json_wanted: bool, **flags: object) -> None:
    """Ban network addresses.

    Without a command it lists the bans that hold. Times are in UTC. A ban without a name in BY is by a command.
    """
    if context.invoked_subcommand is not None:
        if json_wanted or any(value is not None for value in flags.values()):
            raise click.UsageError(f"flags go behind the command: chat ban {context.invoked_subcommand} ...")
        return None

    async def read(storage: "Storage") -> list[AddressBan]:
        return await storage.feature_ports[ADDRESS_BANS].list()

    found = with_storage(flags, read)
    if json_wanted:
        records = [
            {
                "id": each.id,
                "network": each.network,
                "registering": each.registering_only,
                "until": each.until and moment(each.until).isoformat(),
                "reason": each.reason,
                "at": moment(each.at).isoformat(),
                "by": each.by and each.by.name,
            }
            for each in found
        ]
        return click.echo(as_json(records))
    rows = [
        (
            each.id,
            each.network,
            "registering" if each.registering_only else "all",
            f"{moment(each.until):%F %T}" if each.until else "-",
            each.by.name if each.by else "",
            each.reason,
        )
        for each in found
    ]
    heads = ("ID", "NETWORK", "WHAT", "UNTIL", "BY", "REASON")
    return click.echo(as_table(heads, rows, "no network is banned"))


@ban.command()
@click.argument("network", callback=utf8)
@click.option("--registering", is_flag=True, help="Only registering; people who have an account get in.")
@click.option(
    "--days",
    type=click.FloatRange(0, _LONGEST_DAYS, min_open=True),
    metavar="NUMBER",
    help="For so many days, as 0.5. By default for good.",
)
@click.option("--reason", metavar="TEXT", default="", callback=utf8, help="Why. Only admins see it.")
@data_flags
def add(network: str, registering: bool, days: float | None, reason: str, **flags: object) -> None:
    """Ban a network.

    NETWORK is an address or a network, as 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32. A ban of the same network is
    replaced. Servers that run close the sockets from there within a second. This machine's own addresses, and those
    of trusted proxies, can't be banned.
    """
    found = _checked(network, flags)
    if len(reason.strip()) > LONGEST_REASON:
        raise click.BadParameter(f"write at most {LONGEST_REASON} characters", param_hint="--reason")
    until = None if days is None else time.time() + days * _DAY
    new = AddressBan(id=0, network=found, registering_only=registering, until=until, reason=reason.strip())

    async def add(storage: "Storage") -> AddressBan | CommandFailed:
        added = await storage.feature_ports[ADDRESS_BANS].add(new, None)
        return CommandFailed(added.text) if isinstance(added, Refusal) else added

    added = with_storage(flags, add)
    end = "for good" if until is None else f"until {moment(until):%F %T} UTC"
    click.echo(f"banned {added.network} {end}{': registering only' if registering else ''}")


@ban.command()
@click.argument("ban_id", metavar="ID", type=click.IntRange(1, 2**53 - 1))
@data_flags
def lift(ban_id: int, **flags: object) -> None:
    """Lift a ban.

    ID is the number in `chat ban`.
    """

    async def lift(storage: "Storage") -> bool:
        return await storage.feature_ports[ADDRESS_BANS].lift(ban_id, None)

    if not with_storage(flags, lift):
        raise CommandFailed(f"no ban has the id {ban_id}: `chat ban` lists them")
    click.echo(f"lifted ban {ban_id}")


def _checked(text: str, flags: Mapping[str, object]) -> str:
    """Return the network that a text names. Raises CommandFailed."""
    with expected_errors():
        config = read_config(flags, os.environ)
    bans, network = AddressBans(), network_of(text)
    bans.spare(config.trusted_proxies)
    refusal = network if isinstance(network, Refusal) else bans.wrong(network)
    if refusal is not None:
        raise CommandFailed(refusal.text)
    return str(network)
