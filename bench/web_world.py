"""The server of the web client's benchmark, and whoever and whatever is there: people, a long room, many rooms."""

import asyncio
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import httpx
from playwright.sync_api import BrowserContext

from bench.processes import running
from bench.server import ROOT, port_of
from chat.embedded_postgres.embedded import running_address

LINES = 10_000
ROOMS = 2_000
_PASSWORD = "secret word"

TEXTS = (
    "see you at the gate",
    "yes",
    "it is *about* the `timer`, see https://garden.example/timer",
    "and then?",
)

_FILL_ROOM = """
WITH log AS (UPDATE lanes SET last_id = last_id + $1 RETURNING last_id - $1 AS base),
room AS (
    UPDATE rooms SET last_seq = last_seq + $1, last_pos = last_pos + $1 FROM log WHERE rooms.id = $2
    RETURNING last_seq - $1 AS seq, last_pos - $1 AS pos, base
)
INSERT INTO messages (id, room_id, seq, pos, sender_id, kind, text, created_at, reply_seq)
SELECT base + n, $2, seq + n, pos + n, ($3::bigint[])[1 + n / 3 % 2], 'message', ($4::text[])[1 + n % 4],
    now() - ($1 - n) * interval '1 minute', CASE WHEN $5 AND n > 1 THEN seq + 1 END
FROM room, generate_series(1, $1) AS n"""

_MAKE_ROOMS = """
WITH made AS (
    INSERT INTO rooms (kind, name, name_key) SELECT 'room', 'room ' || n, 'room ' || n FROM generate_series(1, $1) AS n
    RETURNING id
)
INSERT INTO memberships (room_id, user_id) SELECT id, $2 FROM made"""


class Somebody(NamedTuple):
    """A person and their access token."""

    id: int
    token: str


class World(NamedTuple):
    """A server at `url`, a long `room` and a `thread` room of ada's and ben's, and ada's other rooms; cem is in none.

    In the thread's room all messages but the last answer the first one.
    """

    url: str
    room: int
    thread: int
    ben: Somebody
    cem: Somebody


@contextmanager
def open_world() -> Generator[World]:
    """Make it all, for as long as the block lasts."""
    with _server() as (url, address):
        ada, ben, cem = (_register(url, name) for name in ("ada", "ben", "cem"))
        room = _make_room(url, address, ada, ben, name="long")
        thread = _make_room(url, address, ada, ben, name="thread", is_thread=True)
        asyncio.run(_sql(address, _MAKE_ROOMS, ROOMS, ada.id))
        yield World(url, room, thread, ben, cem)


def log_in(context: BrowserContext, url: str, name: str) -> None:
    """Give a browser a session, as the log-in page does."""
    answer = context.request.post(
        f"{url}/api/v1/auth/login",
        data={"login": name, "password": _PASSWORD},
        headers={"Origin": url, "Sec-Fetch-Site": "same-origin"},
    )
    assert answer.ok, answer.text()


@contextmanager
def _server() -> Generator[tuple[str, dict[str, Any]]]:
    with tempfile.TemporaryDirectory(prefix="chat-bench-") as directory:
        Path(directory).chmod(0o755)  # PostgreSQL's user comes in
        data = Path(directory) / "data"
        command = [sys.executable, "-m", "chat", "serve", "--listen", "127.0.0.1:0", "--data", str(data)]
        free = {f"CHAT_{limit}": "0" for limit in ("MESSAGE_RATE", "MESSAGE_BYTES", "READ_RATE", "CALL_RATE")}
        with running(command, Path(directory) / "log", directory=ROOT, environment=free) as (_pid, line):
            yield f"http://127.0.0.1:{port_of(line)}", dict(running_address(data))


def _register(url: str, name: str) -> Somebody:
    answer = httpx.post(f"{url}/api/v1/auth/register", json={"name": name, "password": _PASSWORD})
    session = answer.raise_for_status().json()
    return Somebody(session["me"]["id"], session["access"])


def _make_room(
    url: str, address: dict[str, Any], ada: Somebody, ben: Somebody, *, name: str, is_thread: bool = False
) -> int:
    """A long room; its last message goes through the server, which learns of the others by it."""
    headers = {"Authorization": f"Bearer {ada.token}"}
    with httpx.Client(base_url=f"{url}/api/v1", headers=headers) as api:
        room: int = api.post("/rooms", json={"name": name}).raise_for_status().json()["id"]
        asyncio.run(_sql(address, _FILL_ROOM, LINES - 1, room, [ada.id, ben.id], list(TEXTS), is_thread))
        api.post(f"/rooms/{room}/messages", json={"key": name, "text": "the end"}).raise_for_status()
    return room


async def _sql(address: dict[str, Any], statement: str, *values: object) -> None:
    connection = await asyncpg.connect(**address)
    try:
        await connection.execute(statement, *values)
    finally:
        await connection.close()
