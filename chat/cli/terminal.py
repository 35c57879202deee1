"""What SIGHUP means: the terminal that the server was started from has closed, or somebody asks for a reload."""

import os
import signal


class Terminal:
    """The controlling terminal of this process, as it is when this is made; there may be none.

    Make it before a handler for SIGHUP is set: where the signal is ignored, as under `nohup`, no terminal counts.
    """

    def __init__(self) -> None:
        hangup = getattr(signal, "SIGHUP", None)  # Windows has none
        spared = hangup is not None and signal.getsignal(hangup) is signal.SIG_IGN
        self._had_one = _has_terminal() and not spared
        self._streams = [stream for stream in (0, 1, 2) if os.isatty(stream)]

    def has_closed(self) -> bool:
        """Whether there was one and it is gone. Sync.

        The system takes it from a process before it sends the SIGHUP that says so, and a SIGHUP that comes while it
        is there was sent by somebody.
        """
        return self._had_one and not _has_terminal()

    def leave(self) -> None:
        """Speak to nobody where the standard streams were the terminal's: it is gone, and writing to it fails. Sync."""
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
