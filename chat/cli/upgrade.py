"""`chat upgrade`: upgrades the database's tables before a server does, or says what an upgrade will do."""

import os

import click
import trio

from chat.cli.command_failed import CommandFailed
from chat.cli.data_access import as_table, data_flags
from chat.cli.expected_errors import expected_errors
from chat.logs import configure_logging
from chat.settings.config import Config
from chat.settings.sources import read_config
from chat.storage.postgres.upgrade_plan import UpgradePlan


@click.command()
@click.option(
    "--check", is_flag=True, help="Only say what would be done, which tables it locks, and for how long."
)
@data_flags
def upgrade(check: bool, **flags: object) -> None:
    """Upgrade the database's tables to this release.

    A server does this by itself when it starts. With --check nothing is changed and no server waits.
    """
    from chat.embedded_postgres.data_directory import is_data_directory

    with expected_errors():
        config = read_config(flags, os.environ)
        configure_logging("warning" if check else config.log_level, config.log_format)
        if config.database_url is None and not is_data_directory(config.data):
            raise CommandFailed(f"there is no data of a server in {config.data}; pass --data or --database")
        plan = trio.run(_upgrade, config, check)
    click.echo(_said(plan))
    if plan.pending and not check:
        click.echo("done")


async def _upgrade(config: Config, check: bool) -> UpgradePlan:
    """Return what is to be done; do it unless it is only checked."""
    from chat.data_access import open_address
    from chat.storage.postgres.asyncio_bridge import open_asyncio
    from chat.storage.postgres.migration_files import known_migrations
    from chat.storage.postgres.migrations import migrate, plan_upgrade

    async with open_address(config) as address, open_asyncio():
        migrations = known_migrations()
        plan = await plan_upgrade(address, connect_timeout=config.query_timeout, migrations=migrations)
        if not check:
            await migrate(address, connect_timeout=config.query_timeout, migrations=migrations)
        return plan


def _said(plan: UpgradePlan) -> str:
    if plan.schema == 0:
        return f"there are no tables yet; a server of this release makes those of schema {plan.newest}"
    lines = [f"the tables are of schema {plan.schema}, this release has {plan.newest}"]
    if plan.pending:
        rows = [
            (each.name, ", ".join(f"{table} ({rows:,})" for table, rows in each.locks.items()) or "nothing")
            for each in plan.pending
        ]
        lines += [
            as_table(("MIGRATION", "LOCKS (ROWS)"), rows, ""),
            f"about {max(plan.seconds, 1):.0f} s in one transaction, in which servers that use these tables wait",
        ]
    else:
        lines = [f"{lines[0]}: nothing to do"]
    lines.append(f"changes that the search index has yet to read: {plan.unindexed:,}")
    return "\n".join(lines)
