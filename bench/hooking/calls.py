"""How many calls of hooks a second the server commits and publishes, and how much of its CPU each takes.

200 hooks in four rooms, 32 connections, each of which sends its next call when it has the answer to the last one. The
client is this process; server and PostgreSQL have one each.
"""

import hashlib
import secrets
import selectors
import socket
import tempfile
import time
from pathlib import Path

import trio

from bench.machine import cpu_used
from bench.our_server import our_server
from bench.scenarios import Scenario
from chat.domain.accounts.hooks import HOOKS, NewHook
from chat.domain.entities import LOBBY_ID, Person, Room
from chat.domain.ports.users import NewPerson
from chat.features.registry import FEATURES
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.storage import open_shared_postgres_storage

_SECONDS = 3.0
_HOOKS = 50
"""Hooks in each room: the most that one may have."""
_CONNECTIONS = 32


def make_hooks(address: DatabaseAddress | None, rooms: int, of_each: int) -> list[str]:
    """Make so many hooks in each of so many rooms, of which the lobby is one, and return their tokens."""
    assert address is not None
    return trio.run(_make_hooks, address, rooms, of_each)


async def _make_hooks(address: DatabaseAddress, rooms: int, of_each: int) -> list[str]:
    tokens = []
    async with open_shared_postgres_storage(address, query_timeout=10, features=FEATURES) as storage:
        owner = await storage.users.add(NewPerson(name="keeper", password_hash=b""))
        assert isinstance(owner, Person)
        ids = [LOBBY_ID]
        while len(ids) < rooms:
            made = await storage.rooms.create(f"alarms {len(ids)}", owner.id, is_private=False)
            assert isinstance(made, Room)
            ids.append(made.id)
        for room_id in ids * of_each:
            tokens.append(secrets.token_urlsafe(24))
            digest = hashlib.sha256(tokens[-1].encode()).digest()
            new = NewHook(room_id=room_id, name="Load (hook)", token=digest, may_mention=False)
            await storage.feature_ports[HOOKS].add(new, None)
    return tokens


def call(token: str, nth: int) -> bytes:
    """Return the bytes of a call, which no other call repeats. Pure."""
    body = b'{"text": "*disk* %d is full: <https://db.example|db>", "username": "bench"}' % nth
    head = f"POST /hooks/{token} HTTP/1.1\r\nHost: localhost\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class _Load:
    """Sends calls, and notes how long their answers took."""

    def __init__(self, port: int, tokens: list[str]) -> None:
        self._address = "127.0.0.1", port
        self._tokens = tokens
        self._sent = 0
        self.took: list[float] = []

    def run(self, seconds: float) -> None:
        """Send for so many seconds."""
        began: dict[socket.socket, float] = {}
        with selectors.DefaultSelector() as waiting:
            for _ in range(_CONNECTIONS):
                client = socket.create_connection(self._address)
                waiting.register(client, selectors.EVENT_READ, (client, bytearray()))
                began[client] = self._send(client)
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                for key, _ in waiting.select(1.0):
                    client, got = key.data
                    got += client.recv(65_536)
                    if got.endswith(b"\r\n\r\nok"):
                        self.took.append(time.perf_counter() - began[client])
                        got.clear()
                        began[client] = self._send(client)
                    elif b" 200 " not in got[:20]:
                        raise SystemExit(got.decode())
            for client in began:
                client.close()

    def _send(self, client: socket.socket) -> float:
        self._sent += 1
        client.sendall(call(self._tokens[self._sent % len(self._tokens)], self._sent))
        return time.perf_counter()


def measure_calls(rounds: int) -> None:
    """Measure, and print a line for each round."""
    scenario = Scenario(key="hooking", title="", dialect="native", listeners=1)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        place = Path(name)
        place.chmod(0o755)  # PostgreSQL may run as another user
        with our_server("chat", "this server").start(scenario, place) as target:
            load = _Load(target.port, make_hooks(target.address, 4, _HOOKS))
            for _ in range(rounds):
                load.took.clear()
                before = cpu_used(target.roots)
                load.run(_SECONDS)
                used = cpu_used(target.roots).main - before.main
                took, count = sorted(load.took), len(load.took)
                print(
                    f"{count / _SECONDS:,.0f} calls a second, {1e6 * used / count:,.0f} µs of the server's CPU each, "
                    f"{used / _SECONDS:.0%} of one core; p50 {1000 * took[count // 2]:.1f} ms, "
                    f"p99 {1000 * took[count * 99 // 100]:.1f} ms",
                    flush=True,
                )
