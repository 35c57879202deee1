"""A pytest plugin: which signals a run and the processes that it starts receive.

What a test starts hears each signal, also where the run itself was started to ignore some: `nohup` and a shell's `&`
start a run with SIGHUP or SIGINT ignored, and a program inherits that. A handler is not inherited: the run still
ignores the signal, and what it starts does not.

SIGTERM ends a run as Ctrl-C does: its fixtures end what they started, and its files are removed.
"""

import os
import signal
from types import FrameType

import pytest

SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Hear SIGTERM; in the workers of pytest-xdist too, for who ends a whole group of processes."""
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        run = os.getpid()

        def interrupt(_number: int, frame: FrameType | None) -> None:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a second one ends it at once
            if os.getpid() != run:  # forked by a test
                signal.raise_signal(signal.SIGTERM)
            session.shouldstop = (
                "SIGTERM"  # where a test's nursery takes the interrupt for an error of its own
            )
            on_interrupt = signal.getsignal(signal.SIGINT)  # Trio's, while it runs
            if not callable(on_interrupt) or on_interrupt is _ignore:
                on_interrupt = signal.default_int_handler
            on_interrupt(signal.SIGINT, frame)

        signal.signal(signal.SIGTERM, interrupt)


@pytest.hookimpl
def pytest_collection_finish() -> None:
    """Where tests are run: not in the process that starts the workers of pytest-xdist, which are to ignore them too."""
    for number in SIGNALS:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, _ignore)


def _ignore(_number: int, _frame: FrameType | None) -> None:
    pass
