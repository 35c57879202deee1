"""What `chat export` and `chat import` share: the data that they work on, and their progress."""

import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import click
import trio

from chat.cli.command_failed import CommandFailed
from chat.cli.expected_errors import expected_errors
from chat.logs import configure_logging
from chat.settings.config import Config
from chat.settings.sources import read_config

if TYPE_CHECKING:
    from chat.storage.file_store import DiskFileStore
    from chat.storage.postgres.storage import PostgresStorage

Answer = TypeVar("Answer")

_EACH = 1.0
_EACH_WITHOUT_TERMINAL = 10.0
"""Seconds between two lines of progress."""

_QUERY_TIMEOUT = 60.0
"""Seconds for one batch: on a slow disk a thousand messages take some."""


def with_files_and_storage(
    flags: Mapping[str, object],
    act: "Callable[[PostgresStorage, DiskFileStore | None, Config], Awaitable[Answer]]",
    *,
    may_create: bool = False,
) -> Answer:
    """Open the data chosen by the flags, and return the result of `act`. Raises CommandFailed.

    Args:
        flags: the flags of the command.
        act: works on the storage and the files; without a directory of files it gets None.
        may_create: create the data directory if it is missing.
    """
    from chat.archive.directory import BadArchive  # late: --help need not wait for the imports
    from chat.data_access import open_address
    from chat.domain.failures import WriteRejected
    from chat.embedded_postgres.data_directory import is_data_directory
    from chat.features.registry import FEATURES
    from chat.storage.file_store import open_file_store
    from chat.storage.postgres.storage import open_shared_postgres_storage

    async def run() -> Answer | CommandFailed:
        async with (
            open_address(config) as address,
            open_shared_postgres_storage(address, query_timeout=_QUERY_TIMEOUT, features=FEATURES) as storage,
        ):
            files = config.files_beside(config.data if config.database_url is None else None)
            store = None if files is None else await open_file_store(files, await storage.files.store_id())
            # Returned rather than raised: raised among tasks they would be in exception groups.
            try:
                return await act(storage, store, config)
            except (BadArchive, WriteRejected) as error:
                return CommandFailed(str(error))
            except OSError as error:
                return CommandFailed(f"{error.filename or 'the disk'}: {error.strerror or error}")

    with expected_errors():
        config = read_config(flags, os.environ)
        configure_logging("warning", config.log_format)  # logs would hide the answer
        is_new = config.database_url is None and not is_data_directory(config.data)
        if is_new and not may_create:
            raise CommandFailed(f"there is no data of a server in {config.data}; pass --data or --database")
        answer = trio.run(run)
        if is_new:
            click.echo(f"chat: created the data directory {config.data}", err=True)
        if isinstance(answer, CommandFailed):
            raise answer
        return answer


@contextmanager
def progress_lines() -> Iterator[Callable[[str, int, int], None]]:
    """Provide the function that reports progress on stderr: the unit, how many are done, and of how many.

    On a terminal it is one line, which is removed at the end; else a line now and then.
    """
    is_terminal = sys.stderr is not None and sys.stderr.isatty()
    due = time.monotonic() + (_EACH if is_terminal else _EACH_WITHOUT_TERMINAL)

    def report(what: str, done: int, whole: int) -> None:
        nonlocal due
        now = time.monotonic()
        if now < due:
            return
        due = now + (_EACH if is_terminal else _EACH_WITHOUT_TERMINAL)
        line = f"{what}: {done:,} of {whole:,}"
        click.echo(f"\r\x1b[K{line}" if is_terminal else line, err=True, nl=not is_terminal)

    try:
        yield report
    finally:
        if is_terminal:
            click.echo("\r\x1b[K", err=True, nl=False)
