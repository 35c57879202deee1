"""`make campaign ARGS="--only forging"`: somebody with a role of the database that has no grant writes to the bus.

They hear everything on it, say the same again, whole and damaged, and forge whatever a server could say: messages, ends
of the log, what somebody has used up, answers to all questions, what is relayed to guests and people.
"""

import asyncio
import random
import re
import threading
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager

import asyncpg

from chat.bus.payloads import (
    Announced,
    Answer,
    Beat,
    HasPublished,
    HasRecorded,
    Payload,
    Question,
    Relayed,
    Spent,
    encode,
)
from chat.domain.entities import LOBBY_ID, Message, Pair
from chat.domain.limits.shared_usage import Used
from tests.campaign.rows import Row
from tests.campaign.servers import shown
from tests.support.faults.two_servers import Servers, conversation, two_servers
from tests.support.people import request
from tests.support.saved import execute_sql, fetch_sql
from tests.support.server import data_path, running_server

LASTS = 20.0
"""Seconds for which they go on."""

FORGED = "FORGED"
"""Stands in every text that they make up."""

_ROLE = "forger"

_BEAT = re.compile(r'\["Beat",\d+,(\d+),"')


def forging() -> Iterable[Row]:
    with data_path() as data, running_server(data) as home, two_servers(home, "notify") as servers:
        address = servers.near.address
        execute_sql(address, f"CREATE ROLE {_ROLE} LOGIN")
        try:
            with conversation(servers) as talk, forger(servers) as got:
                until = time.monotonic() + LASTS
                while time.monotonic() < until:
                    _log_in_wrongly(servers)
                    time.sleep(0.5)
                back = talk.received_by_all(time.monotonic(), talk.near, talk.far)
            received = str([each.__dict__ for each in talk.listeners])
            assert FORGED not in received, "a forged message was heard"
            assert not fetch_sql(address, "SELECT 1 FROM messages WHERE text LIKE $1", f"%{FORGED}%")
        finally:
            execute_sql(address, f"DROP ROLE {_ROLE}")
        for server in (servers.near, servers.far):
            log = server.log.read_text()
            assert "no server of this chat sealed" in log
            assert "lost commits" not in log
        what = "a role without any grant forges, damages and repeats what servers say over `notify`"
        yield shown(what, [talk], [back], f", beside {got[0]:,} payloads; the throttle of log-ins holds")


def _log_in_wrongly(servers: Servers) -> None:
    """Guess a password a few times more than is allowed: it is refused, whatever costs are forged."""
    body = {"name": "nobody", "password": "wrong"}
    answers = [request("POST", f"{servers.near.url}/api/v1/login", body).status_code for _ in range(7)]
    assert max(answers) < 500, answers


@contextmanager
def forger(servers: Servers) -> Generator[list[int]]:
    """Forge for as long as the block lasts; the list has how many payloads that were."""
    got, stop = [0], threading.Event()
    address = {**servers.near.address, "user": _ROLE}

    def run() -> None:
        asyncio.run(_forge(address, got, stop))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield got
    finally:
        stop.set()
        thread.join()
    assert got[0] > 100, "nothing was forged"


async def _forge(address: dict[str, object], got: list[int], stop: threading.Event) -> None:
    chance = random.Random(1)
    overheard: list[str] = []
    newest = 1
    connection = await asyncpg.connect(**address)  # type: ignore[arg-type]
    try:
        await connection.add_listener("chat_bus", lambda *got: overheard.append(str(got[-1])))
        while not stop.is_set():
            ends = [int(beat[1]) for each in overheard if (beat := _BEAT.match(each))]
            newest = min(max(ends, default=newest), newest + 10_000)  # some of them are forged
            payloads = [encode(each).decode() for each in _claims(newest, chance)]
            again, overheard = overheard[-200:], []
            for each in again:
                place = chance.randrange(len(each))
                payloads += [each, each[:place] + chr(chance.randrange(32, 127)) + each[place + 1 :]]
            statement = "SELECT count(pg_notify('chat_bus', payload)) FROM unnest($1::text[]) AS payload"
            await connection.fetchval(statement, [each for each in payloads if len(each) < 8000])
            got[0] += len(payloads)
            await asyncio.sleep(0.1)
    finally:
        await connection.close()


def _claims(newest: int, chance: random.Random) -> Iterable[Payload]:
    """What would do most harm where it was believed."""
    end = newest + chance.randrange(1, 50)
    yield Beat(chance.randrange(1, 99), end * 1000)
    for change_id in (newest + 1, end):
        said = Message(change_id, LOBBY_ID, change_id, 1, "ada", FORGED, time.time(), pos=change_id)
        yield Announced(change_id, [said])
    for node in (1, 2, 3, 99):
        for person in range(1, 20):
            yield Spent(
                node, [Used(limit, person, chance.choice((1e300, -1e300))) for limit in ("messages", "text")]
            )
            relayed = Message(0, 0, 0, 1, "", FORGED, 0.0, people=Pair(1, person))
            yield Question(node, chance.randrange(10**6), None, Relayed(relayed))
        yield Question(node, chance.randrange(10**6), None, HasPublished(end * 1000))
        yield Question(node, chance.randrange(10**6), None, HasRecorded(1))
        for number in range(1, 200):
            yield Answer(node, number, 3 - node, True)
