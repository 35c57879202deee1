"""The control socket: a Unix socket in the data directory, for `chat tree` and similar commands.

It needs no password: a user who can open it can read the secret beside it as well. A request is one line (`tree 100`,
`why`, `why 17`, `cancel 17`, `metrics`, `health`), the answer is one line of JSON, and the connection ends.
"""

import os
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import msgspec
import structlog
import trio

from chat.domain.failures import StorageDown
from chat.inspection.control_path import SOCKET, reachable
from chat.inspection.inspection import DATABASE_DOWN, Inspection, InspectionFailed

_TIMEOUT = 10.0
"""Seconds for one request and its answer."""
_LONGEST = 100
"""Bytes of a request."""
_UNKNOWN = "nothing is known of connection {}: it ended as it should, or long ago, or there was none"
_AT_ONCE = 16
"""Requests answered at the same time; others wait in the backlog."""

logger = structlog.get_logger(__name__)


class Reply(msgspec.Struct, frozen=True):
    """An answer, or the reason why there is none; `public` is what everybody may know of the reason."""

    result: object = None
    error: str | None = None
    public: str | None = None


@asynccontextmanager
async def open_control_socket(
    directory: Path, inspection: Inspection, name: str = SOCKET
) -> AsyncGenerator[None]:
    """Answer on the socket `name` in `directory` for as long as the block lasts. Cancelling ends every answer.

    Where the system or the directory has no such sockets, this is logged, and the server runs without.
    """
    with _listening(directory, name) as listener:
        async with trio.open_nursery() as nursery:
            if listener is not None:
                nursery.start_soon(_serve, listener, inspection)
            try:
                yield
            finally:
                nursery.cancel_scope.cancel(reason="the server stops")


@contextmanager
def _listening(directory: Path, name: str) -> Generator[trio.socket.SocketType | None]:
    listener = None
    try:
        with reachable(directory, name) as path:
            listener = _bind(path)
    except (
        OSError,
        AttributeError,
        ValueError,
    ) as error:  # no AF_UNIX, a path too long, a strange file system
        logger.warning("no control socket: `chat tree` needs --url", reason=str(error))
    if listener is None:
        yield None
        return
    try:
        with listener:
            yield trio.socket.from_stdlib_socket(listener)
    finally:
        with suppress(OSError):
            (directory / name).unlink()


def _bind(path: str) -> socket.socket:
    with suppress(FileNotFoundError):
        os.unlink(path)  # left by a killed server: this one holds the directory
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(path)
        os.chmod(path, 0o600)  # before it accepts connections
        listener.listen(_AT_ONCE)
    except BaseException:
        listener.close()
        raise
    return listener


async def _serve(listener: trio.socket.SocketType, inspection: Inspection) -> None:
    places = trio.CapacityLimiter(_AT_ONCE)

    async def answer(client: trio.SocketStream) -> None:
        async with client, places:  # in this order: waiting clients are closed too
            with trio.move_on_after(_TIMEOUT), suppress(trio.BrokenResourceError):
                await client.send_all(msgspec.json.encode(await _answer(client, inspection)) + b"\n")

    async with trio.open_nursery() as nursery:
        while True:
            try:
                accepted, _ = await listener.accept()
            except OSError:  # no descriptor left
                await trio.sleep(0.1)
            else:
                nursery.start_soon(answer, trio.SocketStream(accepted))


async def _answer(client: trio.SocketStream, inspection: Inspection) -> Reply:
    line = bytearray()
    while not line.endswith(b"\n"):
        data = await client.receive_some(_LONGEST)
        line += data
        if not data or len(line) > _LONGEST:
            return Reply(error="expected one line with a request")
    try:
        return await _answered(line.split(), inspection)
    except InspectionFailed as problem:
        return Reply(error=str(problem), public=problem.public)


async def _answered(question: list[bytearray], inspection: Inspection) -> Reply:
    match question:
        case [b"tree", number] if number.isdigit():
            return Reply(await inspection.tree(int(number)))
        case [b"why"]:
            return Reply(await inspection.ends())
        case [b"why", number] if number.isdigit():
            story = await inspection.report(int(number))
            return Reply(story, None if story else _UNKNOWN.format(int(number)))
        case [b"cancel", number] if number.isdigit():
            unwound = await inspection.cancel(int(number))
            return Reply(unwound, None if unwound else f"there is no client {int(number)}")
        case [b"metrics"]:
            return Reply(await inspection.metrics())
        case [b"health"]:
            try:
                await inspection.health()
            except StorageDown as problem:
                return Reply(error=f"{DATABASE_DOWN}: {problem}", public=DATABASE_DOWN)
            return Reply({"status": "ok"})
    return Reply(error="unknown request")
