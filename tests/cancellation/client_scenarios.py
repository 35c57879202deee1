"""A client of the native protocol, cancelled wherever it can wait, before a small honest server.

Whenever it is cancelled, no connection is left, no key is saved twice, and what the program took and the positions
that it can go on from agree.
"""

import ssl
from collections.abc import Iterator
from contextlib import suppress
from functools import cache, partial

import trio
import trio.testing
import trustme
from trio_cancel_sweep import Run

from chat.client.address import parse_url
from chat.client.chat import Chat
from chat.client.credentials import Credentials
from chat.client.errors import ConnectionFailed
from chat.client.http_api import HttpApi
from chat.client.http_call import call
from chat.client.opening import open_chat, run_connector
from chat.client.reconnecting import Connector
from chat.client.sessions import log_in, register
from chat.client.socket import open_socket
from chat.client.structs import Position
from tests.client.model import Json, ModelRoom, ModelWorld
from tests.client.model_server import PEOPLE, ModelServer, RefusedByModel, in_memory, on_loopback
from tests.client.people import EventChecker
from tests.client.test_http_api import Kept

ADA, BEN = 1, 2


def _model() -> tuple[ModelServer, ModelRoom]:
    """A server with a room of ada and ben."""
    model = ModelServer(ModelWorld(dict(PEOPLE)))
    return model, model.world.add_room(ADA, BEN)


def _assert_nothing_is_left(model: ModelServer, room: ModelRoom) -> None:
    assert model.sockets == [], "a connection is open"
    keys = [message["key"] for message in room.messages.values() if "key" in message]
    assert len(keys) == len(set(keys)), "a key was saved twice"


async def client(run: Run) -> None:
    """Log in, send, be refused for now, lose an event, an answer and a connection, refresh, and get everything."""
    model, room = _model()
    checker = EventChecker()
    refused, lost, statuses = [300], ["edit"], [503, 401]

    def on_request(request: Json) -> None:
        if request["type"] == "send" and refused:
            raise RefusedByModel("too_many", retry_ms=refused.pop())

    def loses_answer(request: Json) -> bool:
        if request["type"] in lost:
            lost.remove(request["type"])
            return True
        return False

    def answers(path: str) -> tuple[int, Json] | None:
        if path.startswith("/api/v1/search"):
            return (503, {"code": "unavailable"}) if down and down.pop() else (200, {"hits": []})
        if "/files" in path:
            return 200, {"id": 7, "name": "a.txt", "type": "text/plain", "size": 1}
        if "/picture" in path:
            return 200, {"picture": "0" * 64}
        if "/pins" in path:
            return 200, {"pins": 1 if path.endswith("/1") else []}
        if "/threads" in path:
            page = {"root": 1, "replies": 0, "messages": [], "pos": 1, "following": True}
            return 200, page if "/threads/" in path else {"threads": []}
        return (statuses.pop(), {}) if path.endswith("blocks/2") and statuses else None

    down = [True]
    model.sessions.answers = answers
    model.on_request, model.loses_answer = on_request, loses_answer
    model.loses_event = lambda event: event.get("text") == "lost"

    async def talk(chat: Chat, connector: Connector) -> None:
        await chat.set_status("away")  # and on each later connection
        await chat.send(room.id, "one")
        for text in ("lost", "two", "three"):
            model.publish(room, room.say(BEN, text, text))
        model.publish(room, room.delete(2, BEN))
        while checker.at[room.id] < room.pos:
            checker.check(await connector.inbox.take())
            assert {each: position.pos for each, position in chat.positions.items()} == checker.at
        await chat.edit(room.id, 3, "eins")
        await chat.delete(room.id, 3)
        await chat.add_reaction(room.id, 5, "👍")
        await chat.remove_reaction(room.id, 5, "👍")
        await chat.history(room.id)
        await chat.search("one")
        await chat.download(await chat.upload(room.id, b"a", "a.txt"))
        await chat.picture(await chat.set_picture(b"{}"))
        await chat.remove_picture()
        await chat.mark_read(room.id, 2)
        await chat.mark_unread(room.id, 2)
        await chat.watch([BEN])
        await chat.start_typing(room.id)
        await chat.stop_typing(room.id)
        await chat.http.block(BEN)
        await chat.http.unblock(BEN)
        await chat.http.blocked_people()
        await chat.pin(room.id, 1)
        await chat.pins(room.id)
        await chat.unpin(room.id, 1)
        await chat.threads(room.id)
        await chat.thread(room.id, 1, limit=9)
        await chat.follow_thread(room.id, 1)
        await chat.unfollow_thread(room.id, 1)
        for socket in tuple(model.sockets):
            socket.close(1011)
        model.is_silent = True
        async with trio.open_nursery() as nursery:
            nursery.start_soon(chat.ping)
            await trio.sleep(7)
            model.is_silent = False
        await trio.sleep(900)  # the session is refreshed meanwhile

    async with in_memory(model) as address:

        async def live() -> None:
            credentials = Credentials(login=("ada", "secret"))
            connector = Connector(address, credentials, {}, 500, 1000)
            async with run_connector(connector) as chat:
                async for event in chat.events():
                    checker.check(event)
                    if room.id in checker.at:
                        break
                with trio.fail_after(3000):
                    await talk(chat, connector)

        await run.target(live)
        with trio.fail_after(30):
            await trio.testing.wait_all_tasks_blocked()
        _assert_nothing_is_left(model, room)


async def client_far_behind(run: Run) -> None:
    """A restarted program gets missed and dropped events in pages; a deletion needs a new count."""
    model, room = _model()
    for n in range(10):
        room.say(BEN, str(n), f"k{n}")
    positions = {room.id: Position(2, room.at(2))}
    checker = EventChecker(positions)
    attempts = [OSError("not yet"), OSError("not yet")]
    refused = {"read": [300], "page": [200]}
    log, stuck = room.sync, [True]

    def on_request(request: Json) -> None:
        is_sync = request["type"] == "sync" and not request.get("rest", True)
        is_page = is_sync and request["known"][0]["pos"] > 3
        if again := refused.get("page" if is_page else request["type"]):
            raise RefusedByModel("too_many", retry_ms=again.pop())

    def sync(person: int, pos: int, at: int, limit: int | None = None) -> Iterator[Json]:
        """Send nothing of one page, but that there is more."""
        if pos > 3 and stuck:
            stuck.pop()
            limit = 0
        return log(person, pos, at, limit)

    def answers(path: str) -> None:
        if path.endswith("refresh") and attempts and len(model.sockets) == 1:
            raise attempts.pop()

    async def take_all(chat: Chat) -> None:
        while checker.at[room.id] < room.pos:
            async for event in chat.events():
                checker.check(event)
                break

    async def be_dropped(texts: str) -> None:
        """Publish more than there are places for, and delete a message that the client does not hold."""
        for text in texts:
            model.publish(room, room.say(BEN, text, text))
        model.publish(room, room.delete(4 if texts == "abcdef" else 5, BEN))
        await trio.sleep(1)

    model.sessions.answers, model.on_request = answers, on_request
    room.sync = sync  # type: ignore[method-assign]
    async with in_memory(model) as address:

        async def live() -> None:
            credentials = Credentials(refresh_token=model.sessions.open(ADA)["refresh"])
            async with run_connector(Connector(address, credentials, positions, 3, 4)) as chat:
                await chat.watch([BEN])
                await trio.sleep(1)
                await take_all(chat)
                await be_dropped("abcdef")
                await take_all(chat)
                await be_dropped("ghij")
                for socket in tuple(model.sockets):
                    socket.close(1011)
                await take_all(chat)  # over another connection
                await trio.sleep(1000)

        await run.target(live)
        await trio.testing.wait_all_tasks_blocked()
        _assert_nothing_is_left(model, room)
        assert checker.at[room.id] <= room.pos


async def client_of_a_shared_session(run: Run) -> None:
    """Register, share the session with another program that refreshes it just now, and call beside the socket."""
    model, room = _model()
    answers: dict[str, tuple[int, Json]] = {
        "/api/v1/rooms": (201, room.snapshot(ADA)),
        f"/api/v1/direct/{BEN}": (200, room.snapshot(ADA)),
        f"/api/v1/rooms/{room.id}": (200, room.snapshot(ADA)),
        "/api/v1/invites": (201, {"code": "c", "url": "/invite/c"}),
    }
    model.sessions.answers = lambda path: answers.get(path, (200, {}) if "?" in path else None)
    async with in_memory(model) as address:

        async def live() -> None:
            kept = Kept((await register(address, "dora", "secret")).refresh)
            credentials = Credentials(session_store=kept)
            # Which refreshes it.
            await HttpApi(address, credentials, lambda _room: None, lambda: ADA).members(room.id)
            async with trio.open_nursery() as nursery:
                credentials = Credentials(session_store=kept)
                nursery.start_soon(credentials.renew, address)
                async with run_connector(Connector(address, credentials, {}, 500, 1000)) as chat:
                    membership = f"/api/v1/rooms/{room.id}/members/{chat.person_id}"
                    answers[membership] = (200, room.snapshot(ADA))
                    await chat.http.public_rooms()
                    await chat.http.create_room("roses")
                    await chat.http.join(room.id)
                    await chat.http.change_room(room.id, topic="roses")
                    await chat.http.create_invite(room.id)
                    await chat.http.direct_room(BEN)
                    await chat.http.members(room.id)
                    answers[membership] = (200, None)
                    await chat.http.leave(room.id)

        await run.target(live)
        await trio.testing.wait_all_tasks_blocked()
        _assert_nothing_is_left(model, room)


async def client_over_tcp(run: Run) -> None:
    """Talk over loopback."""
    model, room = _model()
    async with on_loopback(model) as url:

        async def live() -> None:
            async with open_chat(url, token="token of ada") as chat:
                await chat.send(room.id, "hi")

        with trio.fail_after(15):
            await run.target(live)
    _assert_nothing_is_left(model, room)


async def client_over_tls(run: Run) -> None:
    """Call and talk through TLS on loopback: no descriptor is left open, which the garbage collector would tell."""
    model, room = _model()
    server_side, client_side = _both_sides()
    async with trio.open_nursery() as nursery:
        serve = partial(trio.serve_ssl_over_tcp, model.serve, 0, server_side, host="127.0.0.1")
        listeners: list[trio.SSLListener[trio.SocketStream]] = await nursery.start(serve)
        (listener,) = listeners
        assert isinstance(listener.transport_listener, trio.SocketListener)
        port = listener.transport_listener.socket.getsockname()[1]
        address = parse_url(f"https://127.0.0.1:{port}", client_side)

        async def live() -> None:
            with suppress(ConnectionFailed):  # whom it does not trust it does not call
                await call(address._replace(ssl_context=ssl.create_default_context()), "GET", "/api/v1/setup")
            await log_in(address, "ada", "secret")
            async with open_socket(address, "/api/v1/socket") as socket:
                await socket.send_message('{"type": "hello", "id": 1, "token": "token of ada"}')
                await socket.get_message()

        with trio.fail_after(15):
            await run.target(live)
        nursery.cancel_scope.cancel()
    _assert_nothing_is_left(model, room)


@cache
def _both_sides() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """The contexts of a server on loopback and of a client that trusts it."""
    authority = trustme.CA()
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(server_side)
    client_side = ssl.create_default_context()
    authority.configure_trust(client_side)
    return server_side, client_side


IN_MEMORY = [client, client_far_behind, client_of_a_shared_session]
ON_LOOPBACK = [client_over_tcp, client_over_tls]
