"""An expected failure of a command: one line on stderr, no traceback, exit status 1."""

from typing import Any

import click

from chat.cli.table import printable


def in_one_line(text: str) -> str:
    """Return a text in one line without control characters: others may have made it, as a server its refusal."""
    return printable(" ".join(text.split()))


class CommandFailed(click.ClickException):
    """Ends the command with one line on stderr."""

    exit_code = 1

    def __init__(self, text: str) -> None:
        super().__init__(in_one_line(text))

    def show(self, file: Any = None) -> None:  # noqa: ANN401 - as click declares it
        click.echo(f"chat: {self.message}", file=file, err=True)
