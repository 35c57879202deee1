"""The standard streams of a command: none is closed, all texts can be written, and what can't is one line on stderr."""

import io
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click


@contextmanager
def standard_streams() -> Iterator[None]:
    """Run a command in the block: where what it prints can't be written, it ends with status 1 and says so in a line.

    Where the reader of a pipe has gone, nobody wants to hear of it, and click ends the command without a word.
    """
    _open_closed_ones()
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        # As stderr: a name may have letters that a locale has not.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        yield
    except OSError as error:
        if not _was_printing(error):
            raise
        _mute_stdout()
        with suppress(OSError):
            click.echo(f"chat: stdout can't be written: {error.strerror or error}", err=True)
        sys.exit(1)


def say_if_heard(text: str) -> None:
    """Print a line that nobody has to read: who asks for the status alone, or lets a server run, may have no stdout."""
    try:
        click.echo(text)
    except OSError:
        _mute_stdout()


def _mute_stdout() -> None:
    """Write to nobody from now on, also what is still in the buffer, which would fail again at the end. Sync."""
    with suppress(OSError, ValueError):  # without a descriptor there is nothing to keep quiet
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)


def _open_closed_ones() -> None:
    """Give closed standard streams a descriptor: else the next file or socket has it, and is printed into."""
    for number, mode in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            # What is opened takes the lowest number, which is this one.
            os.set_inheritable(os.open(os.devnull, mode), True)
    # Nothing can be written to this one: who closed it is told that it is missed. Logs and errors are not.
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115 - it stays open
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115


def _was_printing(error: OSError) -> bool:
    return any(frame.f_code is click.echo.__code__ for frame, _ in traceback.walk_tb(error.__traceback__))
