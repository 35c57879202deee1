"""A password that is typed: it is not shown, and what is typed after it is, however the command ends."""

import click

from chat.cli.ending_signals import left_on_signals


def typed_password(*, is_new: bool) -> str:
    """Ask for a password on the terminal, and for a new one twice. Raises click.Abort."""
    password: str | None = None
    with left_on_signals():  # else the terminal goes on showing nothing
        password = click.prompt("Password", hide_input=True, confirmation_prompt=is_new)
    if password is None:  # the signal that ends this is under way
        raise click.Abort
    return password
