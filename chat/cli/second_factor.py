"""`chat user second-factor`: shows or removes a person's second factor. Works with and without a server on the data."""

import os
from collections.abc import Mapping

import trio

from chat.cli.command_failed import CommandFailed
from chat.cli.expected_errors import expected_errors
from chat.logs import configure_logging
from chat.settings.sources import read_config


def show_or_remove(name: str, flags: Mapping[str, object], *, is_to_go: bool) -> str:
    """Return what the command prints about a person. Raises CommandFailed."""
    from chat.data_access import open_address  # late: --help need not wait for the imports
    from chat.domain.accounts.second_factor import CODES
    from chat.domain.features import with_services
    from chat.embedded_postgres.data_directory import is_data_directory
    from chat.features.registry import FEATURES
    from chat.storage.postgres.storage import open_shared_postgres_storage

    async def run() -> str | CommandFailed:
        async with (
            open_address(config) as address,
            open_shared_postgres_storage(
                address, query_timeout=config.query_timeout, features=FEATURES
            ) as storage,
        ):
            known = await storage.users.by_name(name)
            if known is None:
                return CommandFailed(f"nobody is called {name!r}: `chat user list` lists everybody")
            person = known.person
            if not is_to_go:
                return f"{person.name} has {'a' if person.has_second_factor else 'no'} second factor"
            codes = with_services(storage.feature_ports, FEATURES)[CODES]
            if not await codes.remove(person.id, None):
                return CommandFailed(f"{person.name} has no second factor")
            return f"removed the second factor of {person.name}, id {person.id}"

    with expected_errors():
        config = read_config(flags, os.environ)
        configure_logging("warning", config.log_format)  # logs would hide the answer
        if config.database_url is None and not is_data_directory(config.data):
            raise CommandFailed(f"there is no data of a server in {config.data}; pass --data or --database")
        answer = trio.run(run)
        if isinstance(answer, CommandFailed):
            raise answer
        return answer
