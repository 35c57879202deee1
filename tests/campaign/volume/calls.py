"""How long each call takes on a small and on a large database: the two servers are asked in turn."""

import itertools
import json
import random
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx
from websockets.sync.client import ClientConnection, connect

from chat.domain.entities import LOBBY_ID
from tests.campaign.volume.filling import BIG, COMMON, FIRST_DIRECT, MIDDLING, PAIRS, RARE
from tests.support.people import PASSWORD
from tests.support.saved import fetch_sql
from tests.support.server import ServerProcess

V1 = "/api/v1"
ADMIN = "ada"
"""The person with the id 1, who is an admin."""
WARM_UP = 3
"""Calls of each kind before those that are measured."""
PATIENCE = 60.0
"""Seconds for one answer."""

_MIDDLE = "SELECT extract(epoch FROM created_at) FROM messages WHERE id >= $1 ORDER BY id LIMIT 1"
_NUMBERS = itertools.count(1)


class World:
    """A server with a filled database, and the admin's connection to it; use it as a context manager."""

    def __init__(self, server: ServerProcess) -> None:
        self.server = server
        self.chance = random.Random(5)
        self._fresh_until = 0.0
        self.took = 0.0
        """Seconds that the last call took."""
        self._http = httpx.Client(trust_env=False, timeout=PATIENCE, base_url=server.url)
        self.token = self.log_in(ADMIN)
        made = self.call("POST", "/me/sessions", {"name": "volume", "password": PASSWORD, "days": 1})
        self.lasting = str(made["token"])
        """A token for sockets, which lasts for the whole run."""
        ends = fetch_sql(server.address, "SELECT last_seq, last_pos FROM rooms WHERE id = $1", LOBBY_ID)
        self.last_seq, self.last_pos = ends[0]
        self.newest = fetch_sql(server.address, "SELECT last_id FROM lanes")[0][0]
        self.before = float(fetch_sql(server.address, _MIDDLE, self.newest // 2)[0][0])
        self.empty_rooms = itertools.count(FIRST_DIRECT + PAIRS + 1)
        self.room = fetch_sql(server.address, "SELECT name FROM rooms WHERE id = $1", FIRST_DIRECT + PAIRS)[
            0
        ][0]
        self.name = fetch_sql(server.address, "SELECT name FROM users ORDER BY id DESC LIMIT 1")[0][0]

    def __enter__(self) -> "World":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def call(self, method: str, path: str, body: object = None, *, token: str | None = "own") -> Any:
        """Call an operation, and return its answer; fail if it was refused."""
        if token is not None and time.monotonic() > self._fresh_until:
            self.token = self.log_in(ADMIN)
        headers = {} if token is None else {"Authorization": f"Bearer {self.token}"}
        while True:
            began = time.perf_counter()
            answer = self._http.request(method, V1 + path, json=body, headers=headers)
            self.took = time.perf_counter() - began
            if answer.status_code != 429:  # a person may search so often a second only
                break
            time.sleep(answer.json()["retry_ms"] / 1000)
        assert answer.is_success, (method, path, answer.status_code, answer.text[:300])
        return answer.json() if answer.content else None

    def get(self, path: str, **query: object) -> Any:
        return self.call("GET", path + ("?" + str(httpx.QueryParams(query)) if query else ""))  # type: ignore[arg-type]

    def seq(self) -> int:
        """Return a message of the lobby, from all times."""
        return self.chance.randint(100, self.last_seq - 100)

    def say(self) -> int:
        body = {"key": secrets.token_urlsafe(18), "text": "one more message"}
        return int(self.call("POST", f"/rooms/{LOBBY_ID}/messages", body)["seq"])

    def make_room(self) -> int:
        return int(self.call("POST", "/rooms", {"name": f"new {secrets.token_hex(8)}"})["id"])

    def log_in(self, name: str) -> str:
        """Return a token, which is used for ten minutes at most."""
        self._fresh_until = time.monotonic() + 600
        login = self.call("POST", "/auth/login", {"login": name, "password": PASSWORD}, token=None)
        return str(login["access"])

    @contextmanager
    def socket(self, name: str = ADMIN) -> Iterator[ClientConnection]:
        token = self.lasting if name == ADMIN else self.log_in(name)
        url = f"{self.server.socket_url}{V1}/socket"
        with connect(
            url, compression=None, proxy=None, max_size=None, max_queue=None, ping_interval=None
        ) as socket:
            socket.send(json.dumps({"type": "hello", "id": 1, "token": token}))
            while json.loads(socket.recv(PATIENCE))["type"] != "hello_ok":
                pass
            yield socket

    def sync(self, behind: int | None, **more: object) -> None:
        """Sync as a client that is so many changes of the lobby behind; None: that knows nothing."""
        known: list[object] = []
        if behind is not None:
            query = """
                SELECT pos, extract(epoch FROM created_at) * 1000 FROM (
                    SELECT pos, created_at FROM messages WHERE room_id = $1 AND pos <= $2 ORDER BY pos DESC LIMIT 1
                ) AS at"""
            pos, at = fetch_sql(self.server.address, query, LOBBY_ID, self.last_pos - behind)[0]
            known = [{"room": LOBBY_ID, "pos": pos, "at": int(at)}]
        with self.socket() as socket:
            began = time.perf_counter()
            asked = {"type": "sync", "id": 2, "known": known, "rest": behind is None, **more}
            socket.send(json.dumps(asked))
            while json.loads(socket.recv(PATIENCE))["type"] != "sync_ok":
                pass
            self.took = time.perf_counter() - began


Call = Callable[[World], object]
"""Does something, and at last the call that is measured."""


def _search(q: str, **more: object) -> Call:
    return lambda world: world.get("/search", q=q, limit=20, **more)


def _before(q: str) -> Call:
    return lambda world: world.get("/search", q=q, limit=20, before=int(world.before * 1000))


def _join(world: World) -> None:
    """Join a room that nobody is in."""
    world.call("PUT", f"/rooms/{next(world.empty_rooms)}/members/1")


_LOBBY = f"/rooms/{LOBBY_ID}"

CALLS: Mapping[str, Call] = {
    "history, the newest": lambda world: world.get(f"{_LOBBY}/messages"),
    "history, the oldest": lambda world: world.get(f"{_LOBBY}/messages", after=0),
    "history, around one of all times": lambda world: world.get(f"{_LOBBY}/messages", around=world.seq()),
    "sync of a new client": lambda world: world.sync(None),
    "resume, 100 behind": lambda world: world.sync(100),
    "resume, far behind (reset)": lambda world: world.sync(5000),
    "resume by pages, far behind": lambda world: world.sync(5000, far="page", limit=1000),
    "search, a word of each 3rd": _search(COMMON),
    "search, a word of each 200th": _search(MIDDLING),
    "search, a word of three": _search(RARE),
    "search, a word of none": _search("nowhere"),
    "search, each 3rd, `before` the middle": _before(COMMON),
    "search, each 200th, `before` the middle": _before(MIDDLING),
    "search, three, `before` the middle": _before(RARE),
    "search, two words": _search(f"{COMMON} {MIDDLING}"),
    "search, a phrase": _search(f'"{COMMON} {MIDDLING}"'),
    "search, the best of each 200th": _search(MIDDLING, order="best"),
    "search, each 200th in a room": _search(MIDDLING, room=BIG + 1),
    "search, each 200th by one author": _search(MIDDLING, **{"from": 7}),
    "mentions": lambda world: world.get("/mentions"),
    "pins": lambda world: world.get(f"{_LOBBY}/pins"),
    "files of a room": lambda world: world.get(f"{_LOBBY}/files"),
    "files of a room, from the middle": lambda world: world.get(f"{_LOBBY}/files", after=world.last_seq // 2),
    "own rooms": lambda world: world.get("/rooms"),
    "members of the lobby": lambda world: world.get(f"{_LOBBY}/members"),
    "`people?q=`, a frequent part": lambda world: world.get("/people", q="a"),
    "`people?q=`, one person": lambda world: world.get("/people", q=world.name),
    "`people?q=`, nobody": lambda world: world.get("/people", q="xyzzy"),
    "`admin/people`": lambda world: world.get("/admin/people"),
    "`admin/people?q=`, one person": lambda world: world.get("/admin/people", q=world.name),
    "`admin/people?q=`, nobody": lambda world: world.get("/admin/people", q="xyzzy"),
    "`admin/people?role=admin`": lambda world: world.get("/admin/people", role="admin"),
    "`rooms/public`": lambda world: world.get("/rooms/public"),
    "`rooms/public?q=`, one room": lambda world: world.get("/rooms/public", q=world.room),
    "`rooms/public?q=`, none": lambda world: world.get("/rooms/public", q="xyzzy"),
    "`admin/rooms`": lambda world: world.get("/admin/rooms"),
    "`admin/rooms?q=`, none": lambda world: world.get("/admin/rooms", q="xyzzy"),
    "`admin/audit`": lambda world: world.get("/admin/audit"),
    "send a message": World.say,
    "edit a message of all times": lambda world: world.call(
        "PATCH", f"{_LOBBY}/messages/{_message(world, by=ADMIN)}", {"text": f"edited {next(_NUMBERS)}"}
    ),
    "react to a message of all times": lambda world: world.call(
        "PUT", f"{_LOBBY}/messages/{_message(world)}/reactions/🎉"
    ),
    "delete a message": lambda world: world.call("DELETE", f"{_LOBBY}/messages/{world.say()}"),
    "mark as read": lambda world: world.call("PUT", f"{_LOBBY}/read", {"seq": world.seq(), "back": True}),
    "make a room": World.make_room,
    "join a room": _join,
    "delete a room": lambda world: world.call("DELETE", f"/rooms/{world.make_room()}"),
    "log in": lambda world: world.log_in(ADMIN),
    "own sessions": lambda world: world.get("/me/sessions"),
}


def _message(world: World, by: str | None = None) -> int:
    """Return a message of the lobby, from all times, that is not deleted; of one person, if given."""
    query = """
        SELECT seq FROM messages
        WHERE room_id = $1 AND seq >= $2 AND deleted_at IS NULL
            AND ($3::text IS NULL OR sender_id = (SELECT id FROM users WHERE name = $3))
        ORDER BY seq LIMIT 1"""
    first = world.chance.randint(1, world.last_seq * 9 // 10)
    return int(fetch_sql(world.server.address, query, LOBBY_ID, first, by)[0][0])


class Taken(NamedTuple):
    """The seconds of one kind of call, on each server."""

    name: str
    seconds: tuple[list[float], ...]


def measure(worlds: Sequence[World], times: int) -> Iterator[Taken]:
    """Make each call so many times on each server, in turn."""
    for name, call in CALLS.items():
        taken: tuple[list[float], ...] = tuple([] for _ in worlds)
        for number in range(WARM_UP + times):
            for world, seconds in zip(worlds, taken, strict=True):
                call(world)
                if number >= WARM_UP:
                    seconds.append(world.took)
        yield Taken(name, taken)
