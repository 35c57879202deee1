"""The endpoint checks a token, shakes hands, and serves the token's person."""

from collections.abc import Callable
from typing import Any

import pytest
import trio
from msgspec import structs
from structlog.testing import capture_logs

from chat.domain.entities import Person
from chat.engine.presence import Presence
from chat.engine.session import Session
from chat.gateway.listener import open_gateway
from chat.gateway.websocket.endpoint import WebSocketEndpoint
from chat.inspection.metrics import Metrics
from chat.inspection.recorder import Record, Recorder
from chat.protocols.registry import DIALECTS
from tests.support.chat_world import World, open_world
from tests.support.gateway import make_app, make_config, port_of, until, wire_to

OPENING = (
    "GET /talker?{} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


async def test_a_query_of_too_many_fields_is_not_read_for_its_token() -> None:
    """To decode 64 KB of them takes the loop 40 ms."""
    config = make_config()
    with trio.fail_after(20):
        async with open_world() as world:
            endpoint = WebSocketEndpoint(config, DIALECTS, world.context, world.presence)
            token = world.token(await world.add("ada"))
            async with open_gateway(config, make_app(), endpoint.serve, on_stop=lambda: None) as gateway:
                for others, got in ((99, b"authorised as ada"), (100, b"not authorised")):
                    client = await trio.open_tcp_stream("127.0.0.1", port_of(gateway))
                    async with client:
                        await client.send_all(OPENING.format("a&" * others + f"token={token}").encode())
                        await client.send_all(b"\x81\x9e" + bytes(4) + b'{"name":"ada","message":"hoi"}')
                        await hear(client, got)
                await until(lambda: not gateway.connections)


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        (("/talker?", "/nowhere?"), 404, "path"),
        (("/talker?", "/talker?token=nonsense"), 401, "token"),
        (("/talker?", "/ws?"), 401, "token"),
        (("Host", "Origin: https://elsewhere.example\r\nHost"), 403, "origin"),
        (("Version: 13", "Version: 12"), 426, "malformed"),
        (("Host", "X-Forwarded-For: 192.0.2.1\r\nHost"), 429, "limit"),
    ],
)
async def test_a_refused_upgrade_is_answered_logged_once_and_counted(
    change: tuple[str, str], status: int, reason: str
) -> None:
    settings = {"trusted_proxies": ("127.0.0.1",), "max_connections_per_address": 0}
    with trio.fail_after(20), capture_logs() as entries:
        async with open_world() as world:
            endpoint, metrics = (
                WebSocketEndpoint(make_config(), DIALECTS, world.context, world.presence),
                world.context.metrics,
            )
            async with (
                open_gateway(
                    make_config(**settings), make_app(), endpoint.serve, on_stop=lambda: None, metrics=metrics
                ) as gateway,
                wire_to(gateway) as wire,
            ):
                await wire.send(OPENING.format("").replace(*change).encode())
                told_status, _, body = await wire.response()
                assert told_status == status
                assert body.endswith(b"\n") != body.startswith(b'{"error": ')
    counted = f'chat_upgrades_refused_total{{reason="{reason}"}} 1.0'
    assert counted.encode() in metrics.render()
    got = [entry for entry in entries if entry.get("path") or entry["event"] == "WebSocket refused"]
    assert len(got) == 1
    assert got[0]["log_level"] == "info"
    assert got[0].get("reason", reason) == reason


async def test_the_handshake_is_answered_as_the_standard_says() -> None:
    """The key and its answer are those of RFC 6455, section 1.3."""
    with trio.fail_after(20):
        async with open_world() as world:
            endpoint = WebSocketEndpoint(make_config(), DIALECTS, world.context, world.presence)
            async with (
                open_gateway(make_config(), make_app(), endpoint.serve, on_stop=lambda: None) as gateway,
                wire_to(gateway) as wire,
            ):
                await wire.send(OPENING.format("").encode())
                status, headers, _ = await wire.response()
    assert status == 101
    assert headers["upgrade"] == "websocket"
    assert headers["connection"] == "Upgrade"
    assert headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert "sec-websocket-extensions" not in headers


class BrokenEndpoint(WebSocketEndpoint):
    """An endpoint with a bug."""

    async def _identify(self, *args: Any) -> Any:
        await super()._identify(*args)
        raise ZeroDivisionError


async def test_a_bug_before_the_handshake_is_logged_and_ends_one_client() -> None:
    with trio.fail_after(20), capture_logs() as entries:
        async with open_world() as world:
            endpoint = BrokenEndpoint(make_config(), DIALECTS, world.context, world.presence)
            async with open_gateway(
                make_config(), make_app(), endpoint.serve, on_stop=lambda: None
            ) as gateway:
                async with wire_to(gateway) as wire:
                    await wire.send(OPENING.format("").encode())
                    assert await wire.until_closed() == b""
                await until(lambda: not gateway.connections)
            assert not world.presence._handshakes
    (got,) = [entry for entry in entries if entry["log_level"] == "error"]
    assert got["event"] == "WebSocket not accepted: internal error"


async def test_a_connection_without_a_place_is_logged_and_counted() -> None:
    metrics = Metrics()
    with trio.fail_after(20), capture_logs() as entries:
        async with (
            open_gateway(
                make_config(max_connections=0), make_app(), _nobody, on_stop=lambda: None, metrics=metrics
            ) as gateway,
            wire_to(gateway) as wire,
        ):
            assert (await wire.response())[0] == 503
    assert b"chat_connections_refused_total 1.0" in metrics.render()
    assert [entry["event"] for entry in entries if entry["event"] == "connection refused"] == [
        "connection refused"
    ]


async def _nobody(_request: object) -> None:
    raise AssertionError("nobody was let in")


async def hear(client: trio.SocketStream, text: bytes) -> None:
    """Read until the text has come."""
    received = b""
    while text not in received:
        more = await client.receive_some(65536)
        assert more, received
        received += more


class SlowEndpoint(WebSocketEndpoint):
    """An endpoint at which something happens between the look at the token and the handshake."""

    world: World
    person: Person

    async def _identify(self, *args: Any) -> Any:
        decision = await super()._identify(*args)
        renamed = await self.world.accounts.rename(self.person, "Zoë")
        assert isinstance(renamed, Person)
        self.world.presence.renamed(renamed)
        return decision


async def test_a_rename_during_the_handshake_is_applied() -> None:
    config = make_config()
    with trio.fail_after(20):
        async with open_world() as world:
            endpoint = SlowEndpoint(config, DIALECTS, world.context, world.presence)
            endpoint.world, endpoint.person = world, await world.add("ada")
            async with open_gateway(config, make_app(), endpoint.serve, on_stop=lambda: None) as gateway:
                ada = await trio.open_tcp_stream("127.0.0.1", port_of(gateway))
                async with ada:
                    await ada.send_all(OPENING.format(f"token={world.token(endpoint.person)}").encode())
                    await hear(ada, "authorised as Zoë".encode())
                    assert len(world.presence) == 1
                    assert not world.presence._handshakes, "the handshake is over"
                await until(lambda: not gateway.connections)
            world.assert_nothing_is_left()


class OnceInThisPass(trio.abc.Instrument):
    """Does something before the loop looks at the sockets again, and so behind whatever goes on without waiting."""

    def __init__(self, do: Callable[[], None]) -> None:
        self._do = do
        trio.lowlevel.add_instrument(self)

    def before_io_wait(self, timeout: float) -> None:
        trio.lowlevel.remove_instrument(self)
        self._do()


class RenamingRecorder(Recorder):
    """A recorder that renames each admitted person as soon as another task can run."""

    def __init__(self, presence: Presence) -> None:
        super().__init__()
        self._presence = presence

    def admit(self, record: Record, session: Session, scope: trio.CancelScope) -> None:
        super().admit(record, session, scope)
        assert session.person is not None
        renamed = structs.replace(session.person, name="Zoë")
        OnceInThisPass(lambda: self._presence.renamed(renamed))


async def test_a_rename_at_the_end_of_the_handshake_is_applied() -> None:
    config = make_config()
    with trio.fail_after(20):
        async with open_world() as world:
            recorder = RenamingRecorder(world.presence)
            endpoint = WebSocketEndpoint(config, DIALECTS, world.context, world.presence, recorder)
            token = world.token(await world.add("ada"))
            async with open_gateway(config, make_app(), endpoint.serve, on_stop=lambda: None) as gateway:
                ada = await trio.open_tcp_stream("127.0.0.1", port_of(gateway))
                async with ada:
                    await ada.send_all(OPENING.format(f"token={token}").encode())
                    await hear(ada, b"authorised as ")
                    assert [session.person and session.person.name for session in world.presence] == ["Zoë"]
                await until(lambda: not gateway.connections)


class CuttingRecorder(Recorder):
    """A recorder that cuts each admitted client, as a stop may at that moment."""

    def admit(self, record: Record, session: Session, scope: trio.CancelScope) -> None:
        super().admit(record, session, scope)
        scope.cancel()


async def test_a_client_cut_at_the_end_of_the_handshake_is_closed() -> None:
    with trio.fail_after(20):
        async with open_world() as world:
            recorder = CuttingRecorder()
            endpoint = WebSocketEndpoint(make_config(), DIALECTS, world.context, world.presence, recorder)
            async with open_gateway(
                make_config(), make_app(), endpoint.serve, on_stop=lambda: None
            ) as gateway:
                client = await trio.open_tcp_stream("127.0.0.1", port_of(gateway))
                async with client:
                    await client.send_all(OPENING.format("").encode())
                    await until(lambda: recorder.admitted == 1 and not gateway.connections)
            assert recorder.open == {}
            assert [end.kind for end in recorder.ends()] == ["cut"]
            world.assert_nothing_is_left()
