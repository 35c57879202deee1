"""Native clients of two servers that are killed repeatedly: each converges to the state of a reload.

People send, edit, delete, react, read, leave and join, and their programs end and go on from kept positions. A relay
gives each of their connections to one of the servers that run, whichever. EventChecker notices at once
what is told twice, out of order, or not at all.
"""

import os
import random
import secrets
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import trio
from msgspec import to_builtins

from chat.client import Chat, Message, Position, Refused, open_chat
from chat.storage.postgres.database import DatabaseAddress
from tests.campaign.rows import Row
from tests.client.comparing import info_of, plain
from tests.client.people import EventChecker
from tests.support.faults.machine import spare_database
from tests.support.faults.two_servers import SECRET
from tests.support.people import PASSWORD, post
from tests.support.saved import fetch_sql
from tests.support.server import ServerProcess, data_path, running_server

KILLS = int(os.environ.get("KILLS", "100"))
"""How many; each takes about a second."""

MOST_BETWEEN = 40
"""Messages that are acknowledged, at the most, from when a server is there again until it is killed."""

NAMES = ("ada", "ben", "cem", "dora", "eva", "finn")
ROOMS = 3
FIRST_ROOM = 2
"""The id of the first room that is made; the lobby is 1."""
AT_ONCE = 3
"""What each person does at once."""
NOTED = 0.2
"""Seconds in which a server notes that who spoke has read what was said before: a program that comes sooner, or on
another server, may be told a mark from before that."""
POLL = 0.05
"""Seconds between two looks."""
PATIENCE = 60.0
"""Seconds for everybody to be back after a kill, on a busy machine."""

_PLACES = """
SELECT r.id, r.last_pos, array_agg(each.pos ORDER BY each.pos) AS places FROM rooms r
JOIN (SELECT room_id, pos FROM messages UNION ALL SELECT room_id, pos FROM changes) AS each ON each.room_id = r.id
GROUP BY r.id, r.last_pos"""
_KEYS = "SELECT client_key, room_id, seq FROM messages WHERE client_key IS NOT NULL"


class Balancer:
    """Relays each connection to one of the servers that run; `ports` are theirs."""

    def __init__(self, rng: random.Random) -> None:
        self.ports: dict[Server, int] = {}
        self._rng = rng

    async def relay(self, client: trio.SocketStream) -> None:
        """Relay one connection until one of its ends does. Cancelling: both ends are closed."""
        async with client:
            if not self.ports:
                return
            with suppress(OSError, trio.BrokenResourceError, trio.ClosedResourceError):
                port = self._rng.choice(list(self.ports.values()))
                server = await trio.open_tcp_stream("127.0.0.1", port)
                async with server, trio.open_nursery() as nursery:
                    nursery.start_soon(_copy, client, server, nursery.cancel_scope)
                    nursery.start_soon(_copy, server, client, nursery.cancel_scope)


async def _copy(source: trio.SocketStream, target: trio.SocketStream, scope: trio.CancelScope) -> None:
    with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
        async for data in source:
            await target.send_all(data)
    scope.cancel()


class Someone:
    """A person whose program ends and goes on from where it was."""

    def __init__(self, name: str, token: str, person: int, rng: random.Random) -> None:
        self.name = name
        self.token = token
        self.headers = {"Authorization": f"Bearer {token}"}
        self.checker = EventChecker()
        self.acknowledged: dict[str, tuple[int, int]] = {}
        """By key: the room, and the seq in the answer."""
        self.lives = 0
        self._person, self._rng = person, rng
        self._positions: dict[int, Position] = {}
        self._unanswered: dict[str, tuple[int, str]] = {}
        self._said = 0

    @asynccontextmanager
    async def open(self, url: str) -> AsyncGenerator[Chat]:
        """Open a client, which goes on from where the last one was; its events are checked."""
        self.lives += 1
        async with open_chat(url, token=self.token, positions=self._positions) as chat:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.checker.take, chat)
                yield chat
                nursery.cancel_scope.cancel()
            self._positions = chat.positions

    async def live(self, url: str, over: trio.Event) -> None:
        """Use one program after another until it is over."""
        while not over.is_set():
            async with self.open(url) as chat, trio.open_nursery() as nursery:
                for key, (room, text) in list(self._unanswered.items()):
                    nursery.start_soon(self._send, chat, room, text, key)
                for _ in range(AT_ONCE):
                    nursery.start_soon(self._act_on, chat, url)
                with trio.move_on_after(self._rng.uniform(1, 30)):
                    await over.wait()
                nursery.cancel_scope.cancel()
            await trio.sleep(NOTED)

    async def finish(self, chat: Chat) -> None:
        """Say again what was not answered yet, and something in each room; then set some rooms' marks.

        A kill may lose the mark of who has just spoken, which nothing tells: after this all marks are noted.
        """
        for key, (room, text) in list(self._unanswered.items()):
            await self._send(chat, room, text, key)
        for room in list(chat.rooms):
            await self._send(chat, room, f"{self.name} is here", secrets.token_urlsafe(12))
        await trio.sleep(NOTED)
        for room, held in chat.rooms.items():
            if self._rng.random() < 0.5:
                await chat.mark_unread(room, self._rng.randint(1, held.info.seq + 1))

    async def _act_on(self, chat: Chat, url: str) -> None:
        while True:
            with suppress(Refused):  # the room was left meanwhile, or the message is another's
                await self._act(chat, url, self._rng.choice(list(chat.rooms)))
            await trio.sleep(self._rng.uniform(0, 0.2))

    async def _act(self, chat: Chat, url: str, room: int) -> None:
        own = [m.seq for m in chat.rooms[room].messages.values() if m.sender.id == chat.person_id]
        last = chat.rooms[room].info.seq
        match self._rng.randrange(12):
            case 0 if own:
                await chat.edit(room, self._rng.choice(own), f"{self.name} edits {self._rng.random()}")
            case 1 if own:
                await chat.delete(room, self._rng.choice(own))
            case 2 if own:
                react = chat.add_reaction if self._rng.random() < 0.7 else chat.remove_reaction
                await react(room, self._rng.choice(own), "👍")
            case 3 | 4 if last:
                mark = chat.mark_unread if self._rng.random() < 0.2 else chat.mark_read
                await mark(room, self._rng.randint(1, last))
            case 5:
                await self._move(url)
            case _:
                self._said += 1
                await self._send(chat, room, f"{self.name} {self._said}", secrets.token_urlsafe(12))

    async def _send(self, chat: Chat, room: int, text: str, key: str) -> None:
        self._unanswered[key] = room, text
        with suppress(Refused):
            self.acknowledged[key] = room, (await chat.send(room, text, key=key)).seq
        del self._unanswered[key]

    async def _move(self, url: str) -> None:
        """Leave a room or join it; whether that is done, the events say."""
        room = FIRST_ROOM + self._rng.randrange(ROOMS)
        method = self._rng.choice(("PUT", "PUT", "DELETE"))
        with suppress(httpx.HTTPError):
            async with httpx.AsyncClient(trust_env=False, timeout=10, headers=self.headers) as client:
                await client.request(method, f"{url}/api/v1/rooms/{room}/members/{self._person}", json={})


class Server:
    """One of several servers on one database, which is killed and started again."""

    def __init__(self, place: Path, arguments: Sequence[str]) -> None:
        self._place, self._arguments = place, arguments
        self.running = self.start()

    def start(self) -> ServerProcess:
        self.running = ServerProcess(self._place, *self._arguments, **SECRET)
        return self.running

    async def restart(self, balancer: Balancer, pause: float) -> None:
        """Kill it, and start it after this many seconds. Cancelling takes effect between the steps."""
        del balancer.ports[self]
        await trio.to_thread.run_sync(self.running.kill)
        self.running.end()
        await trio.sleep(pause)
        await trio.to_thread.run_sync(self.start)
        balancer.ports[self] = port_of(self.running)


def port_of(server: ServerProcess) -> int:
    """Return where a server listens."""
    port = urlsplit(server.url).port
    assert port is not None
    return port


def resuming() -> Iterable[Row]:
    """Kill servers under native clients KILLS times, and compare what everybody has."""
    rng = random.Random(KILLS)
    with ExitStack() as stack:
        home = stack.enter_context(running_server(stack.enter_context(data_path())))
        database = stack.enter_context(spare_database(home))
        beside = f"postgresql://{database['user']}@/{database['database']}?host={database['host']}"
        arguments = ("--database", beside, "--bus", "notify")
        places = [stack.enter_context(data_path()) for _ in range(2)]
        servers = [Server(place, arguments) for place in places]
        stack.callback(lambda: [server.running.end() for server in servers])
        url = servers[0].running.url
        people = [_register(url, name, rng) for name in NAMES]
        for number in range(ROOMS):
            made = post(f"{url}/api/v1/rooms", {"name": f"room {number}"}, headers=people[0].headers)
            assert made.json()["id"] == FIRST_ROOM + number, made.text
        trio.run(_kill_under, servers, people, rng)
        acknowledged = _account(people, database)
        for server in servers:
            assert "Traceback" not in server.running.log.read_text(), server.running.log.read_text()
    lives, received = (
        sum(each) for each in zip(*((one.lives, one.checker.events) for one in people), strict=True)
    )
    done = (
        f"{acknowledged:,} acknowledged and {received:,} events heard in {lives:,} runs of {len(people)} programs,"
        " 0 lost, 0 doubled, 0 out of order; rooms, messages and unread counts are a reload's"
    )
    yield "`kill -9` of one of two servers, or of both, under native clients", f"{KILLS:,} ×", done, "–"


async def _kill_under(servers: Sequence[Server], people: Sequence[Someone], rng: random.Random) -> None:
    """Kill and start servers while people talk, then compare what they have."""
    balancer = Balancer(rng)
    balancer.ports |= {server: port_of(server.running) for server in servers}
    over = trio.Event()
    turns = iter(range(KILLS))

    async def keep_killing(server: Server) -> None:
        for _ in turns:
            said = sum(len(one.acknowledged) for one in people) + rng.randint(0, MOST_BETWEEN)
            with trio.fail_after(PATIENCE):
                while sum(len(one.acknowledged) for one in people) < said:  # noqa: ASYNC110
                    await trio.sleep(POLL)
            await server.restart(balancer, rng.uniform(0, 0.5))

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, balancer.relay, 0, host="127.0.0.1"))
        url = f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        async with trio.open_nursery() as living:
            for one in people:
                living.start_soon(one.live, url, over)
            async with trio.open_nursery() as killing:
                for server in servers:
                    killing.start_soon(keep_killing, server)
            over.set()
        with trio.fail_after(PATIENCE):
            await _compare(people, url)
        nursery.cancel_scope.cancel()


async def _compare(people: Sequence[Someone], url: str) -> None:
    """Let everybody resend unanswered messages, and compare their state with that of a new client."""
    async with AsyncExitStack() as stack:
        chats = [await stack.enter_async_context(one.open(url)) for one in people]
        async with trio.open_nursery() as nursery:
            for one, chat in zip(people, chats, strict=True):
                nursery.start_soon(one.finish, chat)
        await trio.sleep(NOTED)
        for one, chat in zip(people, chats, strict=True):
            assert one.checker.resets == []
            async with open_chat(url, token=one.token) as reloaded:
                await _compare_one(one, chat, reloaded)


async def _compare_one(one: Someone, chat: Chat, reloaded: Chat) -> None:
    while any(got.info.pos > chat.rooms[room].info.pos for room, got in reloaded.rooms.items()):  # noqa: ASYNC110
        await trio.sleep(POLL)  # it is the client's to keep up
    assert set(chat.rooms) == set(reloaded.rooms)
    for room, got in reloaded.rooms.items():
        own, theirs = info_of(chat.rooms[room]), info_of(got)
        assert own == theirs, (one.name, own, theirs)
        for message in (await reloaded.history(room, limit=100)).messages:
            held = chat.rooms[room].messages.get(message.seq)
            assert held is None or _plain(held) == _plain(message), (one.name, held, message)


def _plain(message: Message) -> dict[str, Any]:
    return plain(to_builtins(message))


def _account(people: Sequence[Someone], database: DatabaseAddress) -> int:
    """Hold what was acknowledged against what is saved; return how many messages that was."""
    for room in fetch_sql(database, _PLACES):
        assert room["places"] == list(range(1, room["last_pos"] + 1)), f"gaps in room {room['id']}"
    saved = fetch_sql(database, _KEYS)
    places = {row["client_key"]: (row["room_id"], row["seq"]) for row in saved}
    assert len(places) == len(saved), "a key was saved twice"
    for one in people:
        assert one.acknowledged.items() <= places.items(), one.name
    return sum(len(one.acknowledged) for one in people)


def _register(url: str, name: str, rng: random.Random) -> Someone:
    """Register somebody, with a token that outlasts the campaign."""
    account = {"name": name, "password": PASSWORD}
    registered = post(f"{url}/api/v1/auth/register", account).json()
    headers = {"Authorization": f"Bearer {registered['access']}"}
    made = post(
        f"{url}/api/v1/me/sessions", {"name": "campaign", "days": 1, "password": PASSWORD}, headers=headers
    )
    return Someone(name, made.json()["token"], registered["me"]["id"], rng)
