"""The open gateway: its addresses, its admission, and its stop."""

import errno
import os
import ssl
import sys
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import trio
import trustme
import websockets.sync.client
from structlog.testing import capture_logs
from trio.testing import wait_all_tasks_blocked
from trio_websocket import open_websocket_url

from chat.domain.startup import CannotStart
from chat.gateway import connections, listener
from chat.gateway.balance import ConnectionCounts, WorkerSlot
from chat.gateway.binding import bind
from chat.gateway.http1.request import IncomingRequest
from chat.gateway.listener import ACCEPT_PAUSE, COMPLAINT_INTERVAL, open_gateway
from chat.settings.listen import Listen
from tests.support.gateway import (
    LARGE,
    OPENING,
    Wire,
    connect,
    echo,
    make_app,
    make_config,
    none_left,
    nothing_logged,
    port_of,
    running,
    until,
    wire_to,
)

# --- where it listens ---


async def test_without_a_descriptor_it_tries_again_after_a_while_and_complains_seldom(
    autojump_clock: object,
) -> None:
    tries: list[float] = []

    class NoDescriptors:
        async def accept(self) -> trio.SocketStream:
            await trio.lowlevel.checkpoint()
            tries.append(trio.current_time())
            if len(tries) > 50 * COMPLAINT_INTERVAL:
                raise trio.ClosedResourceError
            raise OSError(errno.ENFILE, "no descriptors in the whole system")

    unused: Any = SimpleNamespace(count=0)
    refusing: Any = NoDescriptors()
    with capture_logs() as logs:
        async with trio.open_nursery() as serving:
            await listener._accept(refusing, unused, unused, unused, None, unused, serving)
    assert tries[1] - tries[0] == pytest.approx(ACCEPT_PAUSE)
    assert len(logs) == pytest.approx((tries[-1] - tries[0]) / COMPLAINT_INTERVAL, abs=1)


async def test_sockets_that_it_is_given_are_closed_when_it_ends() -> None:
    bound = await bind(Listen("127.0.0.1", 0))
    with trio.fail_after(30):
        async with open_gateway(
            make_config(), make_app(), echo, on_stop=lambda: None, bounds=[bound]
        ) as gateway:
            wire = await connect(gateway)
            assert (await wire.get())[0] == 200
            await wire.stream.aclose()
        for each in bound.listeners:
            assert each.socket.fileno() == -1


async def test_http_and_sockets_share_the_port() -> None:
    with trio.fail_after(30):
        async with running() as gateway:
            async with open_websocket_url(gateway.addresses[0].replace("http", "ws", 1)) as ws:
                await ws.send_message("hello")
                assert await ws.get_message() == "hello"
                async with httpx.AsyncClient() as client:
                    assert (await client.get(gateway.addresses[0])).text == "hello"
                await until(lambda: gateway.connections == 1)
            await none_left(gateway)


async def test_a_client_of_another_make_is_understood() -> None:
    def converse(url: str) -> list[str | bytes]:
        with websockets.sync.client.connect(url, open_timeout=5, close_timeout=5) as ws:
            ws.send("one")
            ws.send("two")
            return [ws.recv(5), ws.recv(5)]

    with trio.fail_after(30):
        async with running() as gateway:
            url = gateway.addresses[0].replace("http", "ws", 1) + "/ws"
            assert await trio.to_thread.run_sync(converse, url) == ["one", "two"]
            await none_left(gateway)


async def test_a_socket_arrives_with_its_head_its_address_and_its_listener() -> None:
    arrived: list[IncomingRequest] = []

    async def serve(request: IncomingRequest) -> None:
        arrived.append(request)

    listen = Listen("127.0.0.1", 0, "messenger")
    with trio.fail_after(30):
        async with running(serve_socket=serve, listen=(listen,), trusted_proxies=("127.0.0.0/8",)) as gateway:
            for extra in (b"", b"X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n"):
                async with wire_to(gateway) as wire:
                    await wire.send(OPENING.replace(b"\r\n", b"\r\n" + extra, 1))
                    assert await wire.until_closed() == b""
    first, second = arrived
    assert (first.address, first.scheme, first.listen) == ("127.0.0.1", "http", listen)
    assert (second.address, second.scheme) == ("192.0.2.1", "https")
    assert (first.head.path, first.head.query, first.stream.tls) == ("/ws", "token=x", None)


async def test_each_listener_has_its_own_address_and_dialect() -> None:
    dialects: list[str] = []

    async def serve(request: IncomingRequest) -> None:
        dialects.append(request.listen.dialect)

    listen = (Listen("127.0.0.1", 0), Listen("::1", 0, "direct"), Listen("localhost", 0, "messenger"))
    with trio.fail_after(30):
        async with running(serve_socket=serve, listen=listen) as gateway:
            hosts = [address.rpartition(":")[0] for address in gateway.addresses]
            assert hosts == ["http://127.0.0.1", "http://[::1]", "http://localhost"]
            for address in gateway.addresses:
                host, _, port = address.removeprefix("http://").rpartition(":")
                async with await trio.open_tcp_stream(host.strip("[]"), int(port)) as stream:
                    await stream.send_all(OPENING)
                    assert await stream.receive_some() == b""
    assert dialects == ["talker", "direct", "messenger"]


async def test_the_wildcard_of_ipv6_is_listened_on() -> None:
    with trio.fail_after(30):
        async with running(listen=(Listen("::", 0),)) as gateway:
            stream = await trio.open_tcp_stream("::1", port_of(gateway))
            async with stream:
                assert (await Wire(stream).get())[0] == 200


async def test_a_port_in_use_is_reported_in_one_line() -> None:
    with trio.fail_after(30):
        async with running() as gateway:
            port = port_of(gateway)
            with pytest.raises(
                CannotStart, match=rf"^cannot listen on 127\.0\.0\.1:{port}: address already in use$"
            ):
                async with running(listen=(Listen("127.0.0.1", 0), Listen("127.0.0.1", port))):
                    pass


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("no.such.host.invalid", "no.such.host.invalid:9000"),
        ("192.0.2.77", "192.0.2.77:9000"),
        ("2001:db8::77", r"\[2001:db8::77\]:9000"),
        ("a..b", r"a\.\.b:9000"),
        ("x" * 100, "xxx:9000"),
    ],
)
async def test_an_unusable_host_is_reported_in_one_line(host: str, shown: str) -> None:
    with trio.fail_after(20), pytest.raises(CannotStart, match=rf"^cannot listen on \S*{shown}: [^\n]+$"):
        async with running(listen=(Listen(host, 9000),)):
            pass


async def test_a_port_can_be_listened_on_again_at_once() -> None:
    with trio.fail_after(30):
        async with running() as gateway, wire_to(gateway) as wire:
            await wire.get()
            port = port_of(gateway)
        async with running(listen=(Listen("127.0.0.1", port),)) as gateway, wire_to(gateway) as wire:
            assert (await wire.get())[0] == 200


# --- TLS ---


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def pem(authority: trustme.CA, tmp_path: Path) -> dict[str, Any]:
    """The settings for TLS."""
    issued = authority.issue_cert("localhost", "127.0.0.1")
    for number, blob in enumerate(issued.cert_chain_pems):
        blob.write_to_path(str(tmp_path / "cert.pem"), append=number > 0)
    issued.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    return {"tls_cert": tmp_path / "cert.pem", "tls_key": tmp_path / "key.pem"}


async def test_tls_carries_http_and_sockets(authority: trustme.CA, pem: dict[str, Any]) -> None:
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with trio.fail_after(30), nothing_logged():
        async with running(**pem) as gateway:
            assert gateway.addresses[0].startswith("https://127.0.0.1:")
            async with httpx.AsyncClient(verify=trusting) as client:
                answer = await client.get(gateway.addresses[0] + "/who")
                assert answer.json()["scheme"] == "https"
            url = gateway.addresses[0].replace("https", "wss") + "/ws"
            async with open_websocket_url(url, ssl_context=trusting) as ws:
                await ws.send_message("secret")
                assert await ws.get_message() == "secret"
            async with wire_to(gateway) as wire:  # plain HTTP on it is no reason to worry
                await wire.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert b"hello" not in await wire.until_closed()
            await none_left(gateway)


@pytest.mark.parametrize(
    ("offered", "chosen"), [(["h2", "http/1.1"], "http/1.1"), (["h2"], None), ([], None)]
)
async def test_tls_offers_nothing_but_http_1_1(
    authority: trustme.CA, pem: dict[str, Any], offered: list[str], chosen: str | None
) -> None:
    trusting = ssl.create_default_context()  # a fresh one: httpx changes what it is given
    authority.configure_trust(trusting)
    trusting.set_alpn_protocols(offered)
    with trio.fail_after(30), nothing_logged():
        async with running(**pem) as gateway:
            stream = await trio.open_ssl_over_tcp_stream("127.0.0.1", port_of(gateway), ssl_context=trusting)
            await stream.do_handshake()
            assert stream.selected_alpn_protocol() == chosen
            assert (await Wire(stream).get())[0] == 200
            await trio.aclose_forcefully(stream)


async def test_a_tls_handshake_has_a_deadline(pem: dict[str, Any]) -> None:
    with trio.fail_after(30), nothing_logged():
        async with running(**pem, handshake_timeout=0.2) as gateway, wire_to(gateway) as wire:
            await wire.send(b"\x16\x03\x01")
            assert await wire.until_closed() == b""


@pytest.mark.parametrize("spoilt", ["missing", "rubbish", "another", "alone", "encrypted"])
async def test_an_unusable_certificate_is_reported_in_one_line(pem: dict[str, Any], spoilt: str) -> None:
    match spoilt:
        case "missing":
            pem["tls_key"].unlink()
        case "rubbish":
            pem["tls_cert"].write_text("rubbish")
        case "another":
            trustme.CA().issue_cert("localhost").private_key_pem.write_to_path(str(pem["tls_key"]))
        case "alone":
            del pem["tls_key"]
        case "encrypted":
            _encrypt(pem["tls_key"])
    with pytest.raises(CannotStart, match=r"^[^\n]*(TLS|key\.pem)[^\n]*$"):
        async with running(**pem):
            pass


def _encrypt(path: Path) -> None:
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
        load_pem_private_key,
    )

    key = load_pem_private_key(path.read_bytes(), None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"unknown"))
    path.write_bytes(locked)


# --- what it admits ---


@pytest.mark.parametrize("request_", [OPENING, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"])
async def test_over_the_total_is_answered_with_503(request_: bytes) -> None:
    with trio.fail_after(30):
        async with running(max_connections=1) as gateway:
            async with wire_to(gateway) as first:
                assert (await first.get())[0] == 200
                async with wire_to(gateway) as second:
                    await second.send(request_)
                    status, headers, _ = await second.response()
                    assert (status, headers["retry-after"]) == (503, "10")
                    assert await second.until_closed() == b""
                assert gateway.connections == 1
                assert (await first.get())[0] == 200
            await none_left(gateway)
            async with wire_to(gateway) as third:
                assert (await third.get())[0] == 200


async def test_over_the_total_a_flood_is_answered_or_closed_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    from chat.gateway import connections

    monkeypatch.setattr(connections, "REFUSALS_AT_ONCE", 5)
    with trio.fail_after(30):
        async with running(max_connections=1) as gateway, wire_to(gateway) as first:
            await first.get()
            flood = [await trio.open_tcp_stream("127.0.0.1", port_of(gateway)) for _ in range(30)]
            answers = [await Wire(stream).until_closed() for stream in flood]  # none of them closes by itself
            assert sum(b" 503 " in answer for answer in answers) >= 5
            assert (await first.get())[0] == 200
            for stream in flood:
                await stream.aclose()


@pytest.mark.parametrize("extra", [b"", b"Upgrade: websocket\r\nConnection: upgrade\r\n"])
async def test_over_the_limit_of_an_address_is_answered_with_429(extra: bytes) -> None:
    settings: dict[str, Any] = {"max_connections_per_address": 1, "trusted_proxies": ("127.0.0.1",)}
    with trio.fail_after(30):
        async with running(None, **settings) as gateway, wire_to(gateway) as one, wire_to(gateway) as two:
            assert (await one.get("/", "X-Forwarded-For: 192.0.2.1"))[0] == 200
            await two.send(
                b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n" + extra + b"\r\n"
            )
            status, headers, _ = await two.response()
            assert (status, headers["retry-after"]) == (429, "10")
            assert await two.until_closed() == b""
            async with wire_to(gateway) as other:
                assert (await other.get("/", "X-Forwarded-For: 192.0.2.2"))[0] == 200


async def test_a_forwarded_loopback_address_is_not_exempt_from_limits() -> None:
    settings: dict[str, Any] = {"max_connections_per_address": 1, "trusted_proxies": ("127.0.0.1",)}
    for said in (("Forwarded: for=192.0.2.1", "X-Forwarded-For: 127.0.0.1"), ("X-Forwarded-For: ::1",)):
        with trio.fail_after(30):
            async with running(None, **settings) as gateway, wire_to(gateway) as one, wire_to(gateway) as two:
                status, _, body = await one.get("/who", *said)
                assert (status, b'"address":"unknown"' in body) == (200, True)
                assert (await two.get("/who", *said))[0] == 429


async def test_loopback_is_spared_the_limit_of_an_address() -> None:
    with trio.fail_after(30):
        async with (
            running(max_connections_per_address=1) as gateway,
            wire_to(gateway) as one,
            wire_to(gateway) as two,
        ):
            assert (await one.get())[0] == (await two.get())[0] == 200


@contextmanager
def no_descriptors() -> Generator[None]:
    """This process can open nothing more in the block."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)  # the next one that is free is now out of bounds
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limit")
@pytest.mark.parametrize("slot", [False, True], ids=["alone", "a worker"])
async def test_without_descriptors_health_checks_are_answered_and_others_refused(
    slot: bool,
) -> None:
    app = make_app()
    counts = ConnectionCounts(1)
    with trio.fail_after(30), capture_logs() as entries, closing(counts):
        async with open_gateway(
            make_config(),
            app,
            echo,
            on_stop=lambda: None,
            slot=WorkerSlot(counts, 0) if slot else None,
        ) as gateway:
            clients = [trio.socket.socket() for _ in range(4)]
            await wait_all_tasks_blocked()  # it accepts
            with no_descriptors():
                for client, path in zip(clients, ("/", "/livez", "/", "/livez"), strict=True):
                    await client.connect(("127.0.0.1", port_of(gateway)))
                    wire = Wire(trio.SocketStream(client))
                    status, headers, _ = await wire.get(path)
                    assert status == (200 if path == "/livez" else 503)
                    assert headers["connection"] == "close"
                    assert await wire.until_closed() == b""
            for client in clients:
                client.close()
            await none_left(gateway)
            async with wire_to(gateway) as later:
                assert (await later.get())[0] == 200
            if slot:
                await until(lambda: counts.connections[0] == 0)
    assert [entry["event"] for entry in entries] == [
        "no descriptors left: new connections are turned away; raise the limit of open files"
    ]


async def test_a_health_check_is_answered_beyond_the_limit_of_connections() -> None:
    with trio.fail_after(30):
        async with running(max_connections=1) as gateway, wire_to(gateway) as one:
            assert (await one.get())[0] == 200
            for path, expected in (("/livez", 200), ("/readyz", 404), ("/healthz", 404), ("/", 503)):
                async with wire_to(gateway) as more:
                    assert (await more.get(path))[0] == expected
                    assert await more.until_closed() == b""


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limit")
async def test_without_descriptors_a_silent_client_delays_others_briefly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "REFUSAL_TIMEOUT", 0.1)
    with trio.fail_after(30):
        async with running() as gateway:
            clients = [trio.socket.socket() for _ in range(3)]
            await wait_all_tasks_blocked()  # it accepts
            with no_descriptors():
                for client in clients:
                    await client.connect(("127.0.0.1", port_of(gateway)))
                async with trio.SocketStream(clients[2]) as stream:
                    assert (await Wire(stream).get("/livez"))[0] == 200
            for client in clients:
                client.close()


# --- how it stops ---


async def test_a_stop_closes_idle_connections_and_notifies_the_app() -> None:
    app = make_app()
    got: list[str] = []
    with trio.fail_after(30):
        async with running(app, on_stop=lambda: got.append("stop"), grace=300.0) as gateway:
            idle, half, fresh = [await connect(gateway) for _ in range(3)]
            await idle.get()
            await idle.get()
            await half.get()
            await half.send(b"GET / HT")
            await wait_all_tasks_blocked(0.05)  # until then the last answers may not be finished with
            assert got == []
        for wire in (idle, half, fresh):
            assert await wire.until_closed() == b""
            await wire.stream.aclose()
        assert got == ["stop"]
        assert app.events == ["started", "stopped"]


async def test_a_stop_waits_for_an_answer_that_is_being_made() -> None:
    app = make_app()
    with trio.fail_after(30):
        async with running(app, on_stop=app.released.set, grace=300.0) as gateway:
            wire = await connect(gateway)
            await wire.send(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await app.entered.wait()
        assert (await wire.until_closed()).endswith(b"slow")
        await wire.stream.aclose()


async def test_a_stop_accepts_nobody_more() -> None:
    refused: list[bool] = []
    with trio.fail_after(30):

        async def knock() -> None:
            with pytest.raises(OSError):  # noqa: PT011
                await trio.open_tcp_stream("127.0.0.1", port)
            refused.append(True)
            app.released.set()

        app = make_app()
        async with trio.open_nursery() as nursery:
            async with running(app, on_stop=lambda: nursery.start_soon(knock), grace=300.0) as gateway:
                port = port_of(gateway)
                wire = await connect(gateway)
                await wire.send(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
                await app.entered.wait()
            await wire.stream.aclose()
        assert refused


async def test_a_stop_lets_sockets_close_properly() -> None:
    stopping = trio.Event()

    async def serve(request: IncomingRequest) -> None:
        await stopping.wait()
        await request.stream.send_all(b"goodbye")

    with trio.fail_after(30):
        async with running(serve_socket=serve, on_stop=stopping.set, grace=300.0) as gateway:
            wires = [await connect(gateway) for _ in range(50)]
            for wire in wires:
                await wire.send(OPENING)
            await until(lambda: gateway.connections == 50)
        for wire in wires:
            assert (await wire.until_closed()).endswith(b"goodbye")
            await wire.stream.aclose()


async def test_a_stop_takes_the_grace_period_at_most() -> None:
    """Whatever holds on: a handler that waits, a client that does not read, a socket that shields itself."""

    async def hold_on(request: IncomingRequest) -> None:
        with trio.CancelScope(shield=True):  # no real code does that
            await request.stream.receive_some()
            await request.stream.receive_some()

    app = make_app()
    with trio.fail_after(30), nothing_logged():
        async with running(app, hold_on, grace=0.5) as gateway:
            slow, large, socket_ = [await connect(gateway) for _ in range(3)]
            await slow.send(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await large.send(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await socket_.send(OPENING)
            await until(lambda: gateway.connections == 3)
            await wait_all_tasks_blocked(0.05)
            begin = time.perf_counter()
        assert time.perf_counter() - begin > 0.4
        assert gateway.connections == 0
        assert len(await large.until_closed()) < len(LARGE)
        for wire in (slow, large, socket_):
            await wire.until_closed()
            await wire.stream.aclose()
    assert app.events == ["started", "cancelled", "stopped"]


async def test_cancelling_cuts_everything_at_once() -> None:
    async def hold_on(request: IncomingRequest) -> None:
        with trio.CancelScope(shield=True):
            await request.stream.receive_some()
            await request.stream.receive_some()

    app = make_app()
    with trio.fail_after(30), nothing_logged():
        with trio.CancelScope() as scope:
            async with running(app, hold_on, grace=300.0) as gateway:
                wires = [await connect(gateway) for _ in range(4)]
                await wires[0].get()
                await wires[1].send(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
                await wires[2].send(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
                await wires[3].send(OPENING)
                await until(lambda: gateway.connections == 4)
                await wait_all_tasks_blocked(0.05)
                scope.cancel()
                await trio.sleep_forever()
        for wire in wires:
            await wire.until_closed()
            await wire.stream.aclose()


async def test_a_bug_of_a_socket_ends_that_socket_only() -> None:
    async def crash(request: IncomingRequest) -> None:
        if request.head.path == "/crash":
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.sleep_forever)
                raise RuntimeError("a bug")
        await echo(request)

    with trio.fail_after(30), capture_logs() as entries:
        async with running(serve_socket=crash) as gateway:
            url = gateway.addresses[0].replace("http", "ws", 1)
            async with open_websocket_url(url) as ws:
                async with wire_to(gateway) as wire:
                    await wire.send(OPENING.replace(b"/ws", b"/crash"))
                    assert await wire.until_closed() == b""
                await ws.send_message("still here")
                assert await ws.get_message() == "still here"
    assert [entry["event"] for entry in entries] == ["connection closed after an internal error"]


async def test_an_app_that_does_not_start_is_reported_in_one_line() -> None:
    app = make_app()

    @app.before_serving
    async def fail() -> None:
        raise ValueError("no such thing")

    with (
        trio.fail_after(30),
        pytest.raises(CannotStart, match=r"^the HTTP app did not start: no such thing$"),
    ):
        async with running(app):
            pass


async def test_a_gateway_that_is_closed_at_once_ends_before_its_tasks_have_begun() -> None:
    with trio.fail_after(30):
        async with running():
            pass
