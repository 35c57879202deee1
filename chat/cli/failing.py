"""How a command ends that can't do what it was asked: one line on stderr, no traceback, and a status that is not 0."""

from typing import Any

import click


class CommandFailed(click.ClickException):
    """Ends the command with one line on stderr."""

    exit_code = 1

    def __init__(self, text: str) -> None:
        super().__init__(" ".join(text.split()))

    def show(self, file: Any = None) -> None:  # noqa: ANN401 - as click declares it
        click.echo(f"chat: {self.message}", file=file, err=True)
