"""The lifeline between a parent and a worker: messages both ways, and its end, by which each notices the other's."""

import socket
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

import msgspec
import structlog
import trio

from chat.workers.messages import LONGEST, Serve

_PATIENCE = 10.0
"""Seconds for a parent to say what a worker is to do, and for a message to be taken."""

MessageT = TypeVar("MessageT")

logger = structlog.get_logger(__name__)


class Lifeline(Generic[MessageT]):
    """One end, which sends structs and receives those that `decoder` reads. Close it in the end."""

    def __init__(self, connected: socket.socket, decoder: msgspec.json.Decoder[MessageT]) -> None:
        self._stream = trio.SocketStream(trio.socket.from_stdlib_socket(connected))
        self._decoder = decoder
        self._sends = trio.Lock()

    async def send(self, message: msgspec.Struct) -> None:
        """Send, or give up after some seconds: who does not read is about to end.

        Cancelling: half of it may be sent.
        """
        try:
            with trio.move_on_after(_PATIENCE):
                async with self._sends:  # a reload and a restart may come at once
                    await self._stream.send_all(msgspec.json.encode(message) + b"\n")
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return  # it has ended, which whoever receives here is told

    async def messages(self) -> AsyncIterator[MessageT]:
        """What arrives, until the other side is gone. A message that is not understood is logged and passed over.

        Cancelling: no other reader can go on, as a part of a message may be lost.
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
                        logger.warning("a message of another version is passed over", reason=str(error))
                    else:
                        yield message
                if len(waiting) > LONGEST:
                    return
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return

    def close(self) -> None:
        """Let go, at once: the other side sees the end."""
        self._stream.socket.close()


def first_message(lifeline: socket.socket) -> Serve:
    """Wait, without Trio, for what a parent says first. Raises OSError and msgspec.DecodeError."""
    lifeline.settimeout(_PATIENCE)
    line = bytearray()
    while not line.endswith(b"\n"):  # nothing follows before the worker is ready
        data = lifeline.recv(65_536)
        line += data
        if not data or len(line) > LONGEST:
            raise ConnectionResetError("the parent of this worker has ended")
    lifeline.setblocking(False)
    return msgspec.json.decode(line, type=Serve)
