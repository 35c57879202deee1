"""`chat restored`: says that the database was restored from a backup. Works while a server runs and while none does."""

from datetime import datetime

import click

from chat.cli.data_access import data_flags, with_data


@click.command()
@click.option(
    "--until",
    "until_text",
    metavar="MOMENT",
    help="When the backup was made: a time as 14:05 (the last such one), or an ISO date and time. People see it.",
)
@data_flags
def restored(until_text: str | None, **flags: object) -> None:
    """Say that the database was restored from a backup.

    For a day, each log-in whose refresh token is newer than the backup continues once. Otherwise the server takes such
    a token for a stolen one, and all people who used the server since the backup must log in again.
    """
    from chat.backup.moments import parse_moment  # late: --help need not wait for the import

    try:
        until = None if until_text is None else parse_moment(until_text, datetime.now().astimezone())
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--until") from None
    with_data(flags, lambda opened: opened.sessions.mark_restored(until))
    click.echo("log-ins that are newer than the backup continue for a day")
