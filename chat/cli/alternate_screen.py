"""The alternate screen of a terminal: however the command ends, the content from before comes back."""

import os
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import FrameType

from chat.cli.termination_signals import leave_on_signals

_ENTER, _LEAVE = b"\x1b[?1049h\x1b[?25l", b"\x1b[?25h\x1b[?1049l"
"""With a hidden cursor."""


@contextmanager
def alternate_screen() -> Generator[None]:
    """Switch to the alternate screen as long as the block lasts, except while the command is suspended.

    A signal that ends commands leaves the block, as in `leave_on_signals`. Only in the main thread.
    """
    with leave_on_signals(), _left_while_suspended():
        try:
            _write(_ENTER)
            yield
        finally:
            _write(_LEAVE)


@contextmanager
def _left_while_suspended() -> Generator[None]:
    number = getattr(signal, "SIGTSTP", None)
    # Windows has no SIGTSTP; without job control it is ignored.
    if number is None or signal.getsignal(number) is not signal.SIG_DFL:
        yield
        return

    def suspend(number: int, _frame: FrameType | None) -> None:
        _write(_LEAVE)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)  # SIGCONT continues after this line
        signal.signal(number, suspend)
        _write(_ENTER)

    signal.signal(number, suspend)
    try:
        yield
    finally:
        signal.signal(number, signal.SIG_DFL)


def _write(codes: bytes) -> None:
    with suppress(OSError):  # the terminal may be gone
        os.write(sys.stdout.fileno(), codes)  # without the buffer: a signal may interrupt writing to it
