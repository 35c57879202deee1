"""`chat why`: why a connection ended, with its last frames; with --notify, why somebody was notified."""

import json
from collections.abc import Iterator

import click

from chat.cli.expected_errors import expected_errors
from chat.cli.flags import config_flags
from chat.cli.server_query import Json, server_query, url_flag
from chat.cli.table import printable, table
from chat.cli.tree_text import duration


@click.command()
@click.argument("connection", type=click.IntRange(1), required=False)
@click.option("--notify", "name", metavar="NAME", help="Explain why this person was notified of messages.")
@click.option(
    "--message", metavar="ROOM/SEQ", help="With --notify: of this message; without, of the newest ones."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@config_flags("data", "database_url")
@url_flag
def why(
    connection: int | None,
    name: str | None,
    message: str | None,
    as_json: bool,
    url: str | None,
    **flags: object,
) -> None:
    """Explain why a connection ended, or a notification came.

    CONNECTION is its number in the log and in `chat tree`. Also prints the lengths and types of its last frames, but no
    texts. Without CONNECTION, lists the connections that ended abnormally in the last ten minutes, 256 at most.

    With --notify it reads the database: whether the messages of the last 14 days notified somebody, by which rule, and
    what the push services answered. Times are in UTC.
    """
    if name is not None:
        if connection is not None or url is not None:
            raise click.UsageError("--notify goes without CONNECTION and --url")
        from chat.cli.why_notified import explain  # here: the other ways need no database

        click.echo(explain(name, message, flags, json_wanted=as_json))
        return
    if message is not None:
        raise click.UsageError("--message goes with --notify")
    with expected_errors():
        query = server_query(url, **flags)
        answer = query("ends") if connection is None else query("why", connection)
    if as_json:
        click.echo(json.dumps(answer, indent=2))
    else:
        lines = _ends(answer) if connection is None else _report(answer)
        click.echo("\n".join(map(printable, lines)))


def _ends(ends: Json) -> Iterator[str]:
    if not ends:
        yield "no connection ended abnormally in the last ten minutes"
        return
    head = ("CONNECTION", "NAME", "DIALECT", "ADDRESS", "LASTED", "ENDED", "WHY")
    yield from table(
        [
            head,
            *(
                (
                    str(end["connection"]),
                    end["name"] or "-",
                    end["dialect"],
                    end["address"],
                    duration(end["lasted"]),
                    f"{duration(end['ended_ago'])} ago",
                    end["kind"],
                )
                for end in ends
            ),
        ]
    )


def _report(report: Json) -> Iterator[str]:
    about = report["summary"]
    ended = "is open" if about["ended_ago"] is None else f"ended {duration(about['ended_ago'])} ago"
    yield (
        f"Connection {about['connection']}, {about['name'] or 'nobody who logged in'}, {about['dialect']}, "
        f"from {about['address']}: {ended}, after {duration(about['lasted'])}."
    )
    yield about["sentence"]
    yield ""
    yield from (f"{event['at']:10.3f} s  {event['what']}" for event in report["events"])
    if report["frames"]:
        yield ""
        yield "The last frames from the client, and the control frames to it:"
        for frame in report["frames"]:
            way = "to  " if frame["sent"] else "from"
            yield f"{frame['at']:10.3f} s  {way}  {frame['type']}, {frame['length']:,} bytes"
