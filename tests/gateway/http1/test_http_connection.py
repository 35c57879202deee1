"""HTTP through the gateway: requests, answers, and deadlines of a client."""

import gc
from collections.abc import AsyncGenerator, Callable
from typing import Any

import httpx
import pytest
import trio
import trio.testing
from quart import Blueprint
from structlog.testing import capture_logs

from chat.gateway.http1 import connection as http_connection
from chat.gateway.http1 import read_deadlines
from chat.gateway.http1.connection import INPUT_ENDED, WRITE_TIMEOUT
from chat.gateway.http1.head import ReplayStream
from chat.gateway.http1.read_deadlines import KEEP_ALIVE
from chat.web_api.app import create_app
from tests.support.gateway import (
    LARGE,
    OPENING,
    Wire,
    make_app,
    none_left,
    nothing_logged,
    reset,
    running,
    until,
    wire_to,
)


async def test_a_real_client_gets_and_posts() -> None:
    with trio.fail_after(10):
        async with running() as gateway, httpx.AsyncClient(base_url=gateway.addresses[0]) as client:
            for _ in range(3):
                assert (await client.get("/")).text == "hello"
            assert (await client.post("/echo", content=b"x" * 50_000)).content == b"x" * 50_000
            assert (await client.post("/echo", content=_chunks())).content == b"chunk" * 1000
            assert (await client.get("/none")).status_code == 404
            assert gateway.connections == 1  # kept alive, and used again


async def test_no_answer_names_the_software() -> None:
    with trio.fail_after(10):
        async with running() as gateway, wire_to(gateway) as wire:
            status, headers, _ = await wire.get()
            assert status == 200
            assert "server" not in headers


async def test_head_and_body_of_an_answer_leave_in_one_write(monkeypatch: pytest.MonkeyPatch) -> None:
    writes: list[bytes] = []
    send_all = ReplayStream.send_all

    def send(stream: ReplayStream, data: memoryview) -> Any:
        writes.append(bytes(data))
        return send_all(stream, data)

    monkeypatch.setattr(ReplayStream, "send_all", send)
    with trio.fail_after(10):
        async with running() as gateway, wire_to(gateway) as wire:
            assert (await wire.get())[2] == b"hello"
            await wire.send(b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await until(lambda: len(writes) == 2)
    assert [each.partition(b"\r\n\r\n")[2] for each in writes] == [b"hello", b""]


async def test_pipelined_requests_are_answered_in_order() -> None:
    with trio.fail_after(10):
        async with running() as gateway, wire_to(gateway) as wire:
            await wire.send(
                b"".join(b"GET /who?%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % n for n in range(50))
            )
            for n in range(50):
                _, _, body = await wire.response()
                assert b'"args":"%d"' % n in body


async def test_a_head_in_pieces_after_a_pipelined_request_is_read() -> None:
    with trio.fail_after(10):
        async with running() as gateway, wire_to(gateway) as wire:
            await wire.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET /who")
            assert (await wire.response())[0] == 200
            await wire.send(b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"127.0.0.1" in (await wire.response())[2]


async def test_head_and_expectation_and_http_1_0_work() -> None:
    with trio.fail_after(10):
        async with running() as gateway:
            async with wire_to(gateway) as wire:
                await wire.send(
                    b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
                )
                assert (await wire.response())[0] == 100
                await wire.send(b"body")
                assert (await wire.response())[2] == b"body"
            async with wire_to(gateway) as wire:
                await wire.send(b"GET / HTTP/1.0\r\n\r\n")
                assert (await wire.until_closed()).endswith(b"\r\n\r\nhello")
            async with wire_to(gateway) as wire:
                await wire.send(b"HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                assert (await wire.until_closed()).endswith(b"\r\n\r\n")


async def test_an_upgrade_to_anything_but_a_websocket_is_a_plain_get() -> None:
    with trio.fail_after(10):
        async with running() as gateway, wire_to(gateway) as wire:
            await wire.get()
            await wire.send(
                OPENING.replace(b"/ws", b"/headers").replace(b"Upgrade: websocket", b"Upgrade: irc")
            )
            status, _, body = await wire.response()
            assert status == 200
            assert b'"upgrade"' not in body
            assert (await wire.get())[2] == b"hello"


@pytest.mark.parametrize("used", [False, True])
async def test_http_2_is_not_spoken(used: bool) -> None:
    with trio.fail_after(10):
        async with running() as gateway, wire_to(gateway) as wire:
            if used:
                await wire.get()
            settings = "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA"
            status, _, body = await wire.get(
                "/", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", settings
            )
            assert (status, body) == (200, b"hello")
        async with running() as gateway, wire_to(gateway) as wire:
            if used:
                await wire.get()
            await wire.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
            assert (await wire.response())[0] == 505
            assert await wire.until_closed() == b""


async def test_a_client_that_ends_its_side_gets_its_answer() -> None:
    app = make_app()
    with trio.fail_after(10):
        async with running(app) as gateway, wire_to(gateway) as wire:
            await wire.send(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await wire.stream.send_eof()  # type: ignore[attr-defined]
            await app.entered.wait()
            app.released.set()
            assert (await wire.until_closed()).endswith(b"slow")
            await none_left(gateway)


async def test_a_client_that_is_gone_cancels_its_handler() -> None:
    app = make_app()
    with trio.fail_after(10), nothing_logged():
        async with running(app) as gateway:
            async with wire_to(gateway) as wire:
                await wire.send(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
                await app.entered.wait()
                reset(wire)
            await none_left(gateway)
            assert app.events == ["started", "cancelled"]


async def test_a_bug_of_the_app_costs_one_answer(caplog: pytest.LogCaptureFixture) -> None:
    with trio.fail_after(10):
        async with running() as gateway, wire_to(gateway) as wire:
            assert (await wire.get("/crash"))[0] == 500
            assert (await wire.get())[0] == 200
    assert "a bug of the app" in caplog.text


async def test_an_error_past_the_app_is_logged_and_answered() -> None:
    app = make_app()
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with trio.fail_after(10), capture_logs() as entries:
        async with running(app) as gateway:
            async with wire_to(gateway) as wire:
                assert (await wire.get("/crash"))[0] == 500
            async with wire_to(gateway) as wire:
                assert (await wire.get())[0] == 200
    assert [
        entry["path"] for entry in entries if entry["event"] == "request failed with an internal error"
    ] == ["/crash"]


async def test_behind_a_trusted_proxy_each_request_has_its_own_client() -> None:
    with trio.fail_after(10):
        async with running(trusted_proxies=("127.0.0.1",)) as gateway, wire_to(gateway) as wire:
            for address in ("192.0.2.1", "2001:db8::1"):
                forwarded = (f"X-Forwarded-For: 1.1.1.1, {address}", "X-Forwarded-Proto: https")
                _, _, body = await wire.get("/who", *forwarded)
                assert b'"address":"%s"' % address.encode() in body
                assert b'"scheme":"https"' in body
        async with running() as gateway, wire_to(gateway) as wire:
            _, _, body = await wire.get("/who", *forwarded)
            assert b'"address":"127.0.0.1"' in body
            assert b'"scheme":"http"' in body


async def test_a_connection_that_is_idle_after_a_request_is_closed(
    mock_clock: trio.testing.MockClock,
) -> None:
    mock_clock.rate = 1.0
    async with running() as gateway, wire_to(gateway) as wire:
        for _ in range(4):
            await wire.get()
            await trio.testing.wait_all_tasks_blocked(0.01)
            mock_clock.jump(KEEP_ALIVE / 2)  # the timer begins anew with each
        mock_clock.jump(KEEP_ALIVE / 2)
        assert await wire.until_closed() == b""


async def test_a_second_head_that_dribbles_is_cut() -> None:
    with trio.fail_after(30):
        async with running(head_timeout=0.3) as gateway, wire_to(gateway) as wire:
            await wire.get()
            await _dribble(wire, b"GET / HTTP/1.1\r\nHost: " + b"a" * 1000)


@pytest.mark.parametrize("framing", [b"Content-Length: 1000", b"Transfer-Encoding: chunked"])
async def test_a_body_that_dribbles_is_cut(monkeypatch: pytest.MonkeyPatch, framing: bytes) -> None:
    monkeypatch.setattr(read_deadlines, "BODY_TIMEOUT", 0.3)
    with trio.fail_after(30), nothing_logged():
        async with running() as gateway, wire_to(gateway) as wire:
            await wire.send(b"POST /echo HTTP/1.1\r\nHost: localhost\r\n" + framing + b"\r\n\r\n")
            await _dribble(wire, b"1\r\na\r\n" * 200)
            await none_left(gateway)


async def test_a_long_handler_is_waited_for(mock_clock: trio.testing.MockClock) -> None:
    mock_clock.rate = 1.0
    app = make_app()
    async with running(app) as gateway, wire_to(gateway) as wire:
        await wire.send(b"POST /slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n")
        await app.entered.wait()
        await wire.send(b"bodyGET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await trio.testing.wait_all_tasks_blocked(0.01)
        mock_clock.jump(3600)
        await trio.testing.wait_all_tasks_blocked(0.01)
        app.released.set()
        assert (await wire.response())[2] == b"slow"
        assert (await wire.response())[2] == b"slow"


async def test_a_client_that_does_not_read_its_answer_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connection, "WRITE_TIMEOUT", 0.3)
    with trio.fail_after(30), nothing_logged():
        async with running() as gateway, wire_to(gateway) as wire:
            await wire.send(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await until(lambda: gateway.connections == 1)
            await none_left(gateway)
            assert len(await wire.until_closed()) < len(LARGE)


async def test_a_client_that_reads_slowly_gets_its_whole_answer(
    monkeypatch: pytest.MonkeyPatch, mock_clock: trio.testing.MockClock
) -> None:
    """Time goes by only where it is let, and as much as is allowed for each piece that the client takes."""
    pieces = 0

    async def send_all(stream: ReplayStream, data: memoryview) -> None:
        nonlocal pieces
        await send(stream, data)
        pieces += 1

    send = ReplayStream.send_all
    monkeypatch.setattr(ReplayStream, "send_all", send_all)
    blueprint = Blueprint("large", __name__)

    @blueprint.get("/large")
    async def large() -> bytes:
        return LARGE

    async with running(create_app([blueprint])) as gateway, wire_to(gateway) as wire:
        began = trio.current_time()
        await wire.send(b"GET /large HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        received = 0
        while received < len(LARGE):
            taken = pieces
            while pieces == taken and received < len(LARGE):
                data = await wire.stream.receive_some(65536)
                assert data, "it was cut"
                received += len(data)
            mock_clock.jump(0.9 * WRITE_TIMEOUT)
        received += len(await wire.until_closed())
        assert received > len(LARGE)
        assert trio.current_time() - began > 10 * WRITE_TIMEOUT


async def test_a_body_that_nobody_reads_does_not_take_the_answer_away() -> None:
    with trio.fail_after(10), nothing_logged():
        async with running() as gateway, wire_to(gateway) as wire:
            await wire.send(
                b"POST /none HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500000\r\n\r\n" + b"x" * 500_000
            )
            assert (await wire.response())[0] == 404


async def test_a_second_head_over_the_limit_is_refused_with_431() -> None:
    with trio.fail_after(10), nothing_logged():
        async with running(max_head_bytes=4096) as gateway:
            for head in (b"X: " + b"x" * 10_000, b"a:b\r\n" * 200):
                async with wire_to(gateway) as wire:
                    await wire.get()
                    await wire.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n" + head + b"\r\n\r\n")
                    assert (await wire.response())[0] == 431
                    assert await wire.until_closed() == b""


@pytest.mark.parametrize("behind", [b"", b"GET /who HTTP/1.1\r\nHost: localhost\r\n\r\n"])
@pytest.mark.parametrize("path", [b"/echo", b"/ignore", b"/none", b"/slow"])
async def test_after_a_body_with_two_lengths_nothing_is_answered(path: bytes, behind: bytes) -> None:
    """RFC 9112, section 6.1: a proxy that believed the other length saw the second request in the first one's body."""
    app = make_app()
    app.released.set()
    head = (
        b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
        % path
    )
    with trio.fail_after(10), nothing_logged():
        async with running(app) as gateway, wire_to(gateway) as wire:
            await wire.send(head + b"5\r\nhello\r\n0\r\n\r\n" + behind)
            status, headers, body = await wire.response()
            expected = {b"/echo": b"hello", b"/ignore": b"ignored", b"/slow": b"slow"}
            assert (status == 404) if path == b"/none" else (body == expected[path])
            assert headers["connection"] == "close"
            assert await wire.until_closed() == b""


async def test_an_answer_that_is_never_finished_ends_with_its_connection() -> None:
    with trio.fail_after(10):
        async with running() as gateway, wire_to(gateway) as wire:
            await wire.send(b"GET /crash-late HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert (await wire.until_closed()).endswith(b"half ")


async def test_an_answer_ended_by_a_storage_failure_is_logged_and_closes_the_connection() -> None:
    with trio.fail_after(10), capture_logs() as entries:
        async with running() as gateway, wire_to(gateway) as wire:
            await wire.send(b"GET /break-off HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert (await wire.until_closed()).endswith(b"half ")
    (warning,) = (entry for entry in entries if entry["log_level"] in ("warning", "error"))
    assert (warning["event"], warning["path"]) == (
        "response cut short: the database or disk failed while it was sent",
        "/break-off",
    )
    assert "exc_info" not in warning


async def test_a_begun_answer_is_finished_although_the_rest_of_the_body_is_malformed() -> None:
    app = make_app()
    with trio.fail_after(10), nothing_logged():
        async with running(app) as gateway, wire_to(gateway) as wire:
            await wire.send(b"POST /early HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
            await app.entered.wait()
            await wire.send(b"zz\r\nhello")
            await trio.testing.wait_all_tasks_blocked(0.01)
            app.released.set()
            status, headers, body = await wire.response()
            assert (status, body) == (200, b"early answer")
            assert headers["connection"] == "close"
            assert await wire.until_closed() == b""


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize(
    "head", [b"GET /slow HTTP/1.1\r\nHost: localhost\r\nConnection: close", b"GET /slow HTTP/1.0"]
)
async def test_bytes_after_the_last_request_do_not_cut_its_answer(head: bytes, together: bool) -> None:
    app = make_app()
    behind = b"GET /who HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with trio.fail_after(10), nothing_logged():
        async with running(app) as gateway, wire_to(gateway) as wire:
            await wire.send(head + b"\r\n\r\n" + (behind if together else b""))
            await app.entered.wait()
            if not together:
                await wire.send(behind)
                await trio.testing.wait_all_tasks_blocked(0.01)
            app.released.set()
            assert (await wire.response())[::2] == (200, b"slow")
            assert await wire.until_closed() == b""
            assert app.events == ["started"]


async def test_bytes_after_the_last_request_are_read_and_dropped() -> None:
    with trio.fail_after(10), nothing_logged():
        async with running() as gateway, wire_to(gateway) as wire:
            # A reset would end the sending, and on some systems take the answer away.
            await wire.send(
                b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" + b"x" * 900_000
            )
            assert (await wire.response())[2] == b"hello"


async def test_nothing_follows_half_an_answer() -> None:
    """The last write of an answer without a length is cancelled: the client must not take the next for its rest."""
    asked: list[str] = []

    async def app(scope: dict[str, Any], receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        asked.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a part", "more_body": True})
        with trio.CancelScope() as too_late:
            too_late.cancel()
            await send({"type": "http.response.body", "body": b""})

    with trio.fail_after(10):
        async with running(app) as gateway, wire_to(gateway) as wire:
            await wire.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: localhost\r\n\r\n" % n for n in range(2)))
            answer = await wire.until_closed()
    assert asked == ["/0"]
    assert answer.endswith(b"6\r\na part\r\n")


@pytest.mark.parametrize("is_closed", [False, True])
async def test_a_handler_learns_that_its_client_sends_nothing_more(is_closed: bool) -> None:
    waiting, learned = trio.Event(), trio.Event()

    async def app(scope: dict[str, Any], receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        assert not scope["extensions"][INPUT_ENDED].is_set()
        waiting.set()
        await scope["extensions"][INPUT_ENDED].wait()
        learned.set()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    with trio.fail_after(10):
        async with running(app) as gateway, wire_to(gateway) as wire:
            await wire.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await waiting.wait()
            if is_closed:
                await wire.stream.aclose()
            else:
                await wire.stream.send_eof()  # type: ignore[attr-defined]
                assert (await wire.response())[2] == b"ok"
            await learned.wait()


async def _live(receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
    """Start and stop an app, as ASGI's lifespan asks for it."""
    for step in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{step}.complete"})


async def _chunks() -> AsyncGenerator[bytes]:
    for _ in range(1000):
        yield b"chunk"


async def _dribble(wire: Wire, data: bytes) -> None:
    """Send byte after byte until the server has had enough."""
    with pytest.raises(trio.BrokenResourceError):  # noqa: PT012
        for byte in data:
            await wire.send(bytes([byte]))
            await trio.sleep(0.02)


async def test_a_connection_that_is_over_is_no_work_for_the_garbage_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        with trio.fail_after(10):
            async with running() as gateway:
                for path in ("/", "/who"):
                    async with wire_to(gateway) as wire:
                        await wire.get(path)
                async with wire_to(gateway) as wire:
                    await wire.send(b"nonsense\r\n\r\n")
                    await wire.until_closed()
                await none_left(gateway)
                await trio.testing.wait_all_tasks_blocked()
                left = [each for each in gc.get_objects() if type(each) is http_connection._HttpConnection]
                assert left == []
    finally:
        gc.enable()
