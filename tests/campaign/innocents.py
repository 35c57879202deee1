"""Sixty people of every old protocol and of IRC who chat, in one thread; measures how long their messages take.

What is heard bears the time at which the kernel received it, so that this process may be late without being measured.
"""

import re
import select
import socket
import time
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from tests.support.arrivals import receive_stamped, stamp_arrivals
from tests.support.frames import CLOSE, PING, PONG, TEXT, Frame, client_frame, next_frame
from tests.support.people import request
from tests.support.raw_client import opening

EACH = 10
"""People of each protocol."""

EVERY = 2.0
"""Seconds between two messages of one of them."""

_SAID = re.compile(rb"@(\d+\.\d+)@")
"""When it was said (wall clock, s), in whatever dialect."""


class Account(NamedTuple):
    """Somebody who signed up, seen from the network address `address`."""

    id: int
    token: str
    address: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": self.token, "X-Forwarded-For": self.address}


def sign_up(url: str, name: str, address: str) -> Account:
    """Make an account; the server must trust us about the address."""
    body = {"email": f"{name}@example.com", "name": name, "password": "secret"}
    answer = request("POST", f"{url}/signup", body, headers={"X-Forwarded-For": address})
    assert answer.status_code == 201, answer.text
    return Account(answer.json()["id"], answer.json()["token"], address)


class Innocent:
    """One of them: a socket, and what it says, with `%s` where the time stands; `is_irc` in lines."""

    def __init__(self, sock: socket.socket, says: bytes | None, *, is_irc: bool = False) -> None:
        self.sock = sock
        self.says = says
        self.is_irc = is_irc
        self.shaken = is_irc
        self.buffer = b""
        self.due = 0.0


class Innocents:
    """Ten in Token Talker's lobby, ten in Instant Messenger's, ten in the room, nine who ask an operator, ten in pairs.

    And ten in IRC's lobby, where `irc` is the port.

    Nothing happens but in `chat`. Every message that is heard adds its seconds to `latencies`, the sender's own
    acknowledgement too, where its protocol has one.
    """

    def __init__(self, url: str, irc: int, people: list[Account], operator: Account) -> None:
        parts = urlsplit(url)
        self._server = parts.hostname, parts.port
        self._epoll = select.epoll()
        self._by_fd: dict[int, Innocent] = {}
        self.latencies: list[float] = []
        self.early = 0
        """How many of their messages arrived in the first second, while the others were being admitted."""
        self.cut = 0
        """How many were cut off so far."""
        talkers, messengers, roomers, askers, pairs, in_irc = (
            people[n : n + EACH] for n in range(0, 6 * EACH, EACH)
        )
        for number, each in enumerate(talkers):
            self._connect("/talker", each, {"name": f"innocent{number}", "message": "@%s@"})
        for number, each in enumerate(messengers, EACH):
            self._connect("/messenger", each, {"username": f"innocent{number}", "message": "@%s@"})
        for each in roomers:
            self._connect("/ws", each, {"Type": "message", "Text": "@%s@"}, {"Type": "enter", "RoomID": 1})
        self._connect("/support", operator, None)
        for each in askers[1:]:
            self._connect("/support", each, {"method": "message.send", "params": ["@%s@"], "id": 1})
        for number, each in enumerate(pairs):
            said = {"from": each.id, "to": pairs[number ^ 1].id, "content": "@%s@"}
            self._connect("/direct", each, said)
        for each in in_irc:
            self._connect_irc(irc, each)

    def __enter__(self) -> "Innocents":
        return self

    def __exit__(self, *_exception: object) -> None:
        for innocent in self._by_fd.values():
            innocent.sock.close()
        self._epoll.close()

    def __len__(self) -> int:
        return len(self._by_fd)

    def chat(self, seconds: float) -> list[float]:
        """Chat for so long, and return how long everything took that was heard meanwhile."""
        self.listen()  # what came while nobody looked says nothing about how long it took
        self.latencies, self.early = [], 0
        begin = time.monotonic()
        for number, innocent in enumerate(self._by_fd.values()):
            innocent.due = begin + EVERY * number / len(self._by_fd)
        while (now := time.monotonic()) < begin + seconds:
            for innocent in self._by_fd.values():
                if innocent.says is not None and now >= innocent.due:
                    innocent.due += EVERY
                    text = innocent.says.replace(b"%s", b"%.6f" % time.time())
                    self._send(innocent, text if innocent.is_irc else client_frame(TEXT, text))
            if now < begin + 1.0:
                self.early = len(self.latencies)
            soonest = min(each.due for each in self._by_fd.values() if each.says is not None)
            self._listen(soonest - time.monotonic())
        late = time.monotonic() + 2.0
        while time.monotonic() < late and self._listen(1.0):  # what was late is heard too
            pass
        return self.latencies

    def listen(self) -> None:
        """Read what is there, and answer its pings."""
        while self._listen(0.0):
            pass

    def _listen(self, seconds: float) -> bool:
        """Read what is there, or comes first; False where nothing came."""
        ready = self._epoll.poll(max(0.0, seconds))
        for fd, _ in ready:
            self._read(self._by_fd[fd])
        return bool(ready)

    def _connect_irc(self, port: int, person: Account) -> None:
        sock = socket.create_connection((self._server[0], port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stamp_arrivals(sock)
        sock.sendall(f"PASS {person.token}\r\nNICK x\r\nUSER u 0 * :u\r\n".encode())
        sock.setblocking(False)
        self._epoll.register(sock.fileno(), select.EPOLLIN)
        self._by_fd[sock.fileno()] = Innocent(sock, b"PRIVMSG #lobby :@%s@\r\n", is_irc=True)

    def _connect(self, path: str, person: Account, says: Any, *first: Any) -> None:
        sock = socket.create_connection(self._server)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stamp_arrivals(sock)
        sock.sendall(opening(f"{path}?token={person.token}", f"X-Forwarded-For: {person.address}"))
        for each in first:
            sock.sendall(client_frame(TEXT, msgspec.json.encode(each)))
        sock.setblocking(False)
        self._epoll.register(sock.fileno(), select.EPOLLIN)
        self._by_fd[sock.fileno()] = Innocent(sock, says and msgspec.json.encode(says))

    def _send(self, innocent: Innocent, data: bytes) -> None:
        try:
            innocent.sock.send(data)  # so little always fits
        except OSError:
            self._lose(innocent)

    def _lose(self, innocent: Innocent) -> None:
        if innocent.says is not None or innocent.shaken:
            self.cut += 1
        innocent.says, innocent.shaken = None, False
        # With an empty mask epoll would still report a reset, each time, and chat() would listen for ever.
        with suppress(FileNotFoundError):  # lost before
            self._epoll.unregister(innocent.sock.fileno())

    def _read(self, innocent: Innocent) -> None:
        try:
            data, now = receive_stamped(innocent.sock, 262_144)
        except BlockingIOError:
            return None
        except OSError:
            data, now = b"", 0.0
        if not data:
            return self._lose(innocent)
        data = innocent.buffer + data
        if innocent.is_irc:
            *lines, innocent.buffer = data.split(b"\r\n")
            for line in lines:
                self._take_line(innocent, line, now)
            return None
        if not innocent.shaken:
            head, found, data = data.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 101"), head
            assert found, "the head came in two pieces"
            innocent.shaken = True
        at = 0
        while (found := next_frame(data, at)) is not None:
            each, at = found
            self._take(innocent, each, now)
        innocent.buffer = data[at:]
        return None

    def _take_line(self, innocent: Innocent, line: bytes, now: float) -> None:
        if line.startswith(b"PING "):
            self._send(innocent, line.replace(b"PING", b"PONG", 1) + b"\r\n")
        elif b" PRIVMSG " in line and (said := _SAID.search(line)):
            self.latencies.append(now - float(said[1]))

    def _take(self, innocent: Innocent, taken: Frame, now: float) -> None:
        opcode, payload = taken
        if opcode == TEXT and len(payload) < 500 and (said := _SAID.search(payload)):
            self.latencies.append(now - float(said[1]))
        elif opcode == PING:
            self._send(innocent, client_frame(PONG, payload))
        elif opcode == CLOSE:
            self._lose(innocent)
