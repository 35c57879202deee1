"""Backs the database up before a server upgrades its tables."""

import structlog

from chat.backup.failures import BackupFailed
from chat.backup.keeping import parse_keep
from chat.backup.making import back_up
from chat.domain.startup import CannotStart
from chat.settings.config import Config
from chat.storage.postgres.asyncio_bridge import open_asyncio
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.migration_files import known_migrations
from chat.storage.postgres.migrations import plan_upgrade

TARGET = "before-upgrade"
"""The directory of these backups, in the data directory. The newest is kept."""

logger = structlog.get_logger(__name__)


async def back_up_before_upgrade(config: Config, address: DatabaseAddress) -> None:
    """Back the database at `address` up if its tables are of an older release, and the settings want it.

    Attached files are left out: an upgrade does not touch them. Raises CannotStart if there is no backup. Cancelling:
    the same.
    """
    which = config.backup_before_upgrade
    if which == "never" or (which == "embedded" and config.database_url is not None):
        return
    async with open_asyncio():
        plan = await plan_upgrade(
            address, connect_timeout=config.query_timeout, migrations=known_migrations()
        )
    if not (plan.schema and plan.pending):
        return
    target = config.data.absolute() / TARGET
    logger.info(
        "backing the database up before its tables are upgraded", schema=plan.schema, target=str(target)
    )
    try:
        backup = await back_up(config, address, target, keep=parse_keep("1d"), with_files=False)
    except BackupFailed as error:
        raise CannotStart(
            f"the tables have to be upgraded, and there is no backup of them: {error}; mend that, or start with"
            " --backup-before-upgrade never"
        ) from error
    taken = backup.manifest.ended_at - backup.manifest.begun_at
    logger.info("backed the database up", backup=str(backup.path), seconds=round(taken, 1))
