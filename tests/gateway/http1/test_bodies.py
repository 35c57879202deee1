"""Bodies that are taken piece by piece: no faster than their handler, and as long as they go on."""

import pytest
import trio
import trio.testing
from quart import request

from chat.gateway.http1 import read_deadlines
from chat.gateway.http1.read_deadlines import BODY_TIMEOUT
from chat.web_api.app import create_app
from tests.support.gateway import App, running, until, wire_to

HEAD = b"POST /api/v1/rooms/7/files HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"


class Taking(App):
    """An app that takes a body when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.request_class = create_app([]).request_class
        self.body = bytearray()
        self.is_over = trio.Event()

        @self.get("/")
        async def hello() -> str:
            return "hello"

        @self.post("/api/v1/rooms/<int:room>/files")
        async def take(room: int) -> str:
            self.entered.set()
            await self.released.wait()
            try:
                async for piece in request.body:
                    self.body += piece
            finally:
                self.is_over.set()
            return str(len(self.body))


async def test_a_client_is_not_read_faster_than_its_body_is_taken() -> None:
    app, data, sent = Taking(), bytes(range(256)) * 100_000, 0
    with trio.fail_after(20):
        async with running(app) as gateway, wire_to(gateway) as wire, trio.open_nursery() as nursery:

            async def send() -> None:
                nonlocal sent
                await wire.send(HEAD % len(data))
                for start in range(0, len(data), 65_536):
                    await wire.send(data[start : start + 65_536])
                    sent += 65_536

            nursery.start_soon(send)
            await app.entered.wait()
            await trio.testing.wait_all_tasks_blocked(0.1)  # the system's buffers are full
            assert sent < 10_000_000
            app.released.set()
            assert (await wire.response())[2] == b"%d" % len(data)
            assert app.body == data
            assert (await wire.get())[0] == 200  # the connection goes on


async def test_a_body_may_last_as_long_as_it_goes_on(
    monkeypatch: pytest.MonkeyPatch, mock_clock: trio.testing.MockClock
) -> None:
    monkeypatch.setattr(read_deadlines, "BODY_BYTES", 1000)
    app = Taking()
    app.released.set()
    mock_clock.rate = 1.0
    async with running(app) as gateway:
        async with wire_to(gateway) as wire:
            await wire.send(HEAD % 12_000)
            for _ in range(12):
                await wire.send(b"x" * 1000)
                await trio.testing.wait_all_tasks_blocked(0.01)  # it is read
                mock_clock.jump(BODY_TIMEOUT / 2)
            assert (await wire.response())[2] == b"12000"
        app.is_over = trio.Event()
        async with wire_to(gateway) as wire:
            await wire.send(HEAD % 12_000 + b"x" * 100)
            await trio.testing.wait_all_tasks_blocked(0.01)
            mock_clock.jump(BODY_TIMEOUT)
            await wire.until_closed()
            await app.is_over.wait()


async def test_bytes_after_a_body_are_another_request() -> None:
    app = Taking()
    app.released.set()
    with trio.fail_after(20):
        async with running(app) as gateway, wire_to(gateway) as wire:
            await wire.send(HEAD % 70_000 + b"x" * 70_000 + b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert (await wire.response())[2] == b"70000"
            assert (await wire.response())[2] == b"hello"


async def test_a_client_that_leaves_within_a_body_ends_the_handler() -> None:
    app = Taking()
    app.released.set()
    with trio.fail_after(20):
        async with running(app) as gateway:
            async with wire_to(gateway) as wire:
                await wire.send(HEAD % 1_000_000 + b"x" * 500_000)
                await until(lambda: len(app.body) == 500_000)
            await app.is_over.wait()
