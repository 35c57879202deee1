"""`chat retention`: counts expired messages. Works while a server runs on the data and while none does."""

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click
import trio

from chat.cli.command_failed import CommandFailed
from chat.cli.data_access import as_json, as_table, data_flags, moment
from chat.cli.expected_errors import expected_errors
from chat.logs import configure_logging
from chat.settings.sources import read_config

if TYPE_CHECKING:
    from chat.features.feature import Overdue


@click.command()
@click.option("--json", "json_wanted", is_flag=True, help="Print a JSON array.")
@data_flags
def retention(json_wanted: bool, **flags: object) -> None:
    """Count expired messages.

    The command removes nothing. A running server removes them a little at a time, but none on hold. Times are in UTC.
    """
    found = _overdue(flags)
    if json_wanted:
        records = [
            {
                "kind": each.kind,
                "count": each.count,
                "oldest": each.oldest and moment(each.oldest).isoformat(),
            }
            for each in found
        ]
        return click.echo(as_json(records))
    rows = [
        (each.kind, each.count, f"{moment(each.oldest):%F %T}" if each.oldest else "-")
        for each in found
        if each.count
    ]
    return click.echo(as_table(("KIND", "COUNT", "OLDEST"), rows, "nothing is kept for too long"))


def _overdue(flags: Mapping[str, object]) -> "Sequence[Overdue]":
    from chat.data_access import open_address  # late: --help need not wait for the imports
    from chat.embedded_postgres.data_directory import is_data_directory
    from chat.features.registry import FEATURES
    from chat.storage.postgres.storage import open_shared_postgres_storage

    async def run() -> "Sequence[Overdue]":
        async with (
            open_address(config) as address,
            open_shared_postgres_storage(
                address, query_timeout=config.query_timeout, features=FEATURES
            ) as storage,
        ):
            settings = await storage.settings.changed_settings()
            found: list[Overdue] = []
            for feature in FEATURES:
                if feature.overdue is not None:
                    found += await feature.overdue(storage.feature_ports, settings)
            return found

    with expected_errors():
        config = read_config(flags, os.environ)
        configure_logging("warning", config.log_format)  # logs would hide the answer
        if config.database_url is None and not is_data_directory(config.data):
            raise CommandFailed(f"there is no data of a server in {config.data}; pass --data or --database")
        return trio.run(run)
