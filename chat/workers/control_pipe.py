"""The pipe between a parent and a worker: messages both ways; its end tells each side that the other has ended."""

import socket
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

import msgspec
import structlog
import trio

from chat.workers.messages import LONGEST, Serve

_PATIENCE = 10.0
"""Seconds for the parent to send its first message, and for any message to be taken."""

MessageT = TypeVar("MessageT")

logger = structlog.get_logger(__name__)


class ControlPipe(Generic[MessageT]):
    """One end: sends structs, and receives those that `decoder` reads. The caller closes it."""

    def __init__(self, connected: socket.socket, decoder: msgspec.json.Decoder[MessageT]) -> None:
        self._stream = trio.SocketStream(trio.socket.from_stdlib_socket(connected))
        self._decoder = decoder
        self._sends = trio.Lock()

    async def send(self, message: msgspec.Struct) -> None:
        """Send, or give up after some seconds: a side that does not read is about to end.

        Cancelling: a part of the message may be sent.
        """
        try:
            with trio.move_on_after(_PATIENCE):
                async with self._sends:  # a reload and a restart may come at once
                    await self._stream.send_all(msgspec.json.encode(message) + b"\n")
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return  # the other side has ended: messages() returns

    async def messages(self) -> AsyncIterator[MessageT]:
        """Yield messages until the other side has ended. A message of an unknown kind is logged and skipped.

        Cancelling: a part of a message may be lost, so no other reader can go on.
        """
        waiting = bytearray()
        try:
            async for data in self._stream:
                waiting += data
                *lines, waiting = waiting.split(b"\n")
                for line in lines:
                    try:
                        message = self._decoder.decode(line)
                    except msgspec.DecodeError as error:  # of another version, after a rolling restart
                        logger.warning(
                            "message skipped: the other process is of another version",
                            reason=str(error),
                        )
                    else:
                        yield message
                if len(waiting) > LONGEST:
                    return
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return

    def close(self) -> None:
        """Close at once: the other side sees the end."""
        self._stream.socket.close()


def first_message(control_pipe: socket.socket) -> Serve:
    """Wait, without Trio, for the parent's first message. Raises OSError and msgspec.DecodeError."""
    control_pipe.settimeout(_PATIENCE)
    line = bytearray()
    while not line.endswith(b"\n"):  # nothing follows before the worker is ready
        data = control_pipe.recv(65_536)
        line += data
        if not data or len(line) > LONGEST:
            raise ConnectionResetError("the parent of this worker has ended")
    control_pipe.setblocking(False)
    return msgspec.json.decode(line, type=Serve)
