"""The control socket: a Unix socket in the data directory, which `chat tree` and its like ask.

It asks for no password: who may open it could as well read the secret that lies beside it. One line comes in
(`tree 100`, `why`, `why 17`, `cancel 17`, `health`), one line of JSON goes out, and the connection ends.
"""

import os
import socket
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import msgspec
import structlog
import trio

from chat.domain.failures import StorageDown
from chat.inspection.connection_report import recent_ends, report_connection
from chat.inspection.watch import Watch

SOCKET = "watch.socket"
_PATIENCE = 10.0
"""Seconds for one question and its answer."""
_LONGEST = 100
"""Bytes of a question."""
_AT_ONCE = 16
"""Questions answered at the same time; others wait in the backlog."""

logger = structlog.get_logger(__name__)


class Reply(msgspec.Struct, frozen=True):
    """An answer, or in words why there is none."""

    result: object = None
    error: str | None = None


@asynccontextmanager
async def open_control_socket(
    data: Path, watch: Watch, ping: Callable[[], Awaitable[None]]
) -> AsyncGenerator[None]:
    """Answer on the data directory's socket for as long as the block lasts. Cancelling ends every answer.

    `ping` asks the storage whether it works: it raises StorageDown if not.
    Where the system has no such sockets, or the directory takes none, it is logged and done without.
    """
    with _listening(data) as listener:
        async with trio.open_nursery() as nursery:
            if listener is not None:
                nursery.start_soon(_serve, listener, watch, ping)
            try:
                yield
            finally:
                nursery.cancel_scope.cancel(reason="the server stops")


@contextmanager
def _listening(data: Path) -> Generator[trio.socket.SocketType | None]:
    listener = None
    try:
        with reachable(data) as path:
            listener = _bind(path)
    except (
        OSError,
        AttributeError,
        ValueError,
    ) as error:  # no AF_UNIX, a path too long, a strange file system
        logger.warning("`chat tree` will need --url", reason=str(error))
    if listener is None:
        yield None
        return
    try:
        with listener:
            yield trio.socket.from_stdlib_socket(listener)
    finally:
        with suppress(OSError):
            (data / SOCKET).unlink()


@contextmanager
def reachable(data: Path) -> Generator[str]:
    """A path of the socket, which may be missing, that is short enough: Linux takes 107 bytes. Raises OSError."""
    path = data.absolute() / SOCKET
    if len(os.fsencode(path)) < 100 or sys.platform != "linux":
        yield str(path)
        return
    directory = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{SOCKET}"
    finally:
        os.close(directory)


def _bind(path: str) -> socket.socket:
    with suppress(FileNotFoundError):
        os.unlink(path)  # of a server that was killed: this one holds the directory
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(path)
        os.chmod(path, 0o600)  # before anybody can connect
        listener.listen(_AT_ONCE)
    except BaseException:
        listener.close()
        raise
    return listener


async def _serve(listener: trio.socket.SocketType, watch: Watch, ping: Callable[[], Awaitable[None]]) -> None:
    places = trio.CapacityLimiter(_AT_ONCE)

    async def answer(client: trio.SocketStream) -> None:
        async with client, places:  # in this order: whoever waits for a place is closed too
            with trio.move_on_after(_PATIENCE), suppress(trio.BrokenResourceError):
                await client.send_all(msgspec.json.encode(await _answer(client, watch, ping)) + b"\n")

    async with trio.open_nursery() as nursery:
        while True:
            try:
                accepted, _ = await listener.accept()
            except OSError:  # no descriptor left
                await trio.sleep(0.1)
            else:
                nursery.start_soon(answer, trio.SocketStream(accepted))


async def _answer(client: trio.SocketStream, watch: Watch, ping: Callable[[], Awaitable[None]]) -> Reply:
    line = bytearray()
    while not line.endswith(b"\n"):
        data = await client.receive_some(_LONGEST)
        line += data
        if not data or len(line) > _LONGEST:
            return Reply(error="one line with a question is expected")
    match line.split():
        case [b"tree", number] if number.isdigit():
            return Reply(watch.look(int(number)))
        case [b"why"]:
            return Reply(recent_ends(watch.recorder))
        case [b"why", number] if number.isdigit():
            story = report_connection(watch.recorder, int(number))
            return Reply(story, None if story else f"nothing is known of connection {int(number)}")
        case [b"cancel", number] if number.isdigit():
            unwound = await watch.cancel(int(number))
            return Reply(unwound, None if unwound else f"there is no client {int(number)}")
        case [b"health"]:
            try:
                await ping()
            except StorageDown as problem:
                return Reply(error=f"the database does not answer: {problem}")
            return Reply({"status": "ok"})
    return Reply(error="the question is not understood")
