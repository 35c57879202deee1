"""`chat upgrade-postgres`: upgrades the server's own database to the newest PostgreSQL that is installed."""

import os
import shlex
from typing import TYPE_CHECKING

import click
import trio

from chat.cli.command_failed import CommandFailed
from chat.cli.expected_errors import expected_errors
from chat.cli.flags import config_flags
from chat.logs import configure_logging
from chat.settings.config import Config
from chat.settings.sources import read_config

if TYPE_CHECKING:
    from chat.embedded_postgres.upgrade import Upgraded


@click.command()
@click.option(
    "--link",
    is_flag=True,
    help="Share the old database's files instead of copying them: seconds and no space, but no way back.",
)
@config_flags("data")
def upgrade_postgres(link: bool, **flags: object) -> None:
    """Upgrade the embedded database to a newer PostgreSQL.

    It takes the newest that is installed; that which made the database must be installed too. The server must be
    stopped. After a kill at any moment the database is the old one or the new one; run the command again. The old
    database is kept until you remove it.
    """
    from chat.embedded_postgres.data_directory import is_data_directory

    with expected_errors():
        config = read_config(flags, os.environ)
        configure_logging("warning", config.log_format)
        if not is_data_directory(config.data):
            raise CommandFailed(f"there is no data of a server in {config.data}; pass --data")
        done = trio.run(_upgrade, config, link)
    if isinstance(done, int):
        click.echo(f"the database is of PostgreSQL {done}, and no newer one is installed: nothing to do")
        return
    click.echo(
        f"upgraded from PostgreSQL {done.old} to {done.new} in {done.seconds:.0f} s; once the server works, remove the"
        f" old database: rm -r {shlex.quote(str(done.kept))}"
    )


async def _upgrade(config: Config, link: bool) -> "Upgraded | int":
    from chat.embedded_postgres.data_directory import open_data_directory
    from chat.embedded_postgres.upgrade import upgrade_cluster

    async with open_data_directory(config.data) as data:
        return await upgrade_cluster(data, link=link, grace=config.grace, report=click.echo)
