"""The command `chat`: one small file for each of its commands, and what they share."""

from importlib import import_module

import click

from chat import __version__


class _Commands(click.Group):
    """Commands that are imported when they are asked for: `chat health` need not wait for what `chat user` needs."""

    names = ("health", "message", "nodes", "room", "serve", "tree", "user", "why", "worker")
    """Each is the command of this name in the module of this name."""

    def list_commands(self, context: click.Context) -> list[str]:
        return [*self.names]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in self.names:
            return None
        command: click.Command = getattr(import_module(f"chat.cli.{name}"), name)
        return command


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="chat", message="%(prog)s %(version)s")
def main() -> None:
    """A chat server: one port, its own PostgreSQL."""
