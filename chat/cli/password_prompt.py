"""Ask for a password without showing it; the terminal is restored however the command ends."""

import click

from chat.cli.termination_signals import leave_on_signals


def prompt_password(*, is_new: bool) -> str:
    """Ask for a password on the terminal; for a new one, twice. Raises click.Abort."""
    password: str | None = None
    with leave_on_signals():  # or the terminal would stay without echo
        password = click.prompt("Password", hide_input=True, confirmation_prompt=is_new)
    if password is None:  # a signal is about to end the command
        raise click.Abort
    return password
