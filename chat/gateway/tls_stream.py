"""TLS on an accepted socket: encrypts and writes at once, without a task of its own.

Sync methods change the state of TLS; async methods only wait for the socket. Encrypted bytes must be sent completely
and in order, so they stay in a buffer until the socket has taken them. If they can't be sent, the connection can only
be closed.
"""

import errno
import os
import ssl
from collections.abc import Callable

import trio

RECORD = 16_384
"""The most bytes of plain text in one TLS record."""

_PART = 4 * RECORD
"""Bytes that are encrypted at once. More would only wait for the socket as a second, encrypted copy."""

_READ = 16_384
"""Bytes read from the socket at once."""

_MOST_REPLIES = 65_536
"""The most bytes of TLS's own replies that may wait for a full socket; a client that causes more is disconnected."""


class TlsStream(trio.abc.HalfCloseableStream):
    """The server's end of a TLS connection. At most one task reads and one writes.

    Closing sends no close_notify and expects none, as is usual for HTTP.
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
        self._unsent = b""  # encrypted bytes that the socket has not taken
        self._covered = 0  # how many bytes of the next send are already encrypted in _unsent
        self._has_ended = False  # the peer sends nothing more; received bytes may still wait to be read
        self.socket = inner.socket
        self.progressed: Callable[[], None] = _ignore_progress
        """Called after the socket has taken bytes. Sync, must not raise; may be replaced."""

    async def do_handshake(self) -> None:
        """Do the TLS handshake. Raises BrokenResourceError or ClosedResourceError. After cancelling, close."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._take_in()
            except ssl.SSLError as error:
                self._collect()
                await self._flush()  # send the TLS alert that names the reason
                raise trio.BrokenResourceError("the TLS handshake failed") from error
            else:
                return await self._flush()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Receive what arrived, b"" at the end. Raises BrokenResourceError or ClosedResourceError.

        Cancelling: nothing is lost.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        has_waited = False
        while True:
            # To check first is faster than to catch SSLWantReadError.
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

        A part of the rest may already be encrypted, so the rest must be sent next, by send_some(). Raises OSError.
        Sync.
        """
        if self._covered:
            raise OSError(errno.EPIPE, "the rest of the last write was not sent")
        taken = 0
        while taken < len(data):
            size = self._encrypt(data[taken:] if taken else data)
            if not self._write():
                self._covered = size
                break
            taken += size
        return taken

    async def send_some(self, data: bytes | bytearray | memoryview) -> int:
        """Send a part of `data` and return its size in bytes. Raises BrokenResourceError or ClosedResourceError.

        After cancelling, send the same data again, or close.
        """
        if not self._covered:
            try:
                self._covered = self._encrypt(data)
            except ssl.SSLError as error:
                raise trio.BrokenResourceError("the TLS connection failed") from error
        await self._flush()
        sent, self._covered = self._covered, 0
        return sent

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of `data`. Raises BrokenResourceError or ClosedResourceError.

        Cancelling may have sent any part of it; close then.
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
        """Half-close the socket, without a TLS close_notify. Cancelling does not prevent it."""
        await self._inner.send_eof()

    async def aclose(self) -> None:
        """Close at once. Cancelling does not prevent it."""
        await self._inner.aclose()

    @property
    def _is_empty(self) -> bool:
        return not (self._incoming.pending or self._tls.pending() or self._has_ended)

    def _decrypt(self, max_bytes: int) -> bytes | None:
        """Return received data, b"" at the end, or None if none has arrived yet. Raises BrokenResourceError."""
        try:
            data = self._tls.read(max_bytes)
        except ssl.SSLWantReadError:
            self._reply()
            return None
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            data = b""
        except ssl.SSLError as error:
            self._reply()
            raise trio.BrokenResourceError("the TLS connection failed") from error
        if not data:
            self._has_ended = True
        return data

    def _encrypt(self, data: bytes | bytearray | memoryview) -> int:
        """Encrypt up to _PART bytes, append them to the unsent ones, and return how many bytes of `data` they are."""
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
        """Move OpenSSL's output to `_unsent`. To be called after each record: OpenSSL's buffer never shrinks."""
        output = self._outgoing.read()
        self._unsent = self._unsent + output if self._unsent else output

    def _write(self) -> bool:
        """Write the unsent bytes; return whether the socket took all. Not while a task sends. Raises OSError."""
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
        """Send TLS's own replies (alerts, key updates); if the socket is full, they go before the next data."""
        if not self._outgoing.pending:
            return
        is_free = not self._unsent
        self._collect()
        if len(self._unsent) > _PART + _MOST_REPLIES:
            raise trio.BrokenResourceError("the client causes too many TLS replies and reads none")
        if is_free:
            try:
                self._write()
            except OSError as error:
                raise trio.BrokenResourceError(f"socket connection broken: {error}") from error

    async def _flush(self) -> None:
        """Send the encrypted bytes. Cancelling keeps those that the socket has not taken."""
        self._collect()
        if not self._unsent:
            return await trio.lowlevel.checkpoint()
        while self._unsent:
            try:
                taken = await self.socket.send(self._unsent)
            except OSError as error:
                raise _of(error) from error
            # While this task waited, _reply() may have appended to it.
            self._unsent = self._unsent[taken:]
            self.progressed()
        return None

    async def _take_in(self) -> None:
        """Wait for bytes from the socket and give them to TLS. Cancelling loses nothing."""
        while True:
            try:
                await trio.lowlevel.wait_readable(self.socket)
                data = os.read(self.socket.fileno(), _READ)
            except BlockingIOError:
                continue
            except (OSError, ValueError) as error:  # ValueError: the socket was closed before
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


def _ignore_progress() -> None:
    """The initial value of `progressed`."""
