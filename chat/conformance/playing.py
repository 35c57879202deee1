"""Plays the server of one vector against a program, on loopback.

Source of both protocols: docs/protocols/native.md and docs/protocols/conformance.md.
"""

import math
import os
import subprocess
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_server_stream

from chat.conformance.patterns import Json, Vector, differs

STEP_TIMEOUT = 10.0
"""Seconds for what the program has to do next; a client may wait a second before it reconnects."""

_END_TIMEOUT = 5.0
"""Seconds in which the program ends when its input does, and in which a connection is closed."""

TOKEN = "token-of-ada"

AT_ANY_TIME: dict[str, Json] = {
    "ping": {"at": 1_700_000_000_000},
    "watch": {"people": []},
    "status": {},
    "activity": {},
    "read": {"unread": 0, "mentions": 0},
}
"""Requests that a client may send whenever it likes, and their replies."""


class Failed(Exception):
    """The program does not do what the vector asks."""


class _Connection:
    """A connection of the program: its requests that a step has to expect, and the ends of it."""

    def __init__(self, socket: WebSocketConnection, scope: trio.CancelScope) -> None:
        self.socket = socket
        self.scope = scope
        self._received, self.requests = trio.open_memory_channel[Json](math.inf)

    async def read(self) -> None:
        """Read until the connection ends; answer what may come at any time."""
        with self._received, suppress(ConnectionClosed):
            while True:
                request = msgspec.json.decode(await self.socket.get_message())
                if (reply := AT_ANY_TIME.get(request.get("type"))) is not None:
                    await self.reply(request, reply)
                else:
                    self._received.send_nowait(request)

    async def reply(self, request: Json, reply: Json) -> None:
        """Answer a request. Cancelling: the connection is of no use any more."""
        await self.send({"type": f"{request['type']}_ok", "id": request["id"], **reply})

    async def send(self, frame: Json) -> None:
        """Send a frame. Cancelling: the connection is of no use any more."""
        await self.socket.send_message(msgspec.json.encode(frame).decode())


class _Player:
    """The server of a vector, and the lines of the program."""

    def __init__(self, program: trio.Process) -> None:
        self._program = program
        self._connection: _Connection | None = None
        self._held: Json | None = None
        self._accepted, self._connections = trio.open_memory_channel[_Connection](math.inf)
        self._printed, self._lines = trio.open_memory_channel[Json](math.inf)

    async def serve(self, stream: trio.abc.Stream) -> None:
        """Serve one connection of the program until it ends, or a step ends it."""
        try:
            async with trio.open_nursery() as nursery:
                request = await wrap_server_stream(nursery, stream)
                connection = _Connection(await request.accept(), nursery.cancel_scope)
                self._accepted.send_nowait(connection)
                await connection.read()
                nursery.cancel_scope.cancel(reason="the connection has ended")
        except* (ConnectionClosed, OSError, trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            await trio.aclose_forcefully(stream)

    async def read_lines(self) -> None:
        """Read the lines of the program until it ends."""
        assert self._program.stdout is not None
        rest = b""
        with self._printed:
            async for data in self._program.stdout:
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    try:
                        self._printed.send_nowait(msgspec.json.decode(line, type=dict[str, Any]))
                    except msgspec.DecodeError:
                        self._printed.send_nowait({"no JSON": line.decode(errors="replace")})

    async def step(self, step: Json) -> None:
        """Do a step, or wait until the program does it.

        Raises:
            Failed: the program does something else, or nothing.
        """
        match step:
            case {"connects": True}:
                self._connection = await _next(self._connections, "a connection")
            case {"request": pattern}:
                request = await self._next_request(pattern)
                _compare("the request", request, pattern)
                await self._answer(request, step)
            case {"may_request": pattern}:
                request = await self._next_request(pattern)
                if differs(request, pattern) is None:
                    await self._answer(request, step)
                else:
                    self._held = request  # the next step is about it
            case {"frame": frame}:
                await self._connected().send(frame)
            case {"closes": code}:
                with trio.move_on_after(_END_TIMEOUT):
                    await self._connected().socket.aclose(code)
                self._connected().scope.cancel(reason="closed by the vector")
            case {"drops": True}:
                self._connected().scope.cancel(reason="dropped by the vector")
            case {"command": command}:
                assert self._program.stdin is not None
                await self._program.stdin.send_all(msgspec.json.encode(command) + b"\n")
            case {"prints": pattern}:
                _compare("the line", await _next(self._lines, f"a line {_text(pattern)}"), pattern)
            case _:
                raise ValueError(f"no step: {step}")

    async def end(self) -> None:
        """End the program, which must neither print nor request anything more."""
        assert self._program.stdin is not None
        await self._program.stdin.aclose()
        async for line in self._lines:
            raise Failed(f"it prints more: {line}")
        with suppress(trio.WouldBlock, trio.EndOfChannel):
            raise Failed(f"it requests more: {self._connected().requests.receive_nowait()}")
        if (status := await self._program.wait()) != 0:
            raise Failed(f"its exit status is {status}")

    async def _next_request(self, pattern: Json) -> Json:
        request, self._held = self._held, None
        if request is None:
            request = await _next(self._connected().requests, f"a request {_text(pattern)}")
        return request

    async def _answer(self, request: Json, step: Json) -> None:
        for frame in step.get("frames", ()):
            await self._connected().send(frame)
        if "reply" in step:
            await self._connected().reply(request, step["reply"])

    def _connected(self) -> _Connection:
        assert self._connection is not None, "a vector begins with connects"
        return self._connection


async def play(vector: Vector, command: Sequence[str]) -> str | None:
    """Play a vector against a program that is started for it; return why it fails, or None.

    Cancelling: the program is killed.
    """
    async with trio.open_nursery() as nursery:
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        port = listeners[0].socket.getsockname()[1]
        async with _started(vector, command, port) as program:
            player = _Player(program)
            nursery.start_soon(trio.serve_listeners, player.serve, listeners)
            nursery.start_soon(player.read_lines)
            failure = await _play_steps(player, vector)
        nursery.cancel_scope.cancel(reason="the vector is played")
    return failure


async def _play_steps(player: _Player, vector: Vector) -> str | None:
    for number, step in enumerate(vector.steps, 1):
        try:
            with trio.fail_after(STEP_TIMEOUT):
                await player.step(step)
        except (Failed, trio.TooSlowError, trio.BrokenResourceError, ConnectionClosed) as failed:
            return f"step {number}: {str(failed) or f'nothing came in {STEP_TIMEOUT:.0f} s'}: {_text(step)}"
    try:
        with trio.fail_after(_END_TIMEOUT):
            await player.end()
    except Failed as failed:
        return f"at the end: {failed}"
    except trio.TooSlowError:
        return "at the end: it does not end when its input does"
    return None


@asynccontextmanager
async def _started(vector: Vector, command: Sequence[str], port: int) -> AsyncGenerator[trio.Process]:
    environment = {
        **os.environ,
        "CONFORMANCE_SERVER": f"http://127.0.0.1:{port}",
        "CONFORMANCE_TOKEN": TOKEN,
    }
    environment["CONFORMANCE_POSITIONS"] = _text(vector.positions or {})
    program = await trio.lowlevel.open_process(
        list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )
    try:
        yield program
    finally:
        program.kill()
        # Shielded: a killed program ends at once, and would remain as a zombie.
        with trio.move_on_after(_END_TIMEOUT, shield=True):
            await program.wait()


async def _next(channel: "trio.MemoryReceiveChannel[Any]", what: str) -> Any:  # noqa: ANN401 - of the channel
    try:
        return await channel.receive()
    except trio.EndOfChannel:
        raise Failed(f"it has ended before {what}") from None


def _compare(what: str, value: Json, pattern: Json) -> None:
    if (found := differs(value, pattern)) is not None:
        raise Failed(f"{what} {_text(value)}: {found}")


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()
