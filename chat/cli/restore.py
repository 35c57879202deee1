"""`chat restore`: brings a backup back, into an empty data directory."""

import os
from functools import partial
from pathlib import Path

import click
import trio

from chat.cli.backup import identity_flag, progress, server_flags
from chat.cli.data_access import moment
from chat.cli.expected_errors import expected_errors
from chat.logs import configure_logging
from chat.settings.sources import read_config


@click.command()
@click.argument("backup", type=click.Path(path_type=Path))
@click.option(
    "--removed-accounts",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The removed-accounts.jsonl of the server's old data directory: these accounts are removed again.",
)
@identity_flag
@server_flags
def restore(backup: Path, removed_accounts: Path | None, identity: Path | None, **flags: object) -> None:
    """Restore a backup into an empty data directory.

    BACKUP is a backup, or a directory of backups, of which the newest is taken. With --database it restores a dump into
    an empty database, and secret and files into the data directory. The tables are brought up to date, and a restore
    mark lets log-ins that are newer than the backup continue for a day, as `chat restored` does. Until all is there no
    server starts on the data directory; run a killed restore again.
    """
    from chat.backup.encryption import Identities
    from chat.backup.restoring import restore as bring_back
    from chat.backup.target import newest_in

    if removed_accounts is not None and not removed_accounts.is_file():
        raise click.BadParameter(f"there is no file {removed_accounts}", param_hint="--removed-accounts")
    with expected_errors():
        config = read_config(flags, os.environ)
        configure_logging("error", config.log_format)
        chosen = newest_in(backup.absolute())
        manifest = trio.run(
            partial(
                bring_back,
                config,
                chosen,
                report=progress(),
                removed_accounts=removed_accounts,
                identities=None if identity is None else Identities(identity),
            )
        )
    click.echo(
        f"restored {chosen} into {config.data}: everything until {moment(manifest.begun_at):%F %T} UTC is there"
    )
