"""How long a search takes among a million messages while 500 a second are written, and how soon they can be found.

    python -m bench.searching [MESSAGES [PLACE]]

In PLACE, a directory that PostgreSQL's user may enter, what was made is kept, and used by the next run.

The messages are made in the database, of 50,000 words of which few are said often, half of them in the lobby and the
others in 200 rooms. The server makes its index of them, which is timed; then searches of several kinds come at random
times over HTTP, ten a second, while one client speaks.
"""

import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

import asyncpg
from websockets.asyncio.client import ClientConnection, connect

from bench.machine import cpu_used
from bench.our_server import SECRET, TOKENS
from bench.processes import running
from bench.server import ROOT, port_of
from chat.domain.entities import LOBBY_ID, Person
from chat.embedded_postgres.embedded import running_address

_ROOMS = 200
_PEOPLE = 40
"""Each is in the lobby and in 50 of the rooms."""
_IN_ROOMS = 50
_VOCABULARY = 50_000
_RATE = 500
"""Messages a second that are written meanwhile."""
_SEARCHES = 600
_A_SECOND = 10
_BATCH = 20_000
_DEADLINE = 3600.0

_COLUMNS = ("id", "room_id", "seq", "pos", "sender_id", "kind", "text", "created_at")

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class Words:
    """Made-up words, of which the first are said most."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        syllables = [one + other for one in "bdfgklmnprstvz" for other in "aeiou"]
        made = dict.fromkeys(
            "".join(chance.choices(syllables, k=chance.randint(1, 4))) for _ in range(200_000)
        )
        self._words = list(made)[:_VOCABULARY]

    def draw(self) -> str:
        """Return a word: one of five is among the first hundred."""
        return self._words[int(len(self._words) * self._chance.random() ** 4)]

    def text(self) -> str:
        return " ".join(self.draw() for _ in range(self._chance.randint(3, 20)))

    def rare(self) -> str:
        return self._words[self._chance.randrange(len(self._words) // 2, len(self._words))]


def _said(
    count: int, words: Words, people: list[int], rooms: list[int], chance: random.Random
) -> Iterator[Any]:
    began = datetime.fromtimestamp(int(time.time()), UTC) - timedelta(seconds=count)
    seqs = dict.fromkeys(rooms, 0)
    for number in range(1, count + 1):
        room = LOBBY_ID if chance.random() < 0.5 else chance.choice(rooms)
        seqs[room] += 1
        said_at = began + timedelta(seconds=number)
        yield number, room, seqs[room], seqs[room], chance.choice(people), "message", words.text(), said_at


async def _fill(address: dict[str, Any], count: int, words: Words, chance: random.Random) -> None:
    """Make people, rooms and messages, as the server would have."""
    connection = await asyncpg.connect(**address)
    try:
        made = await connection.fetch(
            "INSERT INTO users (name, name_key, password_hash) SELECT 'p' || n, 'p' || n, '' "
            "FROM generate_series(1, $1) AS n RETURNING id",
            _PEOPLE,
        )
        ids = [row["id"] for row in made]
        rows = await connection.fetch(
            "INSERT INTO rooms (kind, name, name_key, is_private) SELECT 'room', 'r' || n, 'r' || n, true "
            "FROM generate_series(1, $1) AS n RETURNING id",
            _ROOMS,
        )
        rooms = [row["id"] for row in rows]
        pairs = [(room, person) for person in ids for room in chance.sample(rooms, _IN_ROOMS)]
        await connection.execute(
            "INSERT INTO memberships (room_id, user_id) SELECT * FROM unnest($1::bigint[], $2::bigint[])",
            *map(list, zip(*pairs, strict=True)),
        )
        records = _said(count, words, ids, [LOBBY_ID, *rooms], chance)
        while batch := [record for _, record in zip(range(_BATCH), records, strict=False)]:
            await connection.copy_records_to_table("messages", records=batch, columns=_COLUMNS)
        await connection.execute(
            "UPDATE rooms SET last_seq = said.seq, last_pos = said.seq, last_sender_id = $1 "
            "FROM (SELECT room_id, max(seq) AS seq FROM messages GROUP BY room_id) AS said WHERE id = room_id",
            ids[0],
        )
        await connection.execute("UPDATE lanes SET last_id = $1", count)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


async def _behind(connection: Connection) -> int:
    return int(
        await connection.fetchval(
            "SELECT (SELECT last_id FROM lanes) - coalesce((SELECT last_id FROM words_written), 0)"
        )
    )


async def _speak(port: int, token: str, words: Words, sent: list[float]) -> None:
    """Say so much a second, and note when each was acknowledged."""
    async with connect(f"ws://127.0.0.1:{port}/api/v1/socket", compression=None, max_queue=None) as socket:
        await socket.send(json.dumps({"type": "hello", "id": 1, "token": token}))
        await socket.recv()
        waiting: dict[int, float] = {}
        async with asyncio.TaskGroup() as group:
            group.create_task(_hear(socket, waiting, sent))
            began = time.perf_counter()
            for number in range(2, 10**9):
                waiting[number] = time.perf_counter()
                said = {"type": "send", "id": number, "room": LOBBY_ID, "key": f"{began:.0f}-{number}"}
                await socket.send(json.dumps({**said, "text": words.text()}))
                await asyncio.sleep(max(0.0, began + number / _RATE - time.perf_counter()))


async def _hear(socket: ClientConnection, waiting: dict[int, float], sent: list[float]) -> None:
    async for frame in socket:
        answer = json.loads(frame)
        if answer["type"] == "send_ok":
            sent.append(time.perf_counter() - waiting.pop(answer["id"]))


def _queries(words: Words, texts: list[str], chance: random.Random) -> Iterator[tuple[str, str]]:
    """Yield searches of each kind in turn: what kind it is, and the query."""
    while True:
        yield "a word", f"q={words.draw()}"
        yield "a rare word", f"q={words.rare()}"
        yield "a beginning", f"q={words.draw()[:3]}"
        yield "two words", f"q={quote(words.draw() + ' ' + words.draw())}"
        several = chance.choice(texts).split()
        yield "words of a text", f"q={quote(' '.join(several[:3]))}"
        begin = chance.randrange(max(1, len(several) - 2))
        yield "a phrase", f"q={quote(chr(34) + ' '.join(several[begin : begin + 2]) + chr(34))}"
        yield "one without another", f"q={quote(words.draw() + ' -' + words.draw())}"
        yield "in the lobby", f"q={words.draw()}&room={LOBBY_ID}"
        yield "of somebody", f"q={words.draw()}&from={chance.randint(1, _PEOPLE)}"
        yield "the best", f"q={words.draw()}&order=best"


async def _search(port: int, token: str, query: str) -> float:
    """Return the seconds of one call, on a connection of its own."""
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"GET /api/v1/search?{query}&limit=20 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    writer.write(f"{head}Authorization: Bearer {token}\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    if not answer.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(answer[:300])
    return time.perf_counter() - began


async def _measure(port: int, pid: int, address: dict[str, Any], words: Words, chance: random.Random) -> None:
    connection = await asyncpg.connect(**address)
    made = await connection.fetch(
        "SELECT id, name, extract(epoch FROM created_at)::float8 AS created_at FROM users ORDER BY id LIMIT $1",
        _PEOPLE,
    )
    tokens = [TOKENS.issue(Person(**row)) for row in made]
    began, used = time.perf_counter(), cpu_used([pid])
    while behind := await _behind(connection):
        await asyncio.sleep(1)
        print(f"\r{behind:,} to index  ", end="", flush=True)
    now = cpu_used([pid])
    print(
        f"\rindexed in {time.perf_counter() - began:,.0f} s; CPU {now.total - used.total:,.0f} s", flush=True
    )
    size = await connection.fetchval(
        "SELECT (SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('message_words')) / count(*)"
        " FROM message_words"
    )
    print(f"{size} bytes a message")
    rows = await connection.fetch("SELECT text FROM messages WHERE id % 997 = 1")
    texts = [row["text"] for row in rows]
    took: dict[str, list[float]] = {}
    late: list[int] = []

    async def search(kind: str, query: str, token: str) -> None:
        took.setdefault(kind, []).append(await _search(port, token, query))

    for rate in (0, _RATE):
        took.clear()
        sent: list[float] = []
        speaker = asyncio.create_task(_speak(port, tokens[0], words, sent)) if rate else None
        await asyncio.sleep(2)
        queries = _queries(words, texts, chance)
        before, used = time.perf_counter(), cpu_used([pid])
        async with asyncio.TaskGroup() as group:
            for number in range(_SEARCHES):
                group.create_task(search(*next(queries), tokens[number % _PEOPLE]))
                await asyncio.sleep(chance.expovariate(_A_SECOND))
                if number % 10 == 0:
                    late.append(await _behind(connection))
        if speaker is not None:
            speaker.cancel()
            print(
                f"{len(sent) / (time.perf_counter() - before):,.0f} messages/s were acknowledged after "
                f"{_told(sent)}; at most {max(late):,} could not be found yet"
            )
        else:
            spent = 1000 * (cpu_used([pid]).total - used.total) / _SEARCHES
            print(f"{spent:,.1f} ms of CPU a search, with PostgreSQL")
        print(f"with {rate} messages/s written, {_SEARCHES} searches: {_told([*chain(*took.values())])}")
        for kind, seconds in took.items():
            print(f"  {kind}: {_told(seconds)}")
    await connection.close()


def _told(seconds: list[float]) -> str:
    ordered = sorted(1000 * each for each in seconds)
    p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    return f"p50 {statistics.median(ordered):,.1f} ms, p99 {p99:,.1f} ms, most {ordered[-1]:,.1f} ms"


def main() -> None:
    """Measure, and print what came of it."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    chance = random.Random(1)
    words = Words(chance)
    with ExitStack() as stack:
        if len(sys.argv) > 2:
            place = Path(sys.argv[2])
            place.mkdir(mode=0o755, parents=True, exist_ok=True)
        else:
            place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
            place.chmod(0o755)  # PostgreSQL may run as another user
        data, log, filled = place / "data", place / "server.log", place / "filled"
        command: list[str | Path] = [sys.executable, "-m", "chat", "serve", "--listen", "127.0.0.1:0"]
        command += ["--data", data, "--message-rate", "0", "--message-bytes", "0", "--read-rate", "0"]
        command += ["--call-rate", "0"]
        environment = {"CHAT_SECRET": SECRET, "CHAT_BCRYPT_COST": "4", "PYTHONPATH": str(ROOT)}
        if not filled.exists():
            with running(command, log, directory=ROOT, environment=environment):
                asyncio.run(_fill(running_address(data), count, words, chance))
            filled.touch()
        with running(command, log, directory=ROOT, environment=environment) as (pid, line):
            asyncio.run(_measure(port_of(line), pid, running_address(data), words, chance))


if __name__ == "__main__":
    main()
