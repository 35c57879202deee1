"""`chat restored`: says that the database was restored from a backup. Works while a server runs and while none does."""

import click

from chat.cli.data_access import data_flags, with_data


@click.command()
@data_flags
def restored(**flags: object) -> None:
    """Say that the database was restored from a backup.

    For a day, each log-in whose refresh token is newer than the backup continues once. Otherwise the server takes such
    a token for a stolen one, and all people who used the server since the backup must log in again.
    """
    with_data(flags, lambda opened: opened.sessions.mark_restored())
    click.echo("log-ins that are newer than the backup continue for a day")
