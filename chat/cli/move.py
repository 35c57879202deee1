"""`chat move`: moves a chat from the embedded PostgreSQL to another one, or back."""

import os
import shlex
from typing import TYPE_CHECKING

import click
import trio

from chat.cli.command_failed import CommandFailed
from chat.cli.data_access import data_flags
from chat.cli.expected_errors import expected_errors
from chat.logs import configure_logging
from chat.settings.config import Config
from chat.settings.sources import read_config

if TYPE_CHECKING:
    from chat.backup.moving import Moved


@click.command()
@click.option(
    "--to", "target", metavar="URL", help="Move from the embedded database to this one, which is empty."
)
@click.option("--to-embedded", is_flag=True, help="Move from --database to an embedded one.")
@data_flags
def move(target: str | None, to_embedded: bool, **flags: object) -> None:
    """Move a chat to another PostgreSQL.

    Stop the server first. The source is only read; every table is compared before the target can be used. Secret and
    files stay in the data directory, so nobody is logged out.
    """
    from chat.embedded_postgres.data_directory import is_data_directory

    with expected_errors():
        config = read_config(flags, os.environ)
        configure_logging("warning", config.log_format)
        if (target is None) == (not to_embedded):
            raise CommandFailed("pass --to URL or --to-embedded")
        if to_embedded and config.database_url is None:
            raise CommandFailed("--to-embedded needs the --database to move from")
        if target is not None and config.database_url is not None:
            raise CommandFailed("--to moves from the embedded database: leave --database out")
        if not is_data_directory(config.data):
            raise CommandFailed(f"there is no data of a server in {config.data}; pass --data")
        if target is not None:
            read_config({**flags, "database_url": target}, {})  # refuses what is no URL
        done = trio.run(_move, config, target)
    click.echo(f"moved {done.messages:,} messages, {done.tables} tables compared, {done.seconds:.0f} s")
    where = f"--data {shlex.quote(str(config.data))}"
    if target is not None:
        kept = config.data / "postgres" / "cluster"
        click.echo(f"start the server with {where} and --database; the old database stays in {kept}")
    else:
        click.echo(f"start the server with {where} and without --database; the old database stays as it was")


async def _move(config: Config, target: str | None) -> "Moved":
    from chat.backup.moving import move  # late: --help need not wait for the imports
    from chat.embedded_postgres.data_directory import open_data_directory
    from chat.embedded_postgres.embedded import open_embedded_postgres
    from chat.embedded_postgres.new_cluster import open_new_cluster

    scratch = config.data.absolute() / "move"
    async with open_data_directory(config.data) as data:
        if target is None:
            async with open_new_cluster(data, grace=config.grace) as address:
                return await move({"dsn": config.database_url}, address, scratch, click.echo)
        async with open_embedded_postgres(
            data, grace=config.grace, settings=config.postgres_settings
        ) as postgres:
            return await move(postgres.address, {"dsn": target}, scratch, click.echo)
