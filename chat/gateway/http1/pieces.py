"""Bounds requests that are sent in pieces: the first few reads are free, further ones count against the pace."""

import trio

from chat.gateway.http1.head import PIECE_OF_HEAD, ReplayStream

FREE_PIECES = 4
"""Free reads that leave a request unfinished. Most HTTP libraries send head and body in two segments, and a chunked
body in up to four more; answering a request costs the loop more than so many reads."""


class RequestPieces:
    """Counts a connection's reads that leave a request unfinished."""

    __slots__ = ("_came", "_stream")

    def __init__(self, stream: ReplayStream) -> None:
        self._stream = stream
        self._came = 0

    def whole(self) -> None:
        """Note that the last read ended with a request's end. Sync."""
        self._came = 0

    def came(self) -> float:
        """Count a read that leaves a request unfinished; return the seconds to wait before the next. Sync."""
        self._came += 1
        if self._came > FREE_PIECES:
            return self._stream.pace.count(PIECE_OF_HEAD)
        _acknowledge(self._stream.socket)
        return 0.0


def _acknowledge(socket: trio.socket.SocketType) -> None:
    """Acknowledge the received bytes at once.

    With Nagle's algorithm, the default, a client's kernel holds the next piece until the acknowledgement, which our
    kernel would delay by 40 ms.
    """
    if hasattr(trio.socket, "TCP_QUICKACK"):
        socket.setsockopt(trio.socket.IPPROTO_TCP, trio.socket.TCP_QUICKACK, 1)
