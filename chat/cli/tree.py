"""`chat tree`: the tasks of a running server with what they await, its cancel scopes and its clients."""

import json
import os
import shutil
import sys
import time
from contextlib import suppress

import click

from chat.cli.alternate_screen import alternate_screen
from chat.cli.expected_errors import expected_errors
from chat.cli.server_query import Json, Query, server_flags, server_query
from chat.cli.tree_text import cancellation_report, snapshot_lines

_INTERVAL = 1.0
"""Seconds between two snapshots."""


@click.command()
@click.option("--once", is_flag=True, help="Print one snapshot after a second, and exit.")
@click.option("--json", "as_json", is_flag=True, help="Print one snapshot as JSON, and exit.")
@click.option(
    "--most",
    type=click.IntRange(0, 500),
    default=100,
    show_default=True,
    metavar="N",
    help="How many clients to list.",
)
@click.option(
    "--cancel",
    type=click.IntRange(1),
    metavar="CONNECTION",
    help="Disconnect the client with this number, and print how its tasks end.",
)
@server_flags
def tree(once: bool, as_json: bool, most: int, cancel: int | None, url: str | None, **flags: object) -> None:
    """Watch the tasks and clients of a running server.

    Shows what each task awaits and for how long. On a terminal it refreshes each second until Ctrl-C. The server
    measures only while somebody watches.
    """
    with expected_errors():
        query = server_query(url, **flags)
        if cancel is not None:
            unwound = query("cancel", cancel)
            click.echo(json.dumps(unwound, indent=2) if as_json else cancellation_report(unwound))
        elif once or as_json or not _can_be_drawn_on():
            snapshot = _with_rates(query("tree", 0), _later(query, most))
            click.echo(json.dumps(snapshot, indent=2) if as_json else "\n".join(snapshot_lines(snapshot)))
        else:
            _watch(query, most)


def _can_be_drawn_on() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def _watch(query: Query, most: int) -> None:
    """Refresh the snapshot until Ctrl-C, on the alternate screen of the terminal."""
    before = query("tree", most)
    with suppress(KeyboardInterrupt), alternate_screen():
        while True:
            now = _later(query, most)
            size = shutil.get_terminal_size()
            lines = snapshot_lines(_with_rates(before, now), size.lines)
            if len(lines) >= size.lines:
                hidden = len(lines) - size.lines + 2
                lines = [
                    *lines[: max(size.lines - 2, 0)],
                    f"… {hidden} more lines: chat tree --once prints all",
                ]
                lines = lines[: size.lines - 1]
            shown = "".join(f"\x1b[K{line[: size.columns - 1]}\r\n" for line in lines)
            click.echo(f"\x1b[H{shown}\x1b[J", nl=False)
            before = now


def _later(query: Query, most: int) -> Json:
    time.sleep(_INTERVAL)
    return query("tree", most)


def _with_rates(before: Json, now: Json) -> Json:
    """Add the rates per second between two snapshots to the later one."""
    seconds = max(0.001, now["clock"] - before["clock"])
    counted = ("messages", "deliveries", "commits", "connections", "refused")
    rates = {name: (now["totals"].get(name, 0) - before["totals"].get(name, 0)) / seconds for name in counted}
    return {**now, "per_second": rates}
