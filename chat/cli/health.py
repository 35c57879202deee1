"""`chat health`: whether the running server can work, for whatever looks after its process."""

import click

from chat.cli.asking import server_asked
from chat.cli.flags import config_flags
from chat.cli.refused import one_line_refusals
from chat.cli.standard_streams import say_if_heard


@click.command()
@click.option("--url", metavar="URL", help="Ask this server over HTTP; no token is needed.")
@config_flags("data")
def health(url: str | None, **flags: object) -> None:
    """Say whether the running server can work: the exit status is 0 if it can, and 1 if not or if there is none.

    It is asked on its data directory, whatever it listens on and with TLS or without; with --url as its clients do.
    """
    with one_line_refusals():
        server_asked(url, False, **flags)("health")
    say_if_heard("ok")
