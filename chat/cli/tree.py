"""`chat tree`: the running server's tasks, what each awaits, its cancel scopes and its clients."""

import json
import os
import shutil
import sys
import time
from contextlib import suppress

import click

from chat.cli.asking import Ask, Json, server_asked, server_flags
from chat.cli.other_screen import other_screen
from chat.cli.picture import picture, unwinding
from chat.cli.refused import one_line_refusals

_PAUSE = 1.0
"""Seconds between two looks."""


@click.command()
@click.option("--once", is_flag=True, help="Print one picture, after a second, and exit.")
@click.option("--json", "as_json", is_flag=True, help="Print one picture as JSON, and exit.")
@click.option(
    "--most",
    type=click.IntRange(0, 500),
    default=100,
    show_default=True,
    metavar="N",
    help="Clients to list.",
)
@click.option(
    "--cancel",
    type=click.IntRange(1),
    metavar="CONNECTION",
    help="Disconnect a client by its number, and print how its tasks end.",
)
@server_flags
def tree(once: bool, as_json: bool, most: int, cancel: int | None, url: str | None, **flags: object) -> None:
    """Watch the tasks and clients of a running server.

    Shows what each task awaits and for how long. On a terminal the picture is renewed each second until Ctrl-C. The
    server measures only while somebody watches.
    """
    with one_line_refusals():
        ask = server_asked(url, **flags)
        if cancel is not None:
            unwound = ask("cancel", cancel)
            click.echo(json.dumps(unwound, indent=2) if as_json else unwinding(unwound))
        elif once or as_json or not _can_be_drawn_on():
            snapshot = _with_rates(ask("tree", 0), _later(ask, most))
            click.echo(json.dumps(snapshot, indent=2) if as_json else "\n".join(picture(snapshot)))
        else:
            _watch(ask, most)


def _can_be_drawn_on() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def _watch(ask: Ask, most: int) -> None:
    """Renew the picture until Ctrl-C, on the terminal's other screen, so that what was there comes back."""
    before = ask("tree", most)
    with suppress(KeyboardInterrupt), other_screen():
        while True:
            now = _later(ask, most)
            size = shutil.get_terminal_size()
            lines = picture(_with_rates(before, now), size.lines)
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


def _later(ask: Ask, most: int) -> Json:
    time.sleep(_PAUSE)
    return ask("tree", most)


def _with_rates(before: Json, now: Json) -> Json:
    """The later snapshot, with what was counted a second between the two."""
    seconds = max(0.001, now["clock"] - before["clock"])
    counted = ("messages", "deliveries", "commits", "connections", "refused")
    rates = {name: (now["totals"].get(name, 0) - before["totals"].get(name, 0)) / seconds for name in counted}
    return {**now, "per_second": rates}
