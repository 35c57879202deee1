"""A thousand WebSocket clients in one thread, in bytes and epoll, so that the clients' cost is small."""

import json
import select
import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from tests.support.arrivals import receive_stamped, stamp_arrivals
from tests.support.frames import CLOSE, PING, PONG, TEXT, client_frame, frame_bounds
from tests.support.raw_client import opening

AT_ONCE = 200
"""Connections that are being made at one time: fewer than any system lets wait."""


class Peer:
    """One client. `heard` counts its text frames; `closed_with` is the code of the server's close frame."""

    def __init__(self, sock: socket.socket, sample: bool) -> None:
        self.sock = sock
        self.sample = sample
        self.begun = time.monotonic()
        self.open_after: float | None = None  # seconds until the first text frame, or the handshake, came
        self.ended_at: float | None = None  # monotonic seconds
        self.closed_with: int | None = None
        self.received = 0
        self.shaken = False
        self.buffer = b""


class Crowd:
    """Clients of the server at `url`. Nothing happens but in `pump`.

    Every text frame whose message begins with a number is taken for the time (wall clock, s) at which it was sent: what
    it took until the kernel had it for those who are sampled, one in ten, is added to `latencies`.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self._server = (parts.hostname, parts.port)
        self._epoll = select.epoll()
        self._by_fd: dict[int, Peer] = {}
        self.peers: list[Peer] = []
        self.latencies: list[float] = []

    def __enter__(self) -> "Crowd":
        return self

    def __exit__(self, *_exception: object) -> None:
        for peer in self.peers:
            peer.sock.close()
        self._epoll.close()

    def join(
        self, count: int, path: str, *, greeted: bool, receive_buffer: int | None = None, patience: float = 60
    ) -> list[Peer]:
        """Connect; each is in when it is `greeted` by a frame, or when its handshake is done."""
        came: list[Peer] = []
        deadline = time.monotonic() + patience
        while sum(peer.open_after is not None for peer in came) < count:
            assert time.monotonic() < deadline, "not everybody got in"
            waiting = sum(peer.open_after is None for peer in came)
            room = min(AT_ONCE - waiting, count - len(came))
            came += [self._connect(path, greeted, receive_buffer) for _ in range(room)]
            self._turn(0.01)
        return came

    def pump(self, seconds: float, every: float = 0.0, do: Callable[[], None] | None = None) -> None:
        """Read for so long, and `do` something every so many seconds."""
        now = time.monotonic()
        end = due = now
        end += seconds
        while (now := time.monotonic()) < end:
            if do is not None and now >= due:
                due += every
                do()
            self._turn(0.002)

    def stop_reading(self, peer: Peer) -> None:
        self._epoll.unregister(peer.sock.fileno())

    def _connect(self, path: str, greeted: bool, receive_buffer: int | None) -> Peer:
        number = len(self.peers)
        sock = socket.socket()
        if receive_buffer is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        stamp_arrivals(sock)
        sock.bind((f"127.0.{number // 200 % 200}.{number % 200 + 1}", 0))
        sock.connect(self._server)
        sock.send(opening(path))
        sock.setblocking(False)
        peer = Peer(sock, number % 10 == 0)
        peer.received = -1 if greeted else 0
        self._epoll.register(sock.fileno(), select.EPOLLIN)
        self._by_fd[sock.fileno()] = peer
        self.peers.append(peer)
        return peer

    def _turn(self, wait: float) -> None:
        for fd, _ in self._epoll.poll(wait):
            peer = self._by_fd[fd]
            arrived = 0.0
            try:
                if peer.sample:
                    data, arrived = receive_stamped(peer.sock, 16_384)
                else:
                    data = peer.sock.recv(16_384)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if not data:
                self._epoll.unregister(fd)
                peer.ended_at = time.monotonic()
                continue
            self._read(peer, peer.buffer + data if peer.buffer else data, arrived)

    def _read(self, peer: Peer, data: bytes, arrived: float) -> None:
        if not peer.shaken:
            head, found, rest = data.partition(b"\r\n\r\n")
            if not found:
                peer.buffer = data
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            peer.shaken, data = True, rest
            if peer.received == 0:
                peer.open_after = time.monotonic() - peer.begun
        at = 0
        while (bounds := frame_bounds(data, at)) is not None:
            start, end = bounds
            opcode = data[at] & 0x0F
            if opcode == TEXT and not peer.sample and peer.open_after is not None:
                peer.received += 1
            else:
                self._take(peer, opcode, data[start:end], arrived)
            at = end
        peer.buffer = data[at:]

    def _take(self, peer: Peer, opcode: int, payload: bytes, arrived: float) -> None:
        if opcode == TEXT:
            peer.received += 1
            if peer.open_after is None:
                peer.open_after = time.monotonic() - peer.begun
            elif peer.sample:
                text = json.loads(payload)["message"].partition(" ")[0]
                if text.replace(".", "").isdecimal():
                    self.latencies.append(arrived - float(text))
        elif opcode == PING:
            peer.sock.send(client_frame(PONG, payload))
        elif opcode == CLOSE:
            peer.closed_with = int.from_bytes(payload[:2])
            peer.sock.send(client_frame(CLOSE, payload[:2]))
