"""`chat health`: whether the running server works, for a supervisor of its process."""

import click

from chat.cli.expected_errors import expected_errors
from chat.cli.flags import config_flags
from chat.cli.server_query import server_query
from chat.cli.standard_streams import echo_if_possible


@click.command()
@click.option("--url", metavar="URL", help="Query this server over HTTP; it needs no token.")
@config_flags("data")
def health(url: str | None, **flags: object) -> None:
    """Check whether the running server works.

    Prints "ok" and exits with 0 if it works. If it does not, or if no server runs, prints the reason to stderr and
    exits with 1.

    The query goes to the socket in the data directory, whatever the server listens on; with --url it goes over HTTP, as
    clients do.
    """
    with expected_errors():
        server_query(url, False, **flags)("health")
    echo_if_possible("ok")
