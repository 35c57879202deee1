"""Access of commands to the data of a server, running or not, and the form of their output."""

import json
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

import click
import trio

from chat.cli.command_failed import CommandFailed, in_one_line
from chat.cli.expected_errors import expected_errors
from chat.cli.flags import config_flags
from chat.cli.table import table
from chat.domain.refusals import Refusal
from chat.logs import configure_logging
from chat.settings.sources import read_config

if TYPE_CHECKING:
    from chat.data_access import DataAccess
    from chat.domain.ports import Storage

Answer = TypeVar("Answer")

data_flags = config_flags("data", "database_url")
"""The flags that choose the data of a command."""


def with_data(
    flags: Mapping[str, object],
    act: "Callable[[DataAccess], Awaitable[Answer | Refusal]]",
    *,
    may_create: bool = False,
    texts: Mapping[Refusal, str] = MappingProxyType({}),
) -> Answer:
    """Open the data chosen by the flags, and return the result of `act`. Raises CommandFailed.

    Args:
        flags: the flags of the command.
        act: works on the data.
        may_create: create the data directory if it is missing; by default that is an error, as the path may be wrong.
        texts: errors to print for refusals. A refusal's own text is for clients, and does not name the subject.
    """
    from chat.data_access import open_data_access  # late: --help need not wait for the import
    from chat.embedded_postgres.data_directory import is_data_directory

    async def run() -> Answer | Refusal:
        async with open_data_access(config) as opened:
            return await act(opened)

    with expected_errors():
        config = read_config(flags, os.environ)
        configure_logging("warning", config.log_format)  # logs would hide the answer
        is_new = config.database_url is None and not is_data_directory(config.data)
        if is_new and not may_create:
            raise CommandFailed(f"there is no data of a server in {config.data}; pass --data or --database")
        answer = trio.run(run)
        if isinstance(answer, Refusal):
            raise CommandFailed(texts.get(answer, answer.text))
        if is_new:
            click.echo(f"chat: created the data directory {config.data}", err=True)
        return answer


def with_storage(
    flags: Mapping[str, object], act: "Callable[[Storage], Awaitable[Answer | CommandFailed]]"
) -> Answer:
    """Open the storage of the data chosen by the flags, and return the result of `act`. Raises CommandFailed.

    `act` returns a CommandFailed rather than raising it: raised among tasks it would be in an exception group.
    """
    from chat.data_access import open_address  # late: --help need not wait for the imports
    from chat.embedded_postgres.data_directory import is_data_directory
    from chat.features.registry import FEATURES
    from chat.storage.postgres.storage import open_shared_postgres_storage

    async def run() -> Answer | CommandFailed:
        async with (
            open_address(config) as address,
            open_shared_postgres_storage(
                address, query_timeout=config.query_timeout, features=FEATURES
            ) as storage,
        ):
            return await act(storage)

    with expected_errors():
        config = read_config(flags, os.environ)
        configure_logging("warning", config.log_format)  # logs would hide the answer
        if config.database_url is None and not is_data_directory(config.data):
            raise CommandFailed(f"there is no data of a server in {config.data}; pass --data or --database")
        answer = trio.run(run)
        if isinstance(answer, CommandFailed):
            raise answer
        return answer


def as_table(head: Sequence[str], rows: Sequence[Sequence[object]], if_none: str) -> str:
    """Return rows in columns under their names, without control characters; `if_none` if there are no rows."""
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
