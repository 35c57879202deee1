"""`chat transfer`: does an export or an import that an admin started in the page; the server runs it."""

import sys
from typing import TYPE_CHECKING

import click

from chat.cli.archives import with_files_and_storage

if TYPE_CHECKING:
    from chat.settings.config import Config
    from chat.storage.file_store import DiskFileStore
    from chat.storage.postgres.storage import PostgresStorage


@click.command(hidden=True)
@click.argument("name")
@click.argument("claim", type=int)
def transfer(name: str, claim: int) -> None:
    """Do the transfer NAME, for the server whose CLAIM it is."""
    from chat.backup.priority import go_last

    go_last()

    async def act(storage: "PostgresStorage", store: "DiskFileStore | None", config: "Config") -> bool:
        from chat.domain.accounts.passwords import Passwords
        from chat.domain.failures import StorageError
        from chat.transfers.job import Job

        assert config.files is not None
        try:
            unusable = Passwords(config.bcrypt_cost).unusable_hash()
            await Job(storage, store, config.files / "transfers", claim, unusable).run(name)
        except StorageError as error:
            click.echo(f"the database: {error}", err=True)
            return False
        return True

    if not with_files_and_storage({}, act):
        from chat.transfers.job import STATUS_AGAIN

        sys.exit(STATUS_AGAIN)
