"""Requests that another site's page makes a browser send are refused, at every call and socket."""

import json
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from structlog.testing import capture_logs

from chat.domain.proxies import Proxies
from chat.gateway.binding import Bound
from chat.gateway.http1.head import Head
from chat.gateway.same_site import SameSite
from chat.server import Server, open_chat
from chat.settings.config import Config
from chat.settings.listen import Listen
from tests.reference.storage import MemoryStorage
from tests.support.gateway import OPENING, Wire, running, wire_to

SECRET = "a secret of the tests that is long enough"
SOCKETS = ["/", "/talker", "/support", "/messenger", "/direct", "/ws"]
SIGN_IN = {  # of the five protocols: where who is known comes in, and where who is not registers
    ("POST", "/"),
    ("POST", "/v1/auth/"),
    ("POST", "/api/login"),
    ("POST", "/api/reg"),
    ("POST", "/login"),
    ("POST", "/signup"),
    ("PUT", "/login"),
    ("POST", "/register"),
}


class Chat:
    """The whole server on a storage of its own, and a client that sends what a browser would."""

    def __init__(self, server: Server, storage: MemoryStorage, client: httpx.AsyncClient) -> None:
        self.url = server.addresses[0]
        self.storage = storage
        self.client = client

    async def call(self, method: str, path: str, body: bytes = b"", **headers: str) -> httpx.Response:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.request(method, path, content=body, headers=headers)

    async def upgrade(self, path: str, *headers: str) -> tuple[int, bytes]:
        """The status and the body of the answer to a WebSocket's opening handshake."""
        stream = await trio.open_tcp_stream("127.0.0.1", int(self.url.rpartition(":")[2]))
        head = OPENING.replace(b"/ws?token=x", path.encode())
        if any(header.startswith("Host:") for header in headers):
            head = head.replace(b"Host: localhost\r\n", b"")
        async with stream:
            wire = Wire(stream)
            await wire.send(head.replace(b"\r\n", "\r\n".join(["", *headers, ""]).encode("latin-1"), 1))
            status, _, body = await wire.response()
            return status, body


@asynccontextmanager
async def chat(**settings: Any) -> AsyncGenerator[Chat]:
    config = Config(
        listen=(Listen("127.0.0.1", 0),), data=Path("unused"), grace=2.0, bcrypt_cost=4, **settings
    )
    storage = MemoryStorage()
    with trio.fail_after(30):
        async with (
            open_chat(config, storage, SECRET) as server,
            httpx.AsyncClient(base_url=server.addresses[0]) as client,
        ):
            yield Chat(server, storage, client)


FOREIGN: list[dict[str, str]] = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Sec_Fetch_Site": "cross-site"},
    {"Host": "evil.example", "Origin": "http://evil.example"},
    {"Host": "evil.example"},
]


async def test_no_call_of_any_protocol_is_taken_from_another_site() -> None:
    async with chat() as server:
        described = (await server.client.get("/openapi.json")).json()["paths"]
        calls = [
            (method.upper(), path.replace("{", "").replace("}", ""))
            for path, methods in described.items()
            for method in methods
            if method != "get"
        ]
        assert set(calls) >= SIGN_IN
        for method, path in calls:
            for headers in FOREIGN:
                # Before the body is looked at: it is no JSON, and its type is wrong.
                answer = await server.call(method, path, b"{", Content_Type="text/plain", **headers)
                assert (answer.status_code, list(answer.json())) == (403, ["error"]), (method, path, headers)
                assert "--origin https://" in answer.json()["error"]
                assert "CHAT_ORIGINS" in answer.json()["error"]


async def test_a_foreign_page_makes_no_account_and_our_own_does() -> None:
    async with chat() as server:
        for number, headers in enumerate([*FOREIGN, {"Origin": server.url}, {}]):
            for path in ("/api/reg", "/signup", "/register"):
                name = f"new_{number}{path.replace('/', '_')}"
                body = json.dumps(
                    {"name": name, "username": name, "password": "password", "email": f"{name}@x.example"}
                )
                answer = await server.call("POST", path, body.encode(), **headers)
                known = await server.storage.users.by_name(name)
                assert (known is not None) == (number >= len(FOREIGN)), (path, headers, answer.text)


async def test_no_socket_of_any_protocol_is_opened_by_another_site() -> None:
    async with chat() as server:
        for path in SOCKETS:
            for headers in FOREIGN:
                lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
                status, body = await server.upgrade(path, *lines)
                assert status == 403, (path, headers)
                assert b"--origin https://" in body
            for lines in ([], [f"Origin: {server.url}", f"Host: {server.url[7:]}"]):
                status, _ = await server.upgrade(path, *lines)
                assert status == (401 if path == "/ws" else 101), (path, lines)


OURS = [
    "localhost",
    "LocalHost:1",
    "localhost.",
    "chat.localhost:9000",
    "127.0.0.1",
    "127.0.0.1:80",
    "127.8.9.1",
    "[::1]",
    "[::1]:9000",
    "chat.example",  # which is configured
    "CHAT.example:8443",
]
NOT_OURS = [
    "evil.example",
    "evil.example:9000",
    "localhost.evil.example",
    "evil-localhost",
    "127.0.0.1.evil.example",
    "127.0.0.1@evil.example",
    "0.0.0.0",
    "192.0.2.1",
    "[::2]",
    "[::1",
    "chat.example.evil.example",
    "not a host",
]


@pytest.mark.parametrize(("hosts", "allowed"), [(OURS, True), (NOT_OURS, False)], ids=["ours", "others"])
async def test_on_loopback_a_host_is_localhost_or_of_a_configured_origin(
    hosts: list[str], allowed: bool
) -> None:
    async with chat(origins=("https://chat.example",)) as server:
        for host in hosts:
            assert (await server.call("GET", "/healthz", Host=host)).status_code == (
                200 if allowed else 403
            ), host
            assert (await server.upgrade("/talker", f"Host: {host}"))[0] == (101 if allowed else 403), host


async def test_a_client_that_names_no_host_is_let_in() -> None:
    with trio.fail_after(10):
        async with running() as gateway:
            for head in (
                b"GET /who HTTP/1.0\r\n\r\n",
                b"GET /who HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n",
            ):
                async with wire_to(gateway) as wire:
                    await wire.send(head)
                    assert b"127.0.0.1" in await wire.until_closed()


async def test_a_star_lets_everybody_in() -> None:
    async with chat(origins=("*",)) as server:
        for headers in FOREIGN:
            assert (await server.call("POST", "/api/reg", b"{", **headers)).status_code == 400
            lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
            assert (await server.upgrade("/talker", *lines))[0] == 101


async def test_only_a_trusted_proxy_may_forward_the_host() -> None:
    got: list[dict[str, str]] = [
        {"X_Forwarded_Host": "chat.example"},
        {"Forwarded": "for=192.0.2.1;host=chat.example"},
    ]
    for trusted, expected in (("127.0.0.0/8", 400), ("192.0.2.0/24", 403)):
        async with chat(trusted_proxies=(trusted,)) as server:
            for headers in got:
                for host in ("chat.example", "127.0.0.1:9000"):  # which it passes on, or sets itself
                    call: dict[str, str] = {**headers, "Host": host, "Origin": "http://chat.example"}
                    same = host == "chat.example"
                    answer = await server.call("POST", "/api/reg", b"{", **call)
                    assert answer.status_code == expected, (trusted, call)
                    answer = await server.call("GET", "/healthz", **{**headers, "Host": host})
                    assert answer.status_code == (403 if expected == 403 and same else 200), (trusted, call)
            behind = await server.call("GET", "/healthz", Host="chat.example", X_Forwarded_For="192.0.2.1")
            assert behind.status_code == 403
            assert "X-Forwarded-Host" in behind.json()["error"]


async def test_allowed_origins_may_call_across_sites_and_safe_methods_always_may() -> None:
    async with chat(origins=("https://friend.example",)) as server:
        friend = {"Origin": "https://friend.example", "Sec_Fetch_Site": "cross-site"}
        assert (await server.call("POST", "/api/reg", b"{", **friend)).status_code == 400
        for site in ("same-origin", "same-site", "none"):
            assert (await server.call("POST", "/api/reg", b"{", Sec_Fetch_Site=site)).status_code == 400
        for method in ("GET", "HEAD", "OPTIONS"):
            answer = await server.call(
                method, "/healthz", Origin="https://evil.example", Sec_Fetch_Site="cross-site"
            )
            assert answer.status_code == 200
        with_token = await server.call(
            "GET", "/profile", Origin="https://evil.example", Authorization="Bearer x"
        )
        assert with_token.status_code == 403


async def test_each_request_of_a_connection_is_looked_at() -> None:
    with trio.fail_after(10):
        async with running() as gateway, wire_to(gateway) as wire:
            assert (await wire.get())[0] == 200
            await wire.send(b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")
            assert (await wire.response())[0] == 403
            assert (await wire.get())[0] == 200


async def test_a_body_that_is_refused_is_not_waited_for() -> None:
    with trio.fail_after(10):
        async with running() as gateway, wire_to(gateway) as wire:
            await wire.send(
                b"POST /echo HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\nContent-Length: 50000\r\n\r\n"
            )
            status, headers, _ = await wire.response()
            assert (status, headers["connection"]) == (403, "close")


async def test_each_kind_of_refusal_is_logged_once_with_the_compared_values() -> None:
    with capture_logs() as entries:
        async with chat(origins=("https://friend.example",)) as server:
            for number in range(5):
                await server.call("GET", "/", Host=f"{number}." + "evil." * 50 + "example")
                await server.call("POST", "/api/reg", Origin=f"https://{number}." + "evil." * 500 + "example")
                await server.upgrade("/talker", f"Host: {number}.evil.example")
    logged = [entry for entry in entries if entry["log_level"] == "warning"]
    assert [entry["event"].partition(";")[0] for entry in logged] == [
        "refused a request with a foreign Host header",
        "refused a request from a foreign origin",
    ]
    host, origin = logged
    assert host["host"].startswith("0.evil.")
    assert host["ours"] == ["localhost", "friend.example"]
    assert origin["origin"].startswith("https://0.evil.")
    assert origin["ours"] == server.url
    assert origin["origins"] == ["https://friend.example"]
    assert "--trusted-proxy" in origin["hint"]
    assert len(str(logged)) < 1000


@pytest.mark.parametrize(
    ("addresses", "loopback"),
    [
        (["127.0.0.1"], True),
        (["127.0.0.1", "127.0.0.2"], True),
        (["0.0.0.0"], False),
        (["127.0.0.1", "0.0.0.0"], False),
    ],
)
async def test_only_a_listener_on_loopback_alone_is_restricted(addresses: list[str], loopback: bool) -> None:
    """They are bound and never listen: nobody gets in meanwhile."""
    sockets = [socket.socket() for _ in addresses]
    for bound, address in zip(sockets, addresses, strict=True):
        bound.bind((address, 0))
    listeners = [BoundOnly(bound) for bound in sockets]
    try:
        assert Bound(Listen("test", 0), 0, tuple(listeners)).is_loopback == loopback  # type: ignore[arg-type]
    finally:
        for bound in sockets:
            bound.close()


class BoundOnly:
    """As much of a trio.SocketListener as a bound socket can be that does not listen."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock


async def test_a_server_not_only_on_loopback_accepts_any_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bound, "is_loopback", False)  # a test opens no port to others
    async with chat() as server:
        assert (await server.call("GET", "/healthz", Host="chat.example")).status_code == 200
        assert (await server.upgrade("/talker", "Host: chat.example"))[0] == 101


def test_on_loopback_a_listener_answers_to_the_name_it_was_given_too() -> None:
    """As `--listen myhost:9000`, where the machine's own name stands for 127.0.1.1."""
    head = Head("GET", "/", "1.1", (("host", "MyHost:9000"),))
    checked = SameSite((), Proxies(()))
    for loopback, allowed in (("myhost", True), ("127.0.0.1", False)):
        refusal = checked.refusal(head, peer="127.0.0.1", scheme="http", loopback=loopback)
        assert (refusal is None) == allowed
