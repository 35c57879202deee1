"""One connection of the real gateway, from being accepted to being closed; and the whole server."""

import socket as sockets
import ssl
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
import trio
import trustme
from structlog.testing import capture_logs
from trio_cancel_sweep import Run

from chat.domain.accounts.passwords import Passwords
from chat.domain.administration.audit import What
from chat.domain.closing import GOING_AWAY
from chat.domain.entities import LOBBY_ID, Draft, Pair, Person
from chat.domain.limits.budgets import Budgets
from chat.domain.ports import FileStore, NewPerson
from chat.features.feature import plain_routes
from chat.features.registry import FEATURES
from chat.gateway.connections import Connections
from chat.gateway.listener import Gateway, open_gateway
from chat.gateway.websocket.endpoint import WebSocketEndpoint
from chat.inspection.inspection import OwnInspection
from chat.inspection.metrics import Metrics
from chat.inspection.recorder import Recorder
from chat.inspection.watch import Watch
from chat.protocols.lines.commands import Recall
from chat.protocols.lines.handlers import LobbyClient
from chat.protocols.registry import DIALECTS, PROTOCOLS, STREAMS
from chat.server import open_chat
from chat.settings.config import Config
from chat.settings.listen import Listen
from chat.storage.archives import Archives
from chat.web_api import app as http_app
from chat.web_api.app import create_app
from chat.web_api.metrics import create_metrics
from chat.web_api.pages import create_pages
from chat.web_api.web_client import web_files
from chat.web_api.widget import create_widget
from tests.cancellation.swept_world import ear_in_lobby, fill, swept_world, texts_saved
from tests.reference.storage import MemoryStorage
from tests.support.chat_world import SECRET, World

GONE = (trio.BrokenResourceError, trio.ClosedResourceError, OSError)


def config(**settings: Any) -> Config:
    """One listener on a free port of loopback, and short waits."""
    defaults: dict[str, Any] = {
        "listen": (Listen("127.0.0.1", 0),),
        "data": Path("unused"),
        "grace": 0.5,
        "bcrypt_cost": 4,
    }
    return Config(**(defaults | settings))


class Wire:
    """A client that sends bytes and remembers what it got; that the server is gone is no error to it."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self.got = b""

    async def send(self, data: bytes) -> None:
        with suppress(*GONE):
            await self.stream.send_all(data)

    async def until(self, *marks: bytes) -> bool:
        """Read until a mark has come behind what was read so far; False if nothing more comes."""
        begin = len(self.got)
        with suppress(*GONE):
            while not any(mark in self.got[begin:] for mark in marks):
                data = await self.stream.receive_some(65536)
                if not data:
                    return False
                self.got += data
            return True
        return False

    async def asks(self, method: str, path: str, body: object = None, token: str = "") -> Any:
        """Ask over HTTP, with bytes or JSON; return the JSON of the answer, or None where none came."""
        content = body if isinstance(body, bytes) else msgspec.json.encode(body) if body is not None else b""
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n"
        head += "Content-Type: application/json\r\n"
        head += f"Authorization: Bearer {token}\r\n" if token else ""
        begin = len(self.got)
        await self.send(f"{head}\r\n".encode() + content)
        with suppress(*GONE, ValueError):
            while True:
                got, _, rest = self.got[begin:].partition(b"\r\n\r\n")
                length = got.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]
                if length and len(rest) >= int(length):
                    return msgspec.json.decode(rest[: int(length)])
                data = await self.stream.receive_some(65536)
                if not data:
                    return None
                self.got += data
        return None

    async def does(self, method: str, path: str, body: object, token: str) -> None:
        """Ask over HTTP for something whose answer has no body; an error has one."""
        content = msgspec.json.encode(body) if body is not None else b""
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n"
        head += f"Content-Type: application/json\r\nAuthorization: Bearer {token}\r\n\r\n"
        await self.send(head.encode() + content)
        await self.until(b"HTTP/1.1 204", b"}")

    async def opens(self, path: str, token: str = "") -> bool:
        """Shake hands for a WebSocket."""
        bearer = f"Authorization: Bearer {token}\r\n" if token else ""
        await self.send(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{bearer}"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        return await self.until(b"101 ") if path != "/nowhere" else await self.until(b"404 ")

    async def says(self, *frames: object) -> None:
        """Send text frames in one write, masked with zeros."""
        sent = b""
        for payload in map(msgspec.json.encode, frames):
            size = bytes((0x80 | len(payload),)) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2)
            sent += b"\x81" + size + bytes(4) + payload
        await self.send(sent)

    async def pings(self) -> None:
        """Send a ping and wait for its pong."""
        await self.send(b"\x89\x80" + bytes(4))
        await self.until(b"\x8a\x00")

    async def leaves(self) -> None:
        """Send a close frame, and read what still comes."""
        await self.send(b"\x88\x82" + bytes(4) + (1000).to_bytes(2))
        with suppress(*GONE):
            while data := await self.stream.receive_some(65536):
                self.got += data


@asynccontextmanager
async def gateway_of(world: World, settings: Config) -> AsyncGenerator[Gateway]:
    """The real gateway, endpoint and HTTP routes before a world."""
    metrics, storage = Metrics(), world.storage
    own = OwnInspection(Watch(Recorder(), metrics), metrics, storage.ping)
    routes = [
        *(protocol.routes(world.services) for protocol in PROTOCOLS if protocol.routes is not None),
    ]
    app = create_app(
        [
            create_pages(storage.ping, routes),
            create_metrics(own.metrics),
            create_widget(world.services.settings, world.services.operator_watch.is_staffed),
            *(part.blueprint for part in routes),
            *(blueprint for protocol in PROTOCOLS for blueprint in protocol.blueprints(world.services)),
        ],
        world.context.budgets,
        plain=plain_routes(FEATURES, world.services),
    )
    endpoint = WebSocketEndpoint(settings, DIALECTS, world.context, world.presence)
    streams = {
        each.dialect.name: each.server(settings, world.context, world.presence, Recorder())
        for each in STREAMS
    }
    async with open_gateway(
        settings,
        app,
        endpoint.serve,
        on_stop=lambda: world.presence.close_all(GOING_AWAY),
        streams=streams,
    ) as gateway:
        yield gateway


Client = Callable[[Wire, World], Awaitable[None]]


async def one_connection(
    run: Run,
    speak: Client,
    settings: Config,
    *,
    tls: bool = False,
    narrow: bool = False,
    budgets: Budgets | None = None,
    file_store: FileStore | None = None,
    archives: Archives | None = None,
) -> None:
    """Let a client speak over a connection of loopback, to the last listener; its being served is the target."""
    async with swept_world(run, budgets=budgets, file_store=file_store, archives=archives) as (
        world,
        witness,
    ):
        ear = await ear_in_lobby(world, "ben")
        async with gateway_of(world, settings) as gateway:
            connections: Connections = gateway._connections
            here, there = await _pair()
            if narrow:
                there.setsockopt(sockets.SOL_SOCKET, sockets.SO_SNDBUF, 65536)
                here.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 65536)
                drafts = [Draft(LOBBY_ID, 1, "ben", "x" * 3000, 1.0) for _ in range(90)]
                await world.storage.messages.save(drafts)

            async def client() -> None:
                stream: trio.abc.Stream = here
                if tls:
                    stream = trio.SSLStream(
                        here, _authority()[1], server_hostname="test", https_compatible=True
                    )
                with here.socket, suppress(*GONE):
                    await speak(Wire(stream), world)

            async with trio.open_nursery() as nursery:
                nursery.start_soon(client)
                await run.target(connections.serve, there, settings.listeners[-1])
                assert there.socket.fileno() == -1, "the socket is open"
            await world.rest()
            assert gateway.connections == 0, "a place is not given back"
            assert connections._refusing == 0
            assert not connections._sockets
            assert not connections._early
            assert not connections._http._open
            assert len(world.presence) == 1, "presence still has a client that is gone"
            assert not world.presence._handshakes
            received = [frame["message"] for frame in await ear.receives()]
            received = ["x" * 3000] * (90 if narrow else 0) + received  # which were there before
            assert received == texts_saved(world), f"heard {received}, saved {texts_saved(world)}"
            witness.assert_all_settled()
            assert world.journal.pending_writes.count == 0


async def _pair() -> tuple[trio.SocketStream, trio.SocketStream]:
    """Both ends of a connection of loopback."""
    with trio.socket.socket() as listening:
        await listening.bind(("127.0.0.1", 0))
        listening.listen(1)
        here = trio.socket.socket()
        await here.connect(listening.getsockname())
        there, _ = await listening.accept()
        return trio.SocketStream(here), trio.SocketStream(there)


@cache
def _authority() -> tuple[trustme.LeafCert, ssl.SSLContext]:
    """A certificate with its key, and a client's context that trusts it."""
    authority = trustme.CA()
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return authority.issue_cert("test"), context


async def _talk(wire: Wire, world: World) -> None:
    ada = await world.add("ada")
    if await wire.opens("/", world.token(ada)):
        await wire.says({"name": "ada", "message": "hi"})
        await wire.says({"name": "ada", "message": "history 5"})
        await wire.says({"name": "ada", "message": "bye"})
        await wire.until(b'"hi"', b"bye")
    await wire.leaves()


async def socket(run: Run) -> None:
    """A talker's socket, with a token in its handshake."""
    await one_connection(run, _talk, config())


async def socket_in_bursts(run: Run) -> None:
    """Pings among texts, more texts in one write than are answered in one go, and a goodbye of the server's."""

    async def speak(wire: Wire, world: World) -> None:
        ada = await world.add("ada")
        with trio.fail_after(AT_ONCE):
            if await wire.opens("/", world.token(ada)):
                await wire.pings()
                texts = (*(f"n{n}" for n in range(32)), "history 1")
                await wire.says(*({"name": "ada", "message": text} for text in texts))
                await wire.until(b'"n31"')
                await wire.pings()
                for session in tuple(world.presence):
                    if session.person == ada:
                        session.close(GOING_AWAY)
                await wire.until(b"\x88")
            await wire.leaves()

    await one_connection(run, speak, config())


AT_ONCE = 1.5
"""Seconds, of which a talk takes a hundredth; less than a session waits for the answer to its goodbye."""


async def socket_over_tls(run: Run) -> None:
    """The same through TLS, where every byte goes by the writer task."""
    with certificate() as (cert, key):
        await one_connection(run, _talk, config(tls_cert=cert, tls_key=key), tls=True)


async def http_over_tls(run: Run) -> None:
    """A call through TLS, with a record of its body that is longer than what is read at once."""

    async def speak(wire: Wire, _world: World) -> None:
        await wire.asks("PUT", "/login", {"Email": "ada@example.com", "Password": "x" * 20_000})
        await wire.stream.aclose()

    with certificate() as (cert, key), pytest.MonkeyPatch.context() as shorter:
        shorter.setattr("chat.gateway.http1.connection.READ_BYTES", 10_000)
        await one_connection(run, speak, config(tls_cert=cert, tls_key=key), tls=True)


async def no_tls(run: Run) -> None:
    """A handshake that is not TLS: it gets an alert and is closed."""

    async def speak(wire: Wire, _world: World) -> None:
        await wire.send(b"\x16\x03\x01\x00\x05\x01\x00\x00\x01x")  # a hello of one byte
        await wire.until(b"nothing more comes")
        assert run.fired or wire.got[:1] == b"\x15", f"{wire.got!r} is no alert of TLS"
        await wire.stream.aclose()

    with certificate() as (cert, key):
        await one_connection(run, speak, config(tls_cert=cert, tls_key=key))


async def socket_of_a_long_inbox(run: Run) -> None:
    """Who missed several pieces of direct messages hears them in order, and confirms while the rest is sent."""

    async def speak(wire: Wire, world: World) -> None:
        ada, ben = await world.add_all("ada", "eve")
        pair = await world.storage.rooms.direct_room(ada.id, ben.id)
        assert pair is not None
        people = Pair(ada.id, ben.id)
        await fill(world, [Draft(pair.id, ada.id, "ada", f"{n}", 1.0, people=people) for n in range(6)])
        if await wire.opens("/direct", world.token(ben)):
            await wire.until(b'"5"')
        await wire.leaves()

    with pytest.MonkeyPatch.context() as smaller:
        smaller.setattr("chat.domain.rooms.direct._PIECE_MESSAGES", 2)
        await one_connection(run, speak, config())


async def socket_crashed_over_tls(run: Run) -> None:
    """A bug of the server ends the client, which gets the reason through TLS when its nursery has ended."""

    async def speak(wire: Wire, world: World) -> None:
        ada = await world.add("ada")
        if await wire.opens("/", world.token(ada)):
            await wire.says({"name": "ada", "message": "hi"}, {"name": "ada", "message": "history 5"})
            await wire.until(b"\x88")
        await wire.leaves()

    handlers: Any = LobbyClient.handlers
    with (
        certificate() as (cert, key),
        capture_logs(),  # to show a traceback takes longer than the run
        patch.dict(handlers, {Recall: _crash}),
    ):
        await one_connection(run, speak, config(tls_cert=cert, tls_key=key), tls=True)


async def _crash(*_: object) -> None:
    raise ZeroDivisionError


async def certificate_renewed(run: Run) -> None:
    """A certificate is reloaded: new connections speak TLS whether that was finished or not."""
    async with swept_world(run) as (world, _witness):
        with certificate() as (cert, key):
            async with gateway_of(world, config(tls_cert=cert, tls_key=key)) as gateway:
                await run.target(gateway.renew_certificate, cert, key)
                with trio.fail_after(5):
                    port = int(gateway.addresses[0].rpartition(":")[2])
                    async with await trio.open_tcp_stream("127.0.0.1", port) as tcp:
                        context = _authority()[1]
                        stream = trio.SSLStream(tcp, context, server_hostname="test", https_compatible=True)
                        await stream.do_handshake()


@contextmanager
def certificate() -> Generator[tuple[Path, Path]]:
    """The files of a certificate and its key."""
    issued, _ = _authority()
    with TemporaryDirectory(prefix="chat-") as directory:
        cert, key = Path(directory, "cert"), Path(directory, "key")
        issued.cert_chain_pems[0].write_to_path(cert)
        issued.private_key_pem.write_to_path(key)
        yield cert, key


async def socket_refused(run: Run) -> None:
    """A WebSocket at a path without a protocol is refused."""

    async def speak(wire: Wire, _world: World) -> None:
        await wire.opens("/nowhere")
        await wire.leaves()

    await one_connection(run, speak, config())


async def no_place(run: Run) -> None:
    """A connection above the limit: refused, and gone."""

    async def speak(wire: Wire, _world: World) -> None:
        await wire.asks("GET", "/")
        await wire.stream.aclose()

    await one_connection(run, speak, config(max_connections=0))


async def health_check_without_a_place(run: Run) -> None:
    """A health check above the limit: answered, and gone."""

    async def speak(wire: Wire, _world: World) -> None:
        await wire.send(b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await wire.until(b"200 ")
        await wire.stream.aclose()

    await one_connection(run, speak, config(max_connections=0))


async def bad_request(run: Run) -> None:
    """Something that is no HTTP, and a WebSocket without a key."""

    async def speak(wire: Wire, _world: World) -> None:
        await wire.send(
            b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        )
        await wire.until(b"400 ")
        await wire.stream.aclose()

    await one_connection(run, speak, config())


async def no_http(run: Run) -> None:
    """Something that is no HTTP at all."""

    async def speak(wire: Wire, _world: World) -> None:
        await wire.send(b"what is this\r\n\r\n")
        await wire.until(b"400 ")
        await wire.stream.aclose()

    await one_connection(run, speak, config())


async def no_place_behind_a_proxy(run: Run) -> None:
    """A head that says, by a trusted proxy, that it is from an address which has all its connections."""

    async def speak(wire: Wire, _world: World) -> None:
        await wire.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")
        await wire.until(b"429 ")
        await wire.stream.aclose()

    proxied = config(trusted_proxies=("127.0.0.0/8",), max_connections_per_address=0)
    await one_connection(run, speak, proxied)


async def http_hung_up(run: Run) -> None:
    """A client that asks to log in, and hangs up while its password is looked at."""

    async def speak(wire: Wire, _world: World) -> None:
        body = b'{"Email": "ada@example.com", "Password": "secret word"}'
        head = f"PUT /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        await wire.send(head + body)
        _reset(wire)

    await one_connection(run, speak, config())


async def http_answered_early(run: Run) -> None:
    """A body that is too long is refused before it came; the client is still sending."""

    async def speak(wire: Wire, _world: World) -> None:
        await wire.send(b"POST /register HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n{")
        await wire.until(b"413 ")
        await wire.stream.aclose()

    await one_connection(run, speak, config())


def _reset(wire: Wire) -> None:
    """Go away as a cable does that is pulled."""
    stream = wire.stream
    assert isinstance(stream, trio.SocketStream)
    stream.setsockopt(sockets.SOL_SOCKET, sockets.SO_LINGER, struct.pack("ii", 1, 0))
    stream.socket.close()


async def socket_slow(run: Run) -> None:
    """A client that reads nothing until more is under way than its socket takes."""

    async def speak(wire: Wire, world: World) -> None:
        ada = await world.add("ada")
        if await wire.opens("/", world.token(ada)):
            for _ in range(3):
                await wire.says({"name": "ada", "message": "history 90"})
            await trio.sleep(0.05)
        await wire.leaves()

    await one_connection(run, speak, config(), narrow=True)


async def http(run: Run) -> None:
    """Register, log in, make a room, invite, read, remove, delete: one keep-alive connection, all routes."""
    await one_connection(run, _browse, config())


async def _browse(wire: Wire, world: World) -> None:
    ben = 1  # who listens
    ada = {"Username": "ada", "Email": "ada@example.com", "Password": "secret word"}
    await wire.asks("POST", "/register", ada)
    granted = await wire.asks("PUT", "/login", {"Email": "ada@example.com", "Password": "secret word"})
    token = granted["token"] if isinstance(granted, dict) and "token" in granted else "none"
    made = await wire.asks("POST", "/create-room", {"Name": "garden"}, token)
    hidden = await wire.asks("POST", "/create-room", {"Name": "cellar", "IsPrivate": True}, token)
    if isinstance(hidden, dict) and "RoomID" in hidden:
        await wire.asks("GET", f"/room/{hidden['RoomID']}", None, token)
    room = made["RoomID"] if isinstance(made, dict) and "RoomID" in made else 99
    for method, path, body in (
        ("GET", "/profile", None),
        ("GET", f"/profile/{ben}", None),
        ("PUT", "/change-name", {"NewName": "adele"}),
        ("PUT", "/invite", {"RoomID": room, "UID": ben}),
        ("PUT", "/remove", {"RoomID": room, "UID": ben}),
        ("PUT", "/invite", {"RoomID": 99, "UID": ben}),
        ("PUT", "/remove", {"RoomID": 99, "UID": ben}),
        ("GET", "/rooms", None),
        ("GET", f"/room/{room}", None),
        ("GET", f"/messages/{room}", None),
        ("PUT", "/join", {"RoomID": room}),
        ("DELETE", f"/room/{room}", None),
        ("GET", "/healthz", None),
        ("PUT", "/login", "no object"),
    ):
        await wire.asks(method, path, body, token)
    await wire.stream.aclose()


async def http_of_admins(run: Run) -> None:
    """Look at a person, change all there is of them, and delete them; change settings, and one's own password."""

    async def speak(wire: Wire, world: World) -> None:
        hashed = await Passwords(4).hash(b"secret word", None)
        assert isinstance(hashed, bytes)
        olga = await world.storage.users.add(NewPerson(name="olga", password_hash=hashed, is_admin=True))
        ben = await world.add("someone")
        assert isinstance(olga, Person)
        token, one = world.token(olga), f"/api/v1/admin/people/{ben.id}"
        every = {"name": "adele", "roles": ["operator"], "password": "another word", "disabled": True}
        await wire.asks("GET", "/api/v1/admin/people", None, token)
        await wire.asks("GET", one, None, token)
        await wire.asks("PATCH", one, every, token)
        await wire.asks("DELETE", f"{one}/sessions", None, token)
        await wire.asks("DELETE", one, None, token)
        await wire.asks("GET", "/api/v1/admin/settings", None, token)
        changed = await wire.asks("PATCH", "/api/v1/admin/settings", {"registration": "closed"}, token)
        kept = await world.storage.settings.changed_settings()
        told = isinstance(changed, dict) and "registration" in changed
        assert world.accounts.registration == "closed" or not told
        assert "registration" in kept or not told
        audit: Any = await wire.asks("GET", "/api/v1/admin/audit", None, token)
        if not run.fired:
            assert [each["what"] for each in audit["entries"]] == [
                "setting_changed",
                "person_deleted",
                "sessions_ended",
                "disabled",
                "password_set",
                "roles_changed",
                "renamed",
            ]
        await wire.asks("POST", "/api/v1/me/password", {"old": "secret word", "new": "another word"}, token)
        await wire.stream.aclose()

    await one_connection(run, speak, config())


async def http_native(run: Run) -> None:
    """Register, refresh, look at sessions and end them, change oneself and one's password, and log out."""

    async def speak(wire: Wire, world: World) -> None:
        v1, new = "/api/v1", {"name": "nora", "password": "secret word"}
        await wire.asks("GET", f"{v1}/setup")
        await world.storage.set_up.prepare(b"nonce", 5)
        code = world.services.first_admin._codes(b"nonce")[0]
        await wire.asks("POST", f"{v1}/setup", {**new, "name": "grace", "code": code})
        made: Any = await wire.asks("POST", f"{v1}/auth/register", new)
        if not isinstance(made, dict) or "refresh" not in made:
            return  # cancelled, or refused by what stands in the way
        fresh: Any = await wire.asks("POST", f"{v1}/auth/refresh", {"refresh": made["refresh"]})
        token = made["access"]
        for method, path, body in (
            ("POST", "/auth/login", {"login": "nora", "password": "secret word"}),
            ("GET", "/me", None),
            ("PATCH", "/me", {"display": "Nora", "email": "nora@example.com"}),
            ("POST", "/me/sessions", {"name": "bot", "password": "secret word"}),
            ("GET", "/me/sessions", None),
            ("DELETE", "/me/sessions/99", None),
            ("POST", "/me/password", {"old": "secret word", "new": "another word"}),
        ):
            told: Any = await wire.asks(method, v1 + path, body, token)
        if isinstance(told, dict) and "access" in told:
            token = told["access"]
        await wire.asks("PUT", "/change-name", {"NewName": "noreen"}, token)
        for call, body in (
            ("DELETE /api/v1/me/sessions", b""),
            ("POST /api/v1/auth/logout", msgspec.json.encode({"refresh": made["refresh"]})),
        ):
            head = f"{call} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            head += f"Authorization: {token}\r\nContent-Length: {len(body)}\r\n\r\n"
            await wire.send(head.encode() + body)
            await wire.until(b"HTTP/1.1 ")  # 204 has no body
        assert run.fired or b"HTTP/1.1 204 " in wire.got
        assert run.fired or isinstance(fresh, dict)
        await wire.stream.aclose()

    await one_connection(run, speak, config())


async def http_of_another_site(run: Run) -> None:
    """A page of another site that registers somebody is refused."""

    async def speak(wire: Wire, _world: World) -> None:
        head = b"POST /register HTTP/1.1\r\nHost: localhost\r\nOrigin: https://elsewhere.example\r\n"
        await wire.send(head + b"Content-Length: 2\r\n\r\n{}")
        await wire.until(b"403 ")
        await wire.stream.aclose()

    await one_connection(run, speak, config())


async def socket_after_http(run: Run) -> None:
    """A call, and then a socket on the same connection."""

    async def speak(wire: Wire, world: World) -> None:
        await wire.asks("GET", "/healthz")
        await _talk(wire, world)

    await one_connection(run, speak, config())


async def http_over_budget(run: Run) -> None:
    """A client that calls and changes more than it may: the second call waits, and so does the answer to it."""

    async def speak(wire: Wire, world: World) -> None:
        head = "DELETE /room/9 HTTP/1.1\r\nHost: test\r\nX-Forwarded-For: 192.0.2.1\r\n"
        head += f"Authorization: {world.token(await world.add('ada'))}\r\n\r\n"
        for status in (b"404 ", b"429 "):
            await wire.send(head.encode())
            await wire.until(status)
        await wire.stream.aclose()

    with pytest.MonkeyPatch.context() as shorter:
        shorter.setattr(http_app, "HOLD_BACK", 0.02)
        proxied = config(trusted_proxies=("127.0.0.0/8",))
        shorter.setattr("chat.domain.limits.budgets._LONGEST_QUEUE", 0.02)
        await one_connection(run, speak, proxied, budgets=Budgets(messages=0.001, calls=0.2))


async def http_dribbled(run: Run) -> None:
    """A head and a body in pieces, more than are read at once."""

    async def speak(wire: Wire, _world: World) -> None:
        for piece, pause in (
            (b"POST / HTTP", 0.02),
            (b"/1.1\r\nHost: test\r\n", 0.02),
            # With a part of the body, and the rest after all waiting: so the first read of it is of a piece.
            (b"Content-Length: 4\r\n\r\n{", 0.4),
            (b"}", 0.02),
            (b"  ", 0.02),
        ):
            await wire.send(piece)
            await trio.sleep(pause)
        await wire.until(b"400 ")
        await wire.stream.aclose()

    await _slowly(run, speak, reads=20.0)  # so few that a slow machine is too fast as well


async def socket_dribbled(run: Run) -> None:
    """More reads than may be at once: of a frame in pieces that we read ourselves, then of what the library reads."""

    async def speak(wire: Wire, _world: World) -> None:
        if await wire.opens("/talker"):
            for piece in (b"\x81", b"\x83" + bytes(4), b"xyz"):
                await wire.send(piece)
                await trio.sleep(0.01)
            for _ in range(2):  # the second is there soon after the first was read, for that is answered
                await wire.send(b"\x82\x83" + bytes(4) + b"xyz")
                await wire.until(b"binary frames")
        await wire.leaves()

    await _slowly(run, speak, reads=5.0)


async def _slowly(run: Run, speak: Client, *, reads: float) -> None:
    with pytest.MonkeyPatch.context() as shorter:
        shorter.setattr("chat.gateway.connections.READS_AT_ONCE", 1)
        shorter.setattr("chat.gateway.connections.READS", reads)
        shorter.setattr("chat.gateway.http1.pieces.FREE_PIECES", 0)
        for reader in ("head", "pieces"):
            shorter.setattr(f"chat.gateway.http1.{reader}.PIECE_OF_HEAD", 2)
        await one_connection(run, speak, config())


async def http_of_the_others(run: Run) -> None:
    """Sign up and log in where the other dialects do."""

    async def speak(wire: Wire, _world: World) -> None:
        who = {"email": "ada@example.com", "name": "ada", "username": "ada", "password": "secret word"}
        who["user_name"] = "ada"
        for path in LOGINS:
            await wire.asks("POST", path, who)
        await wire.stream.aclose()

    await one_connection(run, speak, config())


LOGINS = ("/", "/api/reg", "/api/login", "/v1/auth/", "/signup", "/login")


async def server(run: Run) -> None:
    """The whole server on a memory storage, from its start to its stop, with a talker and a browser.

    The browser takes a file of the web client too, which is answered before Quart sees the request.
    """
    storage = MemoryStorage()
    ready, done = trio.Event(), trio.Event()
    addresses: list[str] = []
    settings = config(metrics_listen=Listen("127.0.0.1", 0))
    web = web_files()
    file, end = f"{web.base}tree.css", web.files["tree.css"].body[-100:]

    async def serve() -> None:
        async with open_chat(settings, storage, SECRET) as opened:
            addresses.extend(opened.addresses)
            ready.set()
            await done.wait()

    async def browse() -> None:
        await ready.wait()
        port = int(addresses[0].rpartition(":")[2])
        with suppress(*GONE):
            async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
                wire = Wire(stream)
                ada = {"Username": "ada", "Email": "ada@example.com", "Password": "secret word"}
                await wire.asks("POST", "/register", ada)
                granted = await wire.asks(
                    "PUT", "/login", {"Email": "ada@example.com", "Password": "secret word"}
                )
                await wire.asks("PUT", "/login", {"Email": "ada@example.com", "Password": "another word"})
                await wire.send(f"GET {file} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                assert not await wire.until(end) or wire.got.endswith(end)
            if isinstance(granted, dict) and "token" in granted:
                async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
                    wire = Wire(stream)
                    await wire.opens("/", granted["token"])
                    await wire.says({"name": "ada", "message": "hi"})
                    await wire.says({"name": "ada", "message": "history 1"})
                    await wire.until(b'"hi"')
                    done.set()
                    await wire.until(b"\x88")  # the goodbye
                    seen.append(wire.got)
        done.set()

    seen: list[bytes] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(browse)
        await run.target(serve)
        if not addresses:
            nursery.cancel_scope.cancel()
    saved = [message.text for message in storage.messages._said(LOBBY_ID)]
    assert saved in ([], ["hi"])
    acts = [each.what for each in await storage.audit.acts(None, 9)]
    assert acts in ([], [What.LOGIN_FAILED])
    if seen and b'"hi"' in seen[0]:
        assert saved == ["hi"], "seen and not saved"


ALL = (
    socket,
    socket_in_bursts,
    socket_over_tls,
    socket_crashed_over_tls,
    socket_of_a_long_inbox,
    http_over_tls,
    no_tls,
    certificate_renewed,
    socket_slow,
    socket_refused,
    no_place,
    health_check_without_a_place,
    no_place_behind_a_proxy,
    bad_request,
    no_http,
    http,
    http_hung_up,
    http_answered_early,
    http_of_admins,
    http_native,
    http_of_another_site,
    socket_after_http,
    http_over_budget,
    http_dribbled,
    socket_dribbled,
    http_of_the_others,
)
