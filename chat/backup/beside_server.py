"""What a server does for its backups between the start of its database and that of everything else."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from chat.backup.before_upgrade import back_up_before_upgrade
from chat.backup.wal_archive import open_wal_archive
from chat.settings.config import Config
from chat.storage.postgres.database import DatabaseAddress


@asynccontextmanager
async def open_backups(config: Config, address: DatabaseAddress) -> AsyncGenerator[None]:
    """Back the database up if its tables are upgraded next; then archive its WAL for the block, where that is set.

    Raises CannotStart. Cancelling: there is no backup; the next start archives the rest of the WAL.
    """
    await back_up_before_upgrade(config, address)
    async with open_wal_archive(config, address, config.data.absolute()):
        yield
