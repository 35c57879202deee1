"""`chat audit`: what administrators did. Works while a server runs on the data and while none does."""

import click

from chat.cli.data_access import as_json, as_table, data_flags, moment, with_data
from chat.domain.administration.audit import AuditEntry, What


@click.command()
@click.option(
    "--last",
    metavar="N",
    type=click.IntRange(1, 1000),
    default=50,
    show_default=True,
    help="How many acts to list.",
)
@click.option("--before", metavar="ID", type=click.IntRange(1), help="Only acts before this one.")
@click.option("--json", "json_wanted", is_flag=True, help="Print a JSON array.")
@data_flags
def audit(last: int, before: int | None, json_wanted: bool, **flags: object) -> None:
    """List what administrators did, oldest first.

    Acts are kept for a year. BY is an admin, or "a command" of somebody on the server's machine. Times are in UTC.
    """
    acts = with_data(flags, lambda opened: opened.people.acts(before, last))[::-1]
    if json_wanted:
        return click.echo(as_json([_record(act) for act in acts]))
    head = ("ID", "AT", "BY", "ACT", "PERSON", "ROOM", "DETAIL")
    return click.echo(as_table(head, [_row(act) for act in acts], "nothing was administered"))


def _row(act: AuditEntry) -> tuple[object, ...]:
    return (
        act.id,
        f"{moment(act.at):%F %T}",
        act.by.name if act.by else "-" if act.what == What.LOGIN_FAILED else "a command",
        act.what.replace("_", " "),
        act.person.name if act.person else "-",
        act.room_id or "-",
        act.detail or "-",
    )


def _record(act: AuditEntry) -> dict[str, object]:
    return {
        "id": act.id,
        "at": moment(act.at).isoformat(),
        "by": act.by and act.by.name,
        "act": act.what,
        "person": act.person and act.person.name,
        "room": act.room_id,
        "detail": act.detail,
    }
