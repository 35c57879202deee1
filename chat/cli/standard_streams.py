"""Makes the standard streams of a command usable, and reports write errors in one line."""

import io
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click


@contextmanager
def standard_streams() -> Iterator[None]:
    """Run a command in the block. If its output cannot be written, print one line to stderr and exit with status 1.

    If the reader of a pipe has ended, click ends the command silently.
    """
    _open_closed_ones()
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        # As for stderr: a name may have letters that the locale's encoding lacks.
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


def echo_if_possible(text: str) -> None:
    """Print a line, ignoring errors: a caller that needs only the exit status may have closed stdout."""
    try:
        click.echo(text)
    except OSError:
        _mute_stdout()


def _mute_stdout() -> None:
    """Redirect stdout to /dev/null: flushing its buffer at exit would fail again. Sync."""
    with suppress(OSError, ValueError):  # stdout may have no descriptor
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)


def _open_closed_ones() -> None:
    """Open closed standard streams: otherwise the next file or socket gets the descriptor and the output."""
    for number, mode in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            # open() takes the lowest free descriptor, which is this one.
            os.set_inheritable(os.open(os.devnull, mode), True)
    # Writing to this stdout fails, so the user learns that it is closed. Logs and errors are dropped silently.
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115 - it stays open
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115


def _was_printing(error: OSError) -> bool:
    return any(frame.f_code is click.echo.__code__ for frame, _ in traceback.walk_tb(error.__traceback__))
