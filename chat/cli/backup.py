"""`chat backup`: copies of a server's data, made beside it or while it does not run."""

import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
import trio

from chat.backup.failures import BackupFailed
from chat.backup.keeping import Keep, parse_keep
from chat.backup.priority import go_last
from chat.backup.state import note_made, note_problem, note_proven
from chat.cli.command_failed import CommandFailed
from chat.cli.expected_errors import expected_errors
from chat.cli.flags import config_flags
from chat.logs import configure_logging
from chat.settings.config import Config
from chat.settings.sources import read_config

if TYPE_CHECKING:
    from chat.backup.making import Backup

server_flags = config_flags("data", "files", "database_url", "secret")
"""The flags that choose what is backed up or restored."""

identity_flag = click.option(
    "--identity",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The file of age's identity (AGE-SECRET-KEY-1…) that decrypts the backup.",
)


class _Backup(click.Group):
    """A group in which `chat backup TARGET` is short for `chat backup make TARGET`."""

    default = "make"

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and not {"-h", "--help"} & set(args[:1]):
            args = [self.default, *args]
        return super().parse_args(context, args)


@click.group(cls=_Backup, subcommand_metavar="TARGET | COMMAND [ARGS]...")
def backup() -> None:
    """Back a server up, also while it runs.

    `chat backup TARGET` is short for `chat backup make TARGET`.
    """


def progress() -> Callable[[str], None]:
    """Return what prints progress, on a terminal only."""
    shown = sys.stderr.isatty()
    return lambda what: click.echo(what, err=True) if shown else None


def size(number: int) -> str:
    """Return a number of bytes for people."""
    return f"{number / 1e6:,.1f} MB"


def _keep(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[Keep, ...]:
    try:
        return parse_keep(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@backup.command()
@click.argument("target", type=click.Path(path_type=Path))
@click.option(
    "--keep",
    metavar="PERIODS",
    default="",
    callback=_keep,
    help="Then remove older backups but the newest of so many days, weeks, months and years, as '7d 4w 12m'.",
)
@click.option(
    "--exclude-search",
    is_flag=True,
    help="Leave the search's words out: a server that is restored makes them anew.",
)
@click.option(
    "--spread",
    is_flag=True,
    help="Give the embedded database minutes for its checkpoint, so that nobody waits.",
)
@click.option(
    "--max-rate",
    metavar="MB",
    type=click.FloatRange(0.1),
    default=24,
    show_default=True,
    help="Limit the copy to so many megabytes a second, so that nobody waits. A dump has no limit.",
)
@click.option(
    "--recipient",
    metavar="KEY",
    help="Encrypt it to this public key of age, or to those in a file. [the setting backup_recipient]",
)
@server_flags
def make(
    target: Path,
    keep: tuple[Keep, ...],
    exclude_search: bool,
    spread: bool,
    max_rate: float,
    recipient: str | None,
    **flags: object,
) -> None:
    """Make a backup in the directory TARGET.

    It has the database, the attached files, the secret and the settings, and it appears in TARGET whole or not at all.
    Files that the backup before has are linked, and of the embedded database only changes are copied. With --recipient
    it is encrypted, and plain copies of the database stay in the data directory.
    """
    go_last()
    with expected_errors():
        config = read_config(flags, os.environ)
        configure_logging("warning", config.log_format)
        refuse_no_data(config)
        done = trio.run(
            _make,
            config,
            target.absolute(),
            keep,
            exclude_search,
            spread,
            max_rate * 1e6,
            recipient or config.backup_recipient,
        )
    manifest = done.manifest
    if note_here(config):
        taken = manifest.ended_at - manifest.begun_at
        note_made(config.data, done.path, manifest.begun_at, taken, manifest.copied_bytes)
    click.echo(
        f"{done.path}: {size(manifest.copied_bytes)} copied, {manifest.files or 0:,} files,"
        f" {manifest.ended_at - manifest.begun_at:.1f} s"
    )
    for name in done.removed:
        click.echo(f"removed {name}")
    if manifest.damaged:
        raise CommandFailed(
            f"{len(manifest.damaged)} files of the server are damaged, the first is {manifest.damaged[0]}: take them"
            " from an older backup"
        )


def refuse_no_data(config: Config) -> None:
    """Raise BackupFailed if there is no server's data: the path may be wrong."""
    from chat.embedded_postgres.data_directory import is_data_directory

    if config.database_url is None and not is_data_directory(config.data):
        raise BackupFailed(f"there is no data of a server in {config.data}; pass --data or --database")


async def _make(
    config: Config,
    target: Path,
    keep: tuple[Keep, ...],
    exclude_search: bool,
    spread: bool,
    rate: float,
    recipient: str | None,
) -> "Backup":
    from chat.backup.encryption import read_recipients
    from chat.backup.making import back_up  # late: --help need not wait for the import
    from chat.data_access import open_address

    recipients = None if recipient is None else read_recipients(recipient)
    async with open_address(config) as address:
        return await back_up(
            config,
            address,
            target,
            keep=keep,
            exclude_search=exclude_search,
            spread=spread,
            rate=rate,
            recipients=recipients,
            prove=_prove_plain,
            report=progress(),
        )


async def _prove_plain(plain: Path, scratch: Path, files: set[str]) -> str | None:
    from chat.backup.proving import Check, prove

    wrong: list[Check] = []
    await prove(plain, scratch=scratch, files=files, report=progress(), found=wrong.append)
    return next((check.what for check in wrong if check.is_well is False), None)


@backup.command()
@click.argument("path", metavar="BACKUP", type=click.Path(path_type=Path))
@click.option(
    "--scratch", metavar="DIR", type=click.Path(path_type=Path), help="Where its database runs. [/var/tmp]"
)
@identity_flag
@config_flags("data")
def verify(path: Path, scratch: Path | None, identity: Path | None, **flags: object) -> None:
    """Prove that a backup can be restored.

    BACKUP is a backup, or a directory of backups, of which the newest is taken. All of it is read, and its database
    runs privately for that, in a new directory that is removed. The command prints a line for each check; its exit
    status is 1 if one fails. Of an encrypted backup without --identity the encrypted files are read, and the plain copy
    is proven that it was made of, which the data directory has. That directory, if it is there, notes the proof.
    """
    from chat.backup.encryption import Identities
    from chat.backup.manifest import read_manifest
    from chat.backup.proving import Check, prove
    from chat.backup.target import newest_in

    def found(check: Check) -> None:
        click.echo(f"{'-' if check.is_well is None else 'ok' if check.is_well else 'FAILED':7}{check.what}")

    go_last()
    with expected_errors():
        config = read_config(flags, os.environ)
        configure_logging("error", config.log_format)
        chosen = newest_in(path.absolute())
        click.echo(str(chosen))
        identities = None if identity is None else Identities(identity)
        where = None if scratch is None else scratch.absolute()
        is_whole = trio.run(
            partial(
                prove,
                chosen,
                scratch=where,
                identities=identities,
                data=config.data,
                report=progress(),
                found=found,
            )
        )
        if is_whole and note_here(config):
            note_proven(config.data, chosen, read_manifest(chosen).begun_at)
        elif is_whole is False:
            if note_here(config):
                note_problem(config.data, f"the backup {chosen} cannot be restored whole")
            raise CommandFailed(f"{chosen} cannot be restored whole")


def note_here(config: Config) -> bool:
    """Whether this machine has the server's data directory, which keeps what is known of its backups."""
    from chat.embedded_postgres.data_directory import MARK

    return (config.data / MARK).exists()
