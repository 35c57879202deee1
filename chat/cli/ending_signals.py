"""Signals that end a command while the terminal is not as it was: it is put back first."""

import os
import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

_ENDS = ("SIGTERM", "SIGHUP", "SIGQUIT")
"""Of these Windows has one."""


class _Told(BaseException):
    """A signal says that it is over."""


@contextmanager
def left_on_signals() -> Generator[None]:
    """Leave the block on a signal that ends commands, and then end this one as if it had not been heeded.

    So whoever waits for it sees which it was. One that is ignored, as SIGHUP under `nohup`, stays so. Only in the main
    thread.
    """
    told: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        told.append(number)
        raise _Told

    numbers = [getattr(signal, name) for name in _ENDS if hasattr(signal, name)]
    heeded = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    try:
        for number in heeded:
            signal.signal(number, end)
        yield
    except _Told:
        pass
    finally:
        for number in heeded:
            signal.signal(number, signal.SIG_DFL)
    for number in told:
        os.kill(os.getpid(), number)
