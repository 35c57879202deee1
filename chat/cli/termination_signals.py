"""Restore the terminal before a signal ends the command."""

import os
import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

ENDING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name)]
"""The signals that end a command. Windows has one of these."""


class _Signalled(BaseException):
    """A signal arrived that ends the command."""


@contextmanager
def leave_on_signals() -> Generator[None]:
    """Leave the block on a signal that ends commands, then let the signal end this one.

    The parent process sees the signal as the cause. An ignored signal, as SIGHUP under `nohup`, stays ignored. Only in
    the main thread.
    """
    received: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        if len(received) == 1:  # a second one may come while the block ends
            raise _Signalled

    handled = [number for number in ENDING if signal.getsignal(number) is signal.SIG_DFL]
    try:
        for number in handled:
            signal.signal(number, end)
        yield
    except _Signalled:
        pass
    finally:
        for number in handled:
            signal.signal(number, signal.SIG_DFL)
    for number in received[:1]:
        os.kill(os.getpid(), number)
