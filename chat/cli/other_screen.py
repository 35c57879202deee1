"""The other screen of a terminal, on which a command draws: what was there before comes back, however it ends."""

import os
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import FrameType

_ENTER, _LEAVE = b"\x1b[?1049h\x1b[?25l", b"\x1b[?25h\x1b[?1049l"
"""With the cursor hidden there."""

_ENDS = ("SIGTERM", "SIGHUP", "SIGQUIT")
_SUSPENDS = "SIGTSTP"
"""Of these Windows has one."""


class _Told(BaseException):
    """A signal says that it is over."""


@contextmanager
def other_screen() -> Generator[None]:
    """Be on the other screen for as long as the block lasts, but for the time that the command is suspended.

    A signal that ends commands leaves the block and then ends this one as if it had not been heeded, so that whoever
    waits for it sees which. One that is ignored, as SIGHUP under `nohup`, stays so. Only in the main thread.
    """
    told: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        told.append(number)
        raise _Told

    def suspend(number: int, _frame: FrameType | None) -> None:
        _write(_LEAVE)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)  # it goes on behind this line, with SIGCONT
        signal.signal(number, suspend)
        _write(_ENTER)

    handlers = {**dict.fromkeys(_ENDS, end), _SUSPENDS: suspend}
    heeded = {getattr(signal, name): handler for name, handler in handlers.items() if hasattr(signal, name)}
    heeded = {
        number: handler for number, handler in heeded.items() if signal.getsignal(number) is signal.SIG_DFL
    }
    try:
        for number, handler in heeded.items():
            signal.signal(number, handler)
        _write(_ENTER)
        yield
    except _Told:
        pass
    finally:
        _write(_LEAVE)
        for number in heeded:
            signal.signal(number, signal.SIG_DFL)
    for number in told:
        os.kill(os.getpid(), number)


def _write(codes: bytes) -> None:
    with suppress(OSError):  # the terminal may be gone
        os.write(sys.stdout.fileno(), codes)  # past the buffer, which a signal may find half written
