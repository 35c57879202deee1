"""How long an import of Slack and an export take beside a person who writes, and how late their messages are.

    python -m bench.importing [MESSAGES]

An export is made (threads, edits, reactions, mentions, links), some seconds pass with one person who writes fifty
messages a second, then `chat import` runs beside them, and `chat export` after it. For each it prints seconds,
messages a second, and how late the slowest hundredth of the person's messages is compared with the calm; at last the
number of messages in Slack's export beside the number that arrived.
"""

import asyncio
import json
import random
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import asyncpg
from websockets.asyncio.client import ClientConnection, connect

from bench.our_server import SECRET, TOKENS
from bench.processes import running
from bench.searching import Words
from bench.server import ROOT, port_of
from chat.domain.entities import LOBBY_ID, Person
from chat.embedded_postgres.embedded import running_address

_PEOPLE = 200
_ROOMS = 100
_DAYS = 500
_RATE = 50
"""Messages a second that are written meanwhile."""
_CALM = 20.0
"""Seconds before the import, for comparison."""
_BEGAN = datetime(2020, 1, 1, tzinfo=UTC)


def _said(chance: random.Random, words: Words, second: float, roots: list[str]) -> dict[str, Any]:
    """Return a message as Slack's exports have it: some answer, are edited, have reactions, mentions or links."""
    ts = f"{second:.6f}"
    text = words.text()
    kind = chance.random()
    if kind < 0.1:
        text = f"<@U{chance.randrange(_PEOPLE)}> {text}"
    elif kind < 0.15:
        text += f" <https://example.org/{words.draw()}|{words.draw()}>"
    elif kind < 0.2:
        text += f" *{words.draw()}* :smile: `{words.draw()}`"
    user = f"U{chance.randrange(_PEOPLE)}"
    message: dict[str, Any] = {"type": "message", "ts": ts, "user": user, "text": text, "client_msg_id": ts}
    if roots and chance.random() < 0.2:
        message["thread_ts"] = chance.choice(roots[-20:])
    elif chance.random() < 0.1:
        roots.append(ts)
        message |= {"thread_ts": ts, "reply_count": 1}
    if chance.random() < 0.03:
        message["edited"] = {"user": user, "ts": f"{second + 60:.6f}"}
    if chance.random() < 0.1:
        users = [f"U{chance.randrange(_PEOPLE)}" for _ in range(3)]
        message["reactions"] = [{"name": "thumbsup", "users": users, "count": len(users)}]
    return message


def _make_export(path: Path, count: int) -> None:
    chance = random.Random(1)
    words = Words(chance)
    users = [
        {
            "id": f"U{nth}",
            "team_id": "T1",
            "name": f"person{nth}",
            "profile": {"email": f"p{nth}@example.org"},
        }
        for nth in range(_PEOPLE)
    ]
    rooms = [
        {"id": f"C{nth}", "name": f"room-{nth}", "created": int(_BEGAN.timestamp()), "creator": "U0"}
        | {"members": [user["id"] for user in users[nth % 10 :: 10]]}
        for nth in range(_ROOMS)
    ]
    roots: list[list[str]] = [[] for _ in rooms]
    with ZipFile(path, "w", ZIP_DEFLATED, compresslevel=1) as export:
        for name, rows in (("users", users), ("channels", rooms)):
            export.writestr(f"{name}.json", json.dumps(rows))
        for day in range(_DAYS):
            date = _BEGAN + timedelta(days=day)
            for nth, room in enumerate(rooms):
                of_day = _share(count, _DAYS * _ROOMS, day * _ROOMS + nth)
                begin = date.timestamp() + nth / 1000
                messages = [
                    _said(chance, words, begin + 80_000 * each / of_day, roots[nth]) for each in range(of_day)
                ]
                if messages:
                    export.writestr(f"{room['name']}/{date:%Y-%m-%d}.json", json.dumps(messages))


def _share(whole: int, parts: int, nth: int) -> int:
    return whole * (nth + 1) // parts - whole * nth // parts


class _Speaker:
    """Writes to the lobby, and notes how late each message came back. `late` is emptied by who reads it."""

    def __init__(self, port: int, token: str) -> None:
        self._url = f"ws://127.0.0.1:{port}/api/v1/socket"
        self._token = token
        self.late: list[float] = []

    async def run(self) -> None:
        """Write until cancelled. The server cuts a connection once at the end of an import: it comes back."""
        number = 1
        while True:
            async with connect(self._url, compression=None, max_queue=None) as socket:
                number = await self._speak(socket, number)

    async def _speak(self, socket: ClientConnection, number: int) -> int:
        for frame in (
            {"type": "hello", "id": 1, "token": self._token},
            {"type": "sync", "id": 2, "known": []},
        ):
            await socket.send(json.dumps(frame))
        waiting: dict[str, float] = {}
        listening = asyncio.create_task(self._listen(socket, waiting))
        began, first = time.perf_counter(), number
        try:
            while not listening.done():
                number += 1
                text = f"message {number}"
                said = {
                    "type": "send",
                    "id": number,
                    "room": LOBBY_ID,
                    "key": f"bench-{number}",
                    "text": text,
                }
                waiting[text] = time.perf_counter()
                await socket.send(json.dumps(said))
                await asyncio.sleep(max(0.0, began + (number - first) / _RATE - time.perf_counter()))
        finally:
            listening.cancel()
        return number

    async def _listen(self, socket: ClientConnection, waiting: dict[str, float]) -> None:
        async for frame in socket:
            event = json.loads(frame)
            sent = waiting.pop(event.get("text", ""), None)
            if sent is not None:
                self.late.append(time.perf_counter() - sent)

    def p99(self) -> float:
        """Return the milliseconds of the slowest hundredth since the last call, and forget them."""
        late, self.late = sorted(self.late), []
        return 1000 * late[len(late) * 99 // 100]


async def _run(*arguments: str | Path, data: Path) -> None:
    command = [sys.executable, "-m", "chat", *map(str, arguments), "--data", str(data)]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}\n{out.decode()}{err.decode()}")


async def _measure(port: int, place: Path, count: int) -> None:
    data, export = place / "data", place / "export.zip"
    connection = await asyncpg.connect(**running_address(data))
    made = await connection.fetchrow(
        "INSERT INTO users (name, name_key, password_hash) VALUES ('speaker', 'speaker', '') "
        "RETURNING id, name, extract(epoch FROM created_at)::float8 AS created_at"
    )
    assert made is not None
    speaker = _Speaker(port, TOKENS.issue(Person(**made)))
    speaking = asyncio.create_task(speaker.run())
    try:
        await asyncio.sleep(_CALM)
        calm = speaker.p99()
        print(f"calm: the slowest hundredth after {calm:.1f} ms", flush=True)
        acts: list[tuple[str, tuple[str | Path, ...]]] = [
            ("import", ("import", "--from", "slack", export)),
            ("export", ("export", place / "archive")),
        ]
        for name, act in acts:
            began = time.perf_counter()
            await _run(*act, data=data)
            took, late = time.perf_counter() - began, speaker.p99()
            print(
                f"{name}: {took:.0f} s, {count / took:,.0f} messages a second; the slowest hundredth after "
                f"{late:.1f} ms, {late / calm:.2f} times the calm",
                flush=True,
            )
        (arrived,) = await connection.fetchrow(
            "SELECT count(*) FROM messages WHERE kind = 'message' AND sender_id <> $1", made["id"]
        ) or (0,)
        print(f"{count:,} messages were in Slack's export, {arrived:,} arrived")
    finally:
        speaking.cancel()
        await asyncio.wait([speaking])
        await connection.close()


def main() -> None:
    """Measure, and print the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        place = Path(name)
        place.chmod(0o755)  # PostgreSQL may run as another user
        _make_export(place / "export.zip", count)
        command: list[str | Path] = [sys.executable, "-m", "chat", "serve", "--listen", "127.0.0.1:0"]
        command += ["--data", place / "data", "--message-rate", "0", "--message-bytes", "0"]
        environment = {"CHAT_SECRET": SECRET, "CHAT_BCRYPT_COST": "4", "PYTHONPATH": str(ROOT)}
        with running(command, place / "server.log", directory=ROOT, environment=environment) as (_, line):
            asyncio.run(_measure(port_of(line), place, count))


if __name__ == "__main__":
    main()
