"""An IRC client for tests, written for them alone: it shares no code with the server."""

import socket
import ssl
from base64 import b64encode
from collections.abc import Callable
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tests.support.people import PATIENCE


class IrcClient:
    """A connection to the server at `url` (irc or ircs). Every wait ends after PATIENCE seconds with TimeoutError."""

    def __init__(
        self, url: str, tls: ssl.SSLContext | None = None, receive_buffer: int | None = None
    ) -> None:
        parts = urlsplit(url)
        self.socket = socket.socket()
        self.socket.settimeout(PATIENCE)
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect((parts.hostname, parts.port))
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname=parts.hostname)
        self._held = b""
        self.lines: list[str] = []
        """Every line that came, PINGs too."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.socket.close()

    def send(self, *lines: str) -> None:
        self.socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def line(self) -> str:
        """The next line; PINGs are answered and skipped. "": the server has closed."""
        while True:
            while b"\r\n" not in self._held:
                data = self.socket.recv(65_536)
                if not data:
                    return ""
                self._held += data
            raw, _, self._held = self._held.partition(b"\r\n")
            line = raw.decode()
            self.lines.append(line)
            if not line.startswith("PING "):
                return line
            self.send(f"PONG {line.removeprefix('PING ')}")

    def until(self, *words: str) -> str:
        """Read up to the first line that has all these words, and return it."""
        while line := self.line():
            if all(word in line for word in words):
                return line
        raise ConnectionError(f"the server closed before {words}")

    def rest(self) -> list[str]:
        """The lines up to the answer to a PING of ours: all that was sent before."""
        self.send("PING :up to here")
        found: list[str] = []
        while (line := self.line()) and not line.endswith(":up to here"):
            found.append(line)
        return found

    def log_in(self, name: str, password: str, caps: str = "sasl") -> "IrcClient":
        """Register with SASL PLAIN, and read up to the end of what that sends."""
        self.send("CAP LS 302", f"NICK {name.partition('@')[0].replace(' ', '|')}", "USER u 0 * :u")
        self.send(f"CAP REQ :{caps}", "AUTHENTICATE PLAIN")
        self.until("AUTHENTICATE +")
        for part in plain(name, password):
            self.send(f"AUTHENTICATE {part}")
        self.until(" 903 ")
        self.send("CAP END")
        self.until(" 422 ")
        return self

    def until_true(self, is_it: Callable[[str], bool]) -> str:
        """Read up to the first line of which that is true, and return it."""
        while line := self.line():
            if is_it(line):
                return line
        raise ConnectionError("the server closed before")


def plain(name: str, password: str) -> list[str]:
    """The parts of a message of SASL PLAIN."""
    written = b64encode(f"\0{name}\0{password}".encode()).decode()
    parts = [written[at : at + 400] for at in range(0, len(written), 400)]
    return [*parts, "+"] if len(parts[-1]) == 400 else parts
