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
    """Check whether the running server works.

    Prints "ok" and exits with 0 if it works. Exits with 1, and says why on stderr, if it does not or if no server runs.

    It asks on the data directory, whatever the server listens on; with --url over HTTP, as clients do.
    """
    with one_line_refusals():
        server_asked(url, False, **flags)("health")
    say_if_heard("ok")
