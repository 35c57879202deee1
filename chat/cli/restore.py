"""`chat restore`: brings a backup back, into an empty data directory."""

import os
from datetime import datetime
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
@click.option(
    "--to",
    "to_text",
    metavar="MOMENT",
    help="Then replay archived WAL up to this: a time as 14:05 (the last such one), an ISO date and time, or latest.",
)
@identity_flag
@server_flags
def restore(
    backup: Path, removed_accounts: Path | None, to_text: str | None, identity: Path | None, **flags: object
) -> None:
    """Restore a backup into an empty data directory.

    BACKUP is a backup, or a directory of backups, of which the newest is taken. With --database it restores a dump into
    an empty database, and secret and files into the data directory. With --to it restores the newest backup before that
    moment, and replays what the server archived since (its setting backup_wal). The tables are brought up to date, and
    a restore mark lets log-ins that are newer than the backup continue for a day, as `chat restored` does. Until all is
    there no server starts on the data directory; run a killed restore again.
    """
    from chat.backup.encryption import Identities
    from chat.backup.moments import choose, parse_moment
    from chat.backup.restoring import restore as bring_back
    from chat.backup.target import newest_in

    if removed_accounts is not None and not removed_accounts.is_file():
        raise click.BadParameter(f"there is no file {removed_accounts}", param_hint="--removed-accounts")
    try:
        to = None if to_text is None else parse_moment(to_text, datetime.now().astimezone())
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--to") from None
    with expected_errors():
        config = read_config(flags, os.environ)
        configure_logging("error", config.log_format)
        if to_text is None:
            chosen, replay = newest_in(backup.absolute()), None
        else:
            chosen, replay = choose(backup.absolute(), to)
        manifest = trio.run(
            partial(
                bring_back,
                config,
                chosen,
                report=progress(),
                removed_accounts=removed_accounts,
                identities=None if identity is None else Identities(identity),
                replay=replay,
            )
        )
    what, until = f"{chosen}", manifest.begun_at
    if replay is not None:
        what = f"{chosen} and the WAL after it"
        until = replay.until
    click.echo(f"restored {what} into {config.data}: everything until {moment(until):%F %T} UTC is there")
