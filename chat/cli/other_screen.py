"""The other screen of a terminal, on which a command draws: what was there before comes back, however it ends."""

import os
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import FrameType

from chat.cli.ending_signals import left_on_signals

_ENTER, _LEAVE = b"\x1b[?1049h\x1b[?25l", b"\x1b[?25h\x1b[?1049l"
"""With the cursor hidden there."""


@contextmanager
def other_screen() -> Generator[None]:
    """Be on the other screen for as long as the block lasts, but for the time that the command is suspended.

    A signal that ends commands leaves the block, as in `left_on_signals`. Only in the main thread.
    """
    with left_on_signals(), _left_while_suspended():
        try:
            _write(_ENTER)
            yield
        finally:
            _write(_LEAVE)


@contextmanager
def _left_while_suspended() -> Generator[None]:
    number = getattr(signal, "SIGTSTP", None)
    # There is none on Windows, and it is ignored without job control.
    if number is None or signal.getsignal(number) is not signal.SIG_DFL:
        yield
        return

    def suspend(number: int, _frame: FrameType | None) -> None:
        _write(_LEAVE)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)  # it goes on behind this line, with SIGCONT
        signal.signal(number, suspend)
        _write(_ENTER)

    signal.signal(number, suspend)
    try:
        yield
    finally:
        signal.signal(number, signal.SIG_DFL)


def _write(codes: bytes) -> None:
    with suppress(OSError):  # the terminal may be gone
        os.write(sys.stdout.fileno(), codes)  # past the buffer, which a signal may find half written
