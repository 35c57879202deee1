"""How commands work on a server's data, while it runs and while it does not, and how they list what they find."""

import json
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

import click
import trio

from chat.cli.failing import CommandFailed, in_one_line
from chat.cli.flags import config_flags
from chat.cli.refused import one_line_refusals
from chat.cli.table import table
from chat.domain.refusals import Refusal
from chat.logs import configure_logging
from chat.settings.sources import read_config

if TYPE_CHECKING:
    from chat.data_access import DataAccess

Answer = TypeVar("Answer")

data_flags = config_flags("data", "database_url")
"""The flags that say which data a command works on."""


def with_data(
    flags: Mapping[str, object],
    act: "Callable[[DataAccess], Awaitable[Answer | Refusal]]",
    *,
    may_begin: bool = False,
    said: Mapping[Refusal, str] = MappingProxyType({}),
) -> Answer:
    """Open the data that the flags name, and return what `act` does with them. Raises CommandFailed.

    Args:
        flags: those of the command.
        act: works on the data.
        may_begin: make a data directory where there is none; else it is most likely a wrong one.
        said: what to say in place of a refusal's own text: that is for clients, and does not name what it is about.
    """
    from chat.data_access import open_data_access  # late: --help need not wait for it
    from chat.embedded_postgres.data_directory import is_data_directory

    async def run() -> Answer | Refusal:
        async with open_data_access(config) as opened:
            return await act(opened)

    with one_line_refusals():
        config = read_config(flags, os.environ)
        configure_logging("warning", config.log_format)  # the answer is on stdout, and only trouble beside it
        is_new = config.database_url is None and not is_data_directory(config.data)
        if is_new and not may_begin:
            raise CommandFailed(f"there is no data of a server in {config.data}; pass --data or --database")
        answer = trio.run(run)
        if isinstance(answer, Refusal):
            raise CommandFailed(said.get(answer, answer.text))
        if is_new:
            click.echo(f"chat: there was no data of a server in {config.data}: it is new", err=True)
        return answer


def as_table(head: Sequence[str], rows: Sequence[Sequence[object]], if_none: str) -> str:
    """Return rows in columns, under their names, each cell without what a terminal would obey.

    Without rows it is `if_none`.
    """
    if not rows:
        return if_none
    cells = [[*head], *([in_one_line(str(cell)) for cell in row] for row in rows)]
    return "\n".join(table(cells))


def as_json(records: Sequence[Mapping[str, object]]) -> str:
    """Return records as one JSON array."""
    return json.dumps(records, indent=2)


def moment(unix_seconds: float) -> datetime:
    """Return a time to the second, in UTC."""
    return datetime.fromtimestamp(unix_seconds, UTC).replace(microsecond=0)
