"""TLS on an accepted socket: bytes that are offered are encrypted and written at once, without a task.

All state of TLS changes in sync methods, between which other tasks run; the async ones wait for the socket. What is
encrypted has to be sent whole and in its order: it stays here until the socket has it, and a connection on which it
can't be sent is only to be closed.
"""

import errno
import os
import ssl
from collections.abc import Callable

import trio

RECORD = 16_384
"""Bytes of a TLS record at most, before it is encrypted."""

_PART = 4 * RECORD
"""Bytes that are encrypted at once: more would wait for the socket a second time, encrypted."""

_READ = 16_384
"""Bytes that are read from the socket at once."""

_MOST_REPLIES = 65_536
"""Bytes that TLS itself may have to say while nothing can be sent; a client that makes it say more is cut."""


class TlsStream(trio.abc.HalfCloseableStream):
    """The server's end of a TLS connection. One task reads and one writes.

    Closing says no goodbye, and none is expected, as HTTP has it.
    """

    __slots__ = (
        "_covered",
        "_has_ended",
        "_incoming",
        "_inner",
        "_outgoing",
        "_tls",
        "_unsent",
        "progressed",
        "socket",
    )

    def __init__(self, inner: trio.SocketStream, context: ssl.SSLContext) -> None:
        self._inner = inner
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._unsent = b""  # encrypted; the socket has not taken it
        self._covered = 0  # bytes of what is to be sent next that are in it
        self._has_ended = False  # whether nothing more comes, but for what is here
        self.socket = inner.socket
        self.progressed: Callable[[], None] = _nobody_listens
        """Called after each send that the socket took, a part or all. Sync, must not raise; may be replaced."""

    async def do_handshake(self) -> None:
        """Shake hands. Raises BrokenResourceError or ClosedResourceError. Cancelling: only closing is right."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._take_in()
            except ssl.SSLError as error:
                self._collect()
                await self._flush()  # it has said why
                raise trio.BrokenResourceError("no TLS handshake") from error
            else:
                return await self._flush()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Receive what arrived, b"" at the end. Raises BrokenResourceError or ClosedResourceError.

        Cancelling: nothing is lost.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        has_waited = False
        while True:
            # Where nothing is left, to be told so by an exception takes longer than to ask.
            data = None if self._is_empty else self._decrypt(_READ if max_bytes is None else max_bytes)
            if data is not None:
                break
            await self._take_in()
            has_waited = True
        if not has_waited:
            await trio.lowlevel.cancel_shielded_checkpoint()
        return data

    def write_now(self, data: bytes) -> int:
        """Encrypt and write until the socket takes no more; return how many bytes of `data` it has taken.

        Of the rest, a part may be encrypted: it has to be what send_some() sends next. Raises OSError. Sync.
        """
        if self._covered:
            raise OSError(errno.EPIPE, "what was begun was not sent")
        taken = 0
        while taken < len(data):
            size = self._encrypt(data[taken:] if taken else data)
            if not self._write():
                self._covered = size
                break
            taken += size
        return taken

    async def send_some(self, data: bytes | bytearray | memoryview) -> int:
        """Send a part of `data`, and return how many bytes that is. Raises BrokenResourceError or ClosedResourceError.

        Cancelling: send the same again, or close.
        """
        if not self._covered:
            try:
                self._covered = self._encrypt(data)
            except ssl.SSLError as error:
                raise trio.BrokenResourceError("TLS was broken") from error
        await self._flush()
        sent, self._covered = self._covered, 0
        return sent

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of `data`. Raises BrokenResourceError or ClosedResourceError.

        Cancelling: an unknown part of it was sent, and only closing is right.
        """
        with memoryview(data) as rest:
            if not rest:
                await trio.lowlevel.checkpoint()
            sent = 0
            while sent < len(rest):
                with rest[sent:] as part:
                    sent += await self.send_some(part)

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until a send might not block. Cancelling is safe."""
        await self._inner.wait_send_all_might_not_block()

    async def send_eof(self) -> None:
        """Tell the peer that nothing more comes, without a TLS goodbye. Cancelling: it is told all the same."""
        await self._inner.send_eof()

    async def aclose(self) -> None:
        """Close at once. Cancelling: it is closed all the same."""
        await self._inner.aclose()

    @property
    def _is_empty(self) -> bool:
        return not (self._incoming.pending or self._tls.pending() or self._has_ended)

    def _decrypt(self, max_bytes: int) -> bytes | None:
        """Return what came, b"" at the end, or None where there is nothing yet. Raises BrokenResourceError."""
        try:
            data = self._tls.read(max_bytes)
        except ssl.SSLWantReadError:
            self._reply()
            return None
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            data = b""
        except ssl.SSLError as error:
            self._reply()
            raise trio.BrokenResourceError("TLS was broken") from error
        if not data:
            self._has_ended = True
        return data

    def _encrypt(self, data: bytes | bytearray | memoryview) -> int:
        """Encrypt up to _PART bytes behind what is not sent, and return how many those are."""
        size = min(len(data), _PART)
        if len(data) <= RECORD:
            self._tls.write(data)
            self._collect()
        else:
            with memoryview(data) as whole:
                for begin in range(0, size, RECORD):
                    with whole[begin : min(begin + RECORD, size)] as record:
                        self._tls.write(record)
                    self._collect()
        return size

    def _collect(self) -> None:
        """Take what TLS has to say, record by record: a buffer of OpenSSL's keeps the size that it once had."""
        said = self._outgoing.read()
        self._unsent = self._unsent + said if self._unsent else said

    def _write(self) -> bool:
        """Write what is not sent; return whether the socket took all. Not while a task sends. Raises OSError."""
        try:
            taken = os.write(self.socket.fileno(), self._unsent)
        except BlockingIOError:
            return False
        if taken == len(self._unsent):
            self._unsent = b""
            return True
        self._unsent = self._unsent[taken:]
        return False

    def _reply(self) -> None:
        """Say what the protocol has to answer to what came; where the socket is full, before what is sent next."""
        if not self._outgoing.pending:
            return
        is_free = not self._unsent
        self._collect()
        if len(self._unsent) > _PART + _MOST_REPLIES:
            raise trio.BrokenResourceError("TLS has to answer too much")
        if is_free:
            try:
                self._write()
            except OSError as error:
                raise trio.BrokenResourceError(f"socket connection broken: {error}") from error

    async def _flush(self) -> None:
        """Send what is encrypted. Cancelling: what the socket did not take stays."""
        self._collect()
        if not self._unsent:
            return await trio.lowlevel.checkpoint()
        while self._unsent:
            try:
                taken = await self.socket.send(self._unsent)
            except OSError as error:
                raise _of(error) from error
            # It may be longer by now, at its end.
            self._unsent = self._unsent[taken:]
            self.progressed()
        return None

    async def _take_in(self) -> None:
        """Take what arrives from the socket, once something does. Cancelling: nothing is lost."""
        while True:
            try:
                await trio.lowlevel.wait_readable(self.socket)
                data = os.read(self.socket.fileno(), _READ)
            except BlockingIOError:
                continue
            except (OSError, ValueError) as error:  # ValueError: of a socket that was closed before
                raise _of(error) from error
            if data:
                self._incoming.write(data)
            else:
                self._incoming.write_eof()
                self._has_ended = True
            return


def _of(error: OSError | ValueError) -> Exception:
    if isinstance(error, ValueError) or error.errno == errno.EBADF:
        return trio.ClosedResourceError("this socket was already closed")
    return trio.BrokenResourceError(f"socket connection broken: {error}")


def _nobody_listens() -> None:
    """Until somebody does."""
