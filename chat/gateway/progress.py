"""The transport under TLS: a socket stream that says when the peer has made room, not only when all is sent."""

import errno
from collections.abc import Callable

import trio


class ProgressStream(trio.abc.HalfCloseableStream):
    """A socket stream for `trio.SSLStream`, which hands over a whole blob and returns when the socket has it all.

    Whoever writes through TLS sees nothing in between, so a client that reads steadily and slowly looks like one
    that does not read. `progressed` tells them apart.
    """

    __slots__ = ("_inner", "progressed", "socket")

    def __init__(self, inner: trio.SocketStream) -> None:
        self._inner = inner
        self.socket = inner.socket
        self.progressed: Callable[[], None] = _nobody_listens
        """Called after each send that the socket took, a part or all. Sync, must not raise; may be replaced."""

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of `data`. Raises BrokenResourceError or ClosedResourceError.

        SSLStream calls it from one task at a time. Cancelling: an unknown part of it was sent, and only closing is
        right.
        """
        with memoryview(data) as rest:
            if not rest:
                await trio.lowlevel.checkpoint()
            sent = 0
            while sent < len(rest):
                try:
                    with rest[sent:] as part:
                        sent += await self.socket.send(part)
                except OSError as error:
                    if error.errno == errno.EBADF:
                        raise trio.ClosedResourceError("this socket was already closed") from None
                    raise trio.BrokenResourceError(f"socket connection broken: {error}") from error
                self.progressed()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        """Receive as the socket stream does. Cancelling: nothing is lost."""
        return await self._inner.receive_some(max_bytes)

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until a send might not block. Cancelling is safe."""
        await self._inner.wait_send_all_might_not_block()

    async def send_eof(self) -> None:
        """Tell the peer that nothing more comes. Cancelling: it is told all the same."""
        await self._inner.send_eof()

    async def aclose(self) -> None:
        """Close at once. Cancelling: it is closed all the same."""
        await self._inner.aclose()


def _nobody_listens() -> None:
    """Until somebody does."""
