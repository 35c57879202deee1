"""A network in memory: streams with delay, short writes, small buffers, resets, and peers that vanish.

A link is two wires. What is written to a wire arrives later, in order; a full wire takes no more; a vanished
peer neither reads nor says goodbye. Every number is drawn from the world's chance.
"""

import errno
import math
import random
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import msgspec
import trio

from chat.gateway.binding import Bound
from chat.settings.listen import Listen

FIRST_DESCRIPTOR = 1_000_000
"""Descriptors from here on are ours: no process has so many open files."""

FIRST_PORT = 9000
FIRST_IRC_PORT = 9100
"""The port of the first server; each has its own."""

_GRAIN = 0.02
"""Seconds: bytes arrive at multiples of it, so that much happens in one moment, in whichever order."""


class Weather(msgspec.Struct, frozen=True):
    """What a link is like. `delay` and `jitter` are seconds, `capacity` bytes that fit between the two ends."""

    delay: float = 0.02
    jitter: float = 0.02
    capacity: int = 65_536
    short_writes: float = 0.0  # the share of writes of which only a part is taken
    most: int = 65_536  # bytes that one read returns


class Wire:
    """One direction of a link."""

    def __init__(self, chance: random.Random, weather: Weather) -> None:
        self._chance = chance
        self._weather = weather
        self._chunks: deque[tuple[float, bytes]] = deque()  # each with when it arrives
        self._size = 0
        self._latest = 0.0  # nothing overtakes
        self._fin: float | None = None
        self._torn = False
        self._reader_gone = False
        self._writer_gone = False
        self._held = False  # a partition: nothing arrives until it is over
        self._reading = False
        self._readable = trio.Event()  # set, and made anew, when a reader has to look again
        self._writable = trio.Event()  # the same for a writer

    def _wake(self) -> None:
        self._wake_reader()
        self._wake_writer()

    def _wake_reader(self) -> None:
        self._readable.set()
        self._readable = trio.Event()

    def _wake_writer(self) -> None:
        self._writable.set()
        self._writable = trio.Event()

    def put(self, data: bytes | bytearray | memoryview) -> int:
        """Take a part of `data`, at least a byte. Raises BlockingIOError where the wire is full, or OSError."""
        if self._torn or self._writer_gone:
            raise OSError(errno.EPIPE, "broken pipe")
        if self._reader_gone and not self._held:
            return len(data)  # it takes a round trip to hear that nobody reads
        room = min(self._weather.capacity - self._size, len(data))
        if room <= 0:
            raise BlockingIOError
        if room > 1 and self._chance.random() < self._weather.short_writes:
            room = self._chance.randrange(1, room)
        if not self._chunks:
            self._wake_reader()
        self._chunks.append((self._arrival(), bytes(data[:room])))
        self._size += room
        return room

    def _arrival(self) -> float:
        delay = self._weather.delay + self._chance.random() * self._weather.jitter
        self._latest = max(self._latest, math.ceil((trio.current_time() + delay) / _GRAIN) * _GRAIN)
        return self._latest

    async def send(self, data: bytes | bytearray | memoryview) -> int:
        """As put(), but wait while the wire is full."""
        await trio.lowlevel.checkpoint()
        while True:
            try:
                return self.put(data)
            except BlockingIOError:
                await self._writable.wait()
            if self._writer_gone:
                raise trio.ClosedResourceError

    async def receive(self, most: int | None) -> bytes:
        """Return what has arrived, at least a byte; nothing once the writer has ended."""
        await self.wait_readable()
        try:
            return self.take(most)
        except ConnectionResetError as error:
            raise trio.BrokenResourceError from error

    def take(self, most: int | None) -> bytes:
        """As receive(), at once. Raises OSError, BlockingIOError where nothing has arrived."""
        if self._torn:
            raise ConnectionResetError
        if self._chunks and self._arrived(self._chunks[0][0]):
            return self._take(min(most or math.inf, self._weather.most))
        if not self._chunks and self._fin is not None and self._arrived(self._fin):
            return b""
        raise BlockingIOError

    async def wait_readable(self) -> None:
        """Wait until take() has something to say. Raises trio.ClosedResourceError."""
        await trio.lowlevel.checkpoint()
        if self._reading:
            raise trio.BusyResourceError
        self._reading = True
        try:
            while True:
                if self._reader_gone:
                    raise trio.ClosedResourceError
                next_at = self._chunks[0][0] if self._chunks else self._fin
                if self._torn or (next_at is not None and self._arrived(next_at)):
                    return
                waiting = self._readable.wait()
                if self._held or next_at is None:
                    await waiting
                else:
                    with trio.move_on_at(next_at):
                        await waiting
        finally:
            self._reading = False

    def _arrived(self, at: float) -> bool:
        return not self._held and at <= trio.current_time()

    def _take(self, most: float) -> bytes:
        at, chunk = self._chunks.popleft()
        if len(chunk) > most:
            self._chunks.appendleft((at, chunk[int(most) :]))
            chunk = chunk[: int(most)]
        self._size -= len(chunk)
        self._wake_writer()
        return chunk

    def hold(self, held: bool) -> None:
        """Begin or end a partition."""
        self._held = held
        self._wake()

    def finish(self) -> None:
        """The writer sends no more; what is under way still arrives."""
        if self._fin is None:
            self._fin = self._arrival()
            self._writer_gone = True
            self._wake()

    def stop_reading(self) -> None:
        """The reader is gone: what comes from now on is lost."""
        self._reader_gone = True
        self._wake()

    def tear(self) -> None:
        """Both ends learn at once that the link is broken; what was under way is lost."""
        self._torn = True
        self._chunks.clear()
        self._wake()


class Socket:
    """One end of a link, as the gateway looks at a socket."""

    def __init__(
        self, network: "Network", inward: Wire, outward: Wire, peer: tuple[str, int], number: int
    ) -> None:
        self._network = network
        self.inward = inward
        self.outward = outward
        self._peer = peer
        self._number = number
        self._open = True

    def __hash__(self) -> int:
        return self._number

    def __eq__(self, other: object) -> bool:
        return self is other

    def fileno(self) -> int:
        return self._number if self._open else -1

    def getpeername(self) -> tuple[str, int]:
        if not self._open:
            raise OSError(errno.EBADF, "bad file descriptor")
        return self._peer

    def getsockname(self) -> tuple[str, int]:
        return ("127.0.0.1", 9000)

    def setsockopt(self, level: int, option: int, value: int) -> None:
        """Nothing here waits that an option would hurry."""
        if not self._open:
            raise OSError(errno.EBADF, "bad file descriptor")

    async def send(self, data: bytes) -> int:
        if not self._open:
            await trio.lowlevel.checkpoint()
            raise OSError(errno.EBADF, "bad file descriptor")
        return await self.outward.send(data)

    async def recv(self, most: int) -> bytes:
        return await self.inward.receive(most)

    def close(self) -> None:
        if self._open:
            self._open = False
            self._network.closed(self._number)
            self.outward.finish()
            self.inward.stop_reading()


class Link(trio.abc.HalfCloseableStream):
    """One end of a link, as Trio's SocketStream."""

    def __init__(self, socket: Socket) -> None:
        self.socket = socket

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[await self.socket.send(rest) :]
            except OSError as error:
                if error.errno == errno.EBADF:
                    raise trio.ClosedResourceError from error
                raise trio.BrokenResourceError from error

    async def wait_send_all_might_not_block(self) -> None:
        await trio.lowlevel.checkpoint()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        return await self.socket.recv(max_bytes or 65_536)

    async def send_eof(self) -> None:
        await trio.lowlevel.checkpoint()
        self.socket.outward.finish()

    async def aclose(self) -> None:
        self.socket.close()
        await trio.lowlevel.checkpoint()

    def reset(self) -> None:
        """Break both wires at once, as a reset does."""
        self.socket.inward.tear()
        self.socket.outward.tear()

    def vanish(self) -> None:
        """Be gone without a word: nothing arrives in either direction, ever, and who vanished stops at once."""
        self.hold(True)
        self.socket.inward.stop_reading()

    def hold(self, held: bool) -> None:
        """Begin or end a partition between the two ends."""
        self.socket.inward.hold(held)
        self.socket.outward.hold(held)


class _ListeningSocket(NamedTuple):
    close: Callable[[], None]

    def getsockname(self) -> tuple[str, int]:
        return ("127.0.0.1", 9000)


class Listener:
    """What the gateway accepts from."""

    def __init__(self) -> None:
        self._to_accept, self._arriving = trio.open_memory_channel[Link](math.inf)
        self.socket = _ListeningSocket(self.close)
        self.is_open = True

    def arrive(self, link: Link) -> None:
        self._to_accept.send_nowait(link)

    async def accept(self) -> Link:
        try:
            return await self._arriving.receive()
        except (trio.EndOfChannel, trio.ClosedResourceError):
            raise trio.ClosedResourceError from None

    def close(self) -> None:
        if self.is_open:
            self.is_open = False
            while True:  # whoever waits to be accepted is reset, as the system does
                try:
                    link = self._arriving.receive_nowait()
                    link.reset()
                    link.socket.close()
                except (trio.WouldBlock, trio.EndOfChannel, trio.ClosedResourceError):
                    break
            self._to_accept.close()


_MOST_SERVERS = 100


class Network:
    """All links of a world, and the listeners that they lead to: one for each server, known by its port."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._next = FIRST_DESCRIPTOR
        self._open: dict[int, Socket] = {}  # the servers' ends
        self._ports: dict[int, int] = {}  # of the server that has it, for each of these
        self._listeners: dict[int, Listener] = {}

    async def bind(self, listen: Listen) -> Bound:
        """Stand for `chat.gateway.binding.bind`."""
        await trio.lowlevel.checkpoint()
        self._listeners[listen.port] = Listener()
        return Bound(listen, listen.port, (self._listeners[listen.port],))  # type: ignore[arg-type]

    def write(self, descriptor: int, data: bytes) -> int:
        """Stand for `os.write`."""
        socket = self._open.get(descriptor)
        if socket is None:
            raise OSError(errno.EBADF, "bad file descriptor")
        return socket.outward.put(data)

    def read(self, descriptor: int, most: int) -> bytes:
        """Stand for `os.read`."""
        socket = self._open.get(descriptor)
        if socket is None:
            raise OSError(errno.EBADF, "bad file descriptor")
        return socket.inward.take(most)

    def closed(self, number: int) -> None:
        """A socket is closed; its number is not used again."""
        self._open.pop(number, None)

    def open_sockets(self, port: int) -> int:
        """Return how many connections the server at `port` has not closed."""
        return sum(self._ports[number] == port for number in self._open)

    async def dial(
        self, address: str, weather: Weather, *, server: int | None = None, first_port: int = FIRST_PORT
    ) -> Link:
        """Connect to one of the servers, or the one that is meant. Raises OSError where none listens.

        The servers have ports from `first_port` on.
        """
        await trio.sleep(weather.delay)
        listening = [
            port
            for port, listener in sorted(self._listeners.items())
            if listener.is_open
            and first_port <= port < first_port + _MOST_SERVERS
            and server in (None, port - first_port)
        ]
        if not listening:
            raise ConnectionRefusedError
        port = self._chance.choice(listening) if len(self._listeners) > 1 else listening[0]
        to_server, to_client = Wire(self._chance, weather), Wire(self._chance, weather)
        self._next += 1
        accepted = Socket(self, to_server, to_client, (address, self._next % 50_000), self._next)
        self._open[self._next] = accepted
        self._ports[self._next] = port
        mine = Socket(self, to_client, to_server, ("127.0.0.1", 9000), 0)
        self._listeners[port].arrive(Link(accepted))
        return Link(mine)

    def lose_all(self, port: int) -> None:
        """Reset every connection of the server at `port` and listen there no more: its process is gone."""
        if port in self._listeners:
            self._listeners[port].close()
        for number, socket in tuple(self._open.items()):
            if self._ports[number] == port:
                Link(socket).reset()
