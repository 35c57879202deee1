"""Times at which the kernel received a socket's bytes, so that a late reader is not measured."""

import socket
import struct

_SO_TIMESTAMPNS = 35
"""Linux's, which Python has no name for. The control message has the same number and a timespec of the wall clock."""
_TIMESPEC = struct.Struct("@ll")
_SPACE = socket.CMSG_SPACE(_TIMESPEC.size)


def stamp_arrivals(sock: socket.socket) -> None:
    """Let the kernel record when bytes arrive, beginning within some milliseconds."""
    sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


def receive_stamped(sock: socket.socket, max_bytes: int) -> tuple[bytes, float]:
    """Receive, and return when the last of these bytes arrived (wall clock, s), or 0 if that was not recorded.

    Raises what `recv` raises.
    """
    data, stamps, _, _ = sock.recvmsg(max_bytes, _SPACE)
    if not stamps:
        return data, 0.0
    seconds, nanoseconds = _TIMESPEC.unpack(stamps[0][2])
    return data, seconds + nanoseconds / 1e9
