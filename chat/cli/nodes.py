"""`chat nodes`: the servers that share a database."""

import click

from chat.cli.data_access import as_json, as_table, data_flags, moment, with_data
from chat.domain.nodes import Node

_NONE = (
    "no server has registered: a server that runs alone, without --bus, is not listed;"
    " `chat health` checks it, `chat tree` shows its clients"
)


@click.command()
@click.option("--json", "json_wanted", is_flag=True, help="Print a JSON array.")
@data_flags
def nodes(json_wanted: bool, **flags: object) -> None:
    """List the servers that share one database.

    BEHIND is how many changes of the log a server has not published yet; LEASE is the rest of its lease. Only servers
    with a bus register here: a server that runs alone is not listed.
    """
    live = with_data(flags, lambda opened: opened.nodes.live())
    last = max((each.position for each in live), default=0)
    if json_wanted:
        click.echo(as_json([_record(each, last) for each in live]))
        return
    head = ("NUMBER", "ADDRESS", "VERSION", "BUS", "SINCE", "BEHIND", "CLIENTS", "LEASE")
    rows = [
        (
            each.number,
            each.address,
            each.version,
            each.bus,
            f"{moment(each.started_at):%F %T}",
            last - each.position,
            each.clients,
            f"{each.lease:.1f} s",
        )
        for each in live
    ]
    click.echo(as_table(head, rows, _NONE))


def _record(node: Node, last: int) -> dict[str, object]:
    fields = ("number", "address", "version", "bus", "clients", "lease")
    return {
        **{field: getattr(node, field) for field in fields},
        "since": moment(node.started_at).isoformat(),
        "behind": last - node.position,
    }
