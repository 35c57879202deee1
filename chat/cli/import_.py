"""`chat import`: brings an archive into a server, while it runs or does not."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from chat.cli.archives import progress_lines, with_files_and_storage
from chat.cli.flags import config_flags
from chat.cli.table import table

if TYPE_CHECKING:
    from chat.archive.plan import Plan
    from chat.settings.config import Config
    from chat.storage.file_store import DiskFileStore
    from chat.storage.postgres.storage import PostgresStorage


@click.command("import")
@click.argument("archive", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Print what an import would do, and do nothing.")
@config_flags("data", "database_url", "files", "bcrypt_cost")
def import_(archive: Path, dry_run: bool, **flags: object) -> None:
    """Bring an archive into the server.

    ARCHIVE is a directory that `chat export` made. An archive of a whole server goes into an empty server with all its
    numbers. Any other one is added: its rooms become new rooms, and its people accounts without a password, which they
    take over by a link to their address ("Forgot your password?"), or with a password that `chat user password` sets.
    Nobody is notified. A command that was cut off goes on when it is run again, and a later archive of the same server
    adds messages that are newer.
    """

    async def act(storage: "PostgresStorage", store: "DiskFileStore | None", config: "Config") -> "Plan":
        from chat.archive.directory import ArchiveReader
        from chat.archive.load import Load
        from chat.domain.accounts.passwords import Passwords

        unusable = Passwords(config.bcrypt_cost).unusable_hash()
        with progress_lines() as report:
            load = Load(storage.database, store, ArchiveReader(archive), unusable, lambda at: report(*at))
            plan = await load.plan()
            if not dry_run:
                await load.run(plan)
        return plan

    plan = with_files_and_storage(flags, act, may_create=not dry_run)
    click.echo("\n".join(table([["", "WOULD BE IMPORTED" if dry_run else "IMPORTED"], *_rows(plan)])))
    if plan.lost:
        click.echo("\nleft out, or other than before:")
        click.echo("\n".join(f"{count:>9,}  {what}" for what, count in sorted(plan.lost.items())))


def _rows(plan: "Plan") -> list[list[str]]:
    rooms = list(plan.rooms.values())
    rows = [
        ("people", len(plan.people)),
        ("rooms", sum(not room.is_there for room in rooms)),
        ("messages", plan.new + plan.added),
        ("files", plan.files),
        ("here already: rooms", sum(room.is_there for room in rooms)),
        ("here already: messages", plan.known),
    ]
    return [[what, f"{count:,}"] for what, count in rows]
