"""The command `chat`: a module for each subcommand, and what they share."""

from importlib import import_module
from typing import Any

import click

from chat import __version__
from chat.cli.command_failed import CommandFailed
from chat.cli.standard_streams import standard_streams


class _Commands(click.Group):
    """Imports a command when it is called: `chat health` need not wait for the imports of `chat user`."""

    names = (
        "audit",
        "backup",
        "ban",
        "bot",
        "doctor",
        "export",
        "health",
        "hook",
        "import",
        "mail",
        "message",
        "move",
        "nodes",
        "restore",
        "restored",
        "retention",
        "room",
        "send",
        "serve",
        "setting",
        "talk",
        "transfer",
        "tree",
        "upgrade",
        "upgrade-postgres",
        "user",
        "why",
        "worker",
    )
    """Each module has the command of its name."""

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as click declares it
        with standard_streams():
            return super().main(*args, **kwargs)

    def list_commands(self, context: click.Context) -> list[str]:
        return [*self.names]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in self.names:
            return None
        module = "import_" if name == "import" else name.replace("-", "_")
        try:
            command: click.Command = getattr(import_module(f"chat.cli.{module}"), module)
        except ModuleNotFoundError as error:
            if error.name is None or error.name.partition(".")[0] == "chat":
                raise
            return _missing(name, "server")
        return command


def _missing(name: str, extra: str) -> click.Command:
    """Stands for a command whose packages are not installed: says how to install them, whatever its arguments."""

    def fail() -> None:
        raise CommandFailed(f"`chat {name}` needs more packages: pip install 'trio-chat[{extra}]'")

    takes_all = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
    return click.Command(name, takes_all, fail, help=f"Needs 'trio-chat[{extra}]', which is not installed.")


@click.group(
    cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="chat", message="%(prog)s %(version)s")
def main() -> None:
    """Run a chat server, administer it, and chat in the terminal."""
