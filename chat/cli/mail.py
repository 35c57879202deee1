"""`chat mail …`: whether the mail server takes mails."""

import os

import click

from chat.cli.command_failed import CommandFailed
from chat.cli.expected_errors import expected_errors
from chat.cli.flags import config_flags
from chat.cli.standard_streams import echo_if_possible
from chat.settings.sources import read_config


@click.group()
def mail() -> None:
    """Try the mail server."""


@mail.command()
@click.argument("to")
@config_flags("mail_url", "mail_from", "server_name")
def test(to: str, **flags: object) -> None:
    """Send a test mail to TO, and print each step.

    It is sent by the settings mail_url and mail_from, without a running server and its data. Exits with 1 if the mail
    server does not take it.
    """
    # Late: --help need not wait for the imports.
    from chat.mail.handing_over import Outcome, send_now, try_mail_server
    from chat.mail.letter import letter_of_test, message_of
    from chat.mail.queue import new_mail

    with expected_errors():
        config = read_config(flags, os.environ)
        server = config.mail_server()
        if server is None:
            raise CommandFailed("no mail server is set: set mail_url and mail_from, as the server has them")
        try:
            message = message_of(new_mail(to, letter_of_test(config.server_name), server.domain), server)
        except ValueError:
            raise CommandFailed(f"this is no address: {to!r}") from None
        if problem := try_mail_server(server, echo_if_possible):
            raise CommandFailed(f"{server.host}:{server.port}: {problem}")
        handed = send_now(server, message, to)
        if handed.outcome is not Outcome.SENT:
            raise CommandFailed(f"{server.host}:{server.port} did not take the mail: {handed.answer}")
        echo_if_possible(f"the mail to {to} was taken: look whether it arrived, and not among spam")
