"""Tells the two meanings of SIGHUP apart: the terminal has closed, or a reload is requested."""

import os
import signal


class ControllingTerminal:
    """The controlling terminal of this process, if there is one at the time of construction.

    Construct it before setting a handler for SIGHUP: if the signal is ignored, as under `nohup`, the terminal does not
    count.
    """

    def __init__(self) -> None:
        hangup = getattr(signal, "SIGHUP", None)  # Windows has none
        spared = hangup is not None and signal.getsignal(hangup) is signal.SIG_IGN
        self._had_one = _has_terminal() and not spared
        self._streams = [stream for stream in (0, 1, 2) if os.isatty(stream)]

    def has_closed(self) -> bool:
        """Whether there was a terminal and it is gone. Sync.

        The system detaches the terminal before it sends SIGHUP. A SIGHUP while it is attached is a request to reload.
        """
        return self._had_one and not _has_terminal()

    def detach_streams(self) -> None:
        """Redirect standard streams that were the terminal to /dev/null: writing to it fails now. Sync."""
        null = os.open(os.devnull, os.O_RDWR)
        for stream in self._streams:
            os.dup2(null, stream)
        os.close(null)


def _has_terminal() -> bool:
    if not hasattr(os, "ctermid"):
        return False
    try:
        os.close(os.open(os.ctermid(), os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
