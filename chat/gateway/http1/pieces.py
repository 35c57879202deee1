"""What it costs a client to send a request in pieces: the first few are free, the others are read at its pace."""

import trio

from chat.gateway.http1.head import PIECE_OF_HEAD, ReplayStream

FREE_PIECES = 4
"""Reads of a request that may leave it unfinished at no cost. Most HTTP libraries send a head and its body in two
segments, and a body in chunks in up to four more; to answer a request costs the loop more than so many reads."""


class RequestPieces:
    """Counts the reads of one connection that leave a request unfinished."""

    __slots__ = ("_came", "_stream")

    def __init__(self, stream: ReplayStream) -> None:
        self._stream = stream
        self._came = 0

    def whole(self) -> None:
        """Note that what was read ends where a request ends. Sync."""
        self._came = 0

    def came(self) -> float:
        """Count a read that leaves a request unfinished; return the seconds to wait before the next. Sync."""
        self._came += 1
        if self._came > FREE_PIECES:
            return self._stream.pace.count(PIECE_OF_HEAD)
        _acknowledge(self._stream.socket)
        return 0.0


def _acknowledge(socket: trio.socket.SocketType) -> None:
    """Acknowledge what was read at once.

    Where Nagle's algorithm is on, as the system has it, a client's kernel keeps the next piece until then, and ours
    takes 40 ms for that otherwise.
    """
    if hasattr(trio.socket, "TCP_QUICKACK"):
        socket.setsockopt(trio.socket.IPPROTO_TCP, trio.socket.TCP_QUICKACK, 1)
