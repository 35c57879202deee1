"""A command in a pseudo-terminal, and the contents of its screen."""

import codecs
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

import pyte

PATIENCE = 60
"""Seconds for a screen to show something; far more than it takes, also on a busy machine."""

_OWN_THE_TERMINAL = (
    "import os, sys; os.close(os.open(os.ttyname(0), os.O_RDWR)); os.execv(sys.argv[1], sys.argv[1:])"
)
"""A session leader that opens a terminal controls it, and gets a signal when its size changes."""


class Terminal:
    """The screen and the keyboard of a command."""

    def __init__(self, master: int, process: "subprocess.Popen[bytes]", width: int, height: int) -> None:
        self.process = process
        self.written = b""
        """All that it wrote, escape sequences too."""
        self._master = master
        self._screen = pyte.Screen(width, height)
        self._screen.write_process_input = self.type
        self._stream = pyte.Stream(self._screen)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    @property
    def lines(self) -> list[str]:
        """Its lines as they are now; a wide character is in the first of its two columns."""
        rows = range(self._screen.lines)
        return [
            "".join(self._screen.buffer[row][column].data for column in range(self._screen.columns)).rstrip()
            for row in rows
        ]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def cursor(self) -> tuple[int, int]:
        """Its column and row."""
        return self._screen.cursor.x, self._screen.cursor.y

    @property
    def shows_typing(self) -> bool:
        """Whether input is echoed."""
        return bool(termios.tcgetattr(self._master)[3] & termios.ECHO)

    def colours_of(self, text: str) -> tuple[str, str]:
        """The foreground and background of the first place that shows this."""
        row, line = next((n, line) for n, line in enumerate(self.lines) if text in line)
        cell = self._screen.buffer[row][line.index(text)]
        return cell.fg, cell.bg

    def type(self, keys: str) -> None:
        """Press keys, which are written as a terminal sends them."""
        os.write(self._master, keys.encode())

    def forget(self) -> None:
        """Show nothing, until more is written: a full screen that was left is gone."""
        self._screen.reset()

    def resize(self, width: int, height: int) -> None:
        self._screen.resize(height, width)
        set_size(self._master, width, height)

    def wait(self, what: str | Callable[[], bool]) -> None:
        """Wait until a text is shown, or something is true of the screen."""
        shows = (lambda: what in self.text) if isinstance(what, str) else what
        overdue = time.monotonic() + PATIENCE
        while not shows():
            left = overdue - time.monotonic()
            if not self._read(left):
                raise AssertionError(f"it never showed {what!r}, but:\n{self.text}")

    def wait_for_end(self) -> int:
        """Wait until the command has ended; return its status."""
        overdue = time.monotonic() + PATIENCE
        while self._read(overdue - time.monotonic()):
            pass
        return self.process.wait(PATIENCE)

    def _read(self, seconds: float) -> bool:
        """Process its next output; return False if it has ended or is late."""
        if not select.select([self._master], [], [], max(seconds, 0))[0]:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # EIO: the other side is closed
            return False
        self.written += data
        self._stream.feed(self._decoder.decode(data))
        return bool(data)


def set_size(terminal: int, width: int, height: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))


@contextmanager
def in_terminal(*command: str, width: int = 80, height: int = 24, **environment: str) -> Generator[Terminal]:
    """Run a command in a terminal of its own; it is gone after the block."""
    master, slave = pty.openpty()
    set_size(slave, width, height)
    others = ("NO_COLOR", "CHAT_TOKEN", "COLUMNS", "LINES")  # the last two are of pytest's own terminal
    ours = {name: value for name, value in os.environ.items() if name not in others}
    process = subprocess.Popen(
        [sys.executable, "-c", _OWN_THE_TERMINAL, *command],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        env={**ours, "TERM": "xterm-256color", **environment},
    )
    os.close(slave)
    try:
        yield Terminal(master, process, width, height)
    finally:
        process.kill()
        process.wait(PATIENCE)
        os.close(master)
