"""The command `chat`: one small file for each of its commands, and what they share."""

import click

from chat import __version__
from chat.cli.health import health
from chat.cli.message import message
from chat.cli.nodes import nodes
from chat.cli.room import room
from chat.cli.serve import serve
from chat.cli.tree import tree
from chat.cli.user import user
from chat.cli.why import why
from chat.cli.worker import worker


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="chat", message="%(prog)s %(version)s")
def main() -> None:
    """A chat server: one port, its own PostgreSQL."""


main.add_command(health)
main.add_command(message)
main.add_command(nodes)
main.add_command(room)
main.add_command(serve)
main.add_command(tree)
main.add_command(user)
main.add_command(why)
main.add_command(worker)
