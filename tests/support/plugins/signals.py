"""A pytest plugin: what a test starts hears each signal, also where the run itself was started to ignore some.

`nohup` and a shell's `&` start a run with SIGHUP or SIGINT ignored, and a program inherits that. A handler is not
inherited: the run still ignores the signal, and what it starts does not.
"""

import signal

import pytest

SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)


@pytest.hookimpl
def pytest_collection_finish() -> None:
    """Where tests are run: not in the process that starts the workers of pytest-xdist, which are to ignore them too."""
    for number in SIGNALS:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda _number, _frame: None)
