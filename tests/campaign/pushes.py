"""Pushes by pairs of servers that are killed repeatedly, while people are mentioned.

A push service of the campaign's own takes what they send, and loses some of its answers. In the end each mention that
the ledger calls sent was pushed: once, or twice where the answer was lost, by the service or with the server. Each that
it calls collapsed has a newer one of its person that was sent.
"""

import os
import random
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

import httpx
import msgspec
import trio

from chat.domain.entities import LOBBY_ID
from chat.storage.postgres.database import DatabaseAddress
from tests.campaign.resuming import Balancer, Server, port_of
from tests.campaign.rows import Row
from tests.features.push.push_service import SILENCE, open_push_service, trusted_authority
from tests.features.push.world import World, open_world
from tests.support.faults.machine import spare_database
from tests.support.people import PASSWORD, post
from tests.support.saved import execute_sql, fetch_sql
from tests.support.server import data_path, running_server

KILLS = int(os.environ.get("KILLS", "100"))
"""How many; each takes about a second."""

PAIRS = 2
"""Pairs of servers, each pair on a PostgreSQL of its own: of a pair one is killed at a time."""
PEOPLE = 150
"""So many are mentioned on each pair: with fewer, more mentions collapse into newer ones."""
EACH = 3
"""People whom one message mentions."""
WRITERS = 3
PAUSE = 0.2
"""Seconds from one message of a writer to the next."""
TAKES = 1.0
"""Seconds from a push until its answer: a kill finds some under way."""
LOST = 0.05
"""The part of the pushes that the service takes and does not answer."""
UNDISTURBED = 1.5
"""Seconds, at the most, from when a server is there again until one is killed: pushes go on all the time."""
PATIENCE = 240.0
"""Seconds until all is decided after the last kill: a claim of a dead server ends after a minute, and a push whose
answer was lost is due again after a minute, and takes ten seconds more where the answer is lost again."""

_SETTINGS = """
INSERT INTO settings (name, value, changed_at)
VALUES ('outbound_hosts', '["127.0.0.1/32"]', now()), ('message_rate', '1000', now())"""
_DECIDED = """
SELECT d.person_id, d.seq, d.decision, d.tries FROM push_decisions AS d WHERE d.room_id = 1"""
_DELIVERED = """
SELECT d.person_id, d.seq, state FROM push_deliveries JOIN push_decisions AS d USING (message_id, person_id)"""
_OPEN = "SELECT count(*) AS open FROM push_decisions WHERE due_at IS NOT NULL"


class Mention(NamedTuple):
    """A message that mentions one person."""

    person_id: int
    seq: int


class Counts(NamedTuple):
    """The outcomes of the mentions of a pair of servers."""

    mentions: int
    sent: int
    again: int
    lost: int
    """Answers that the push service did not give."""
    unknown: int


def pushes() -> Iterable[Row]:
    """Kill one of two servers KILLS times while people are mentioned, and compare the ledger with what was pushed."""
    rng, turns, counts = random.Random(KILLS), iter(range(KILLS)), list[Counts]()
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="chat-"))
        authority = stack.enter_context(trusted_authority(Path(directory)))
        pairs = []
        for _ in range(PAIRS):
            home = stack.enter_context(running_server(stack.enter_context(data_path())))
            database = stack.enter_context(spare_database(home))
            beside = f"postgresql://{database['user']}@/{database['database']}?host={database['host']}"
            arguments = ("--database", beside, "--bus", "notify")
            servers = [Server(stack.enter_context(data_path()), arguments) for _ in range(2)]
            for server in servers:
                stack.callback(lambda server=server: server.running.end())  # also if another one fails to end
            execute_sql(database, _SETTINGS)
            pairs.append((servers, database))

        async def run_one(servers: Sequence[Server], database: DatabaseAddress) -> None:
            async with open_push_service(authority) as service, open_world(database, service) as world:
                mentions, people = await _push_under(servers, world, database, rng, turns)
                counts.append(await trio.to_thread.run_sync(_compare, mentions, people, world, database))

        async def run() -> None:
            async with trio.open_nursery() as nursery:
                for servers, database in pairs:
                    nursery.start_soon(run_one, servers, database)

        trio.run(run)
        for servers, _ in pairs:
            for server in servers:
                assert "Traceback" not in server.running.log.read_text(), server.running.log.read_text()
    yield _row(counts)


async def _push_under(
    servers: Sequence[Server],
    world: World,
    database: DatabaseAddress,
    rng: random.Random,
    turns: Iterator[int],
) -> tuple[set[Mention], dict[str, int]]:
    """Kill and start servers while people are mentioned; return the mentions, and the people by name."""
    people = {f"p{number}": (await world.someone(f"p{number}")).id for number in range(PEOPLE)}
    url = servers[0].running.url
    tokens = [await trio.to_thread.run_sync(_register, url, f"writer{number}") for number in range(WRITERS)]
    mentions: set[Mention] = set()
    world.service.takes = TAKES
    balancer, over = Balancer(rng), trio.Event()
    balancer.ports |= {server: port_of(server.running) for server in servers}

    async def write(token: str, url: str) -> None:
        said = 0
        async with httpx.AsyncClient(
            trust_env=False, timeout=10, headers={"Authorization": f"Bearer {token}"}
        ) as client:
            while not over.is_set():
                names = rng.sample(list(people), EACH)
                for name in names:
                    if rng.random() < LOST:
                        world.service.answer(name, SILENCE)
                body = {
                    "key": f"{token[-8:]}-{said}",
                    "text": f"{' '.join(f'@{name}' for name in names)} {said}",
                }
                said += 1
                seq = await _send(client, url, body)
                mentions.update(Mention(people[name], seq) for name in names)
                await trio.sleep(PAUSE)

    async def keep_killing() -> None:
        for number, _ in enumerate(turns):
            await trio.sleep(rng.uniform(0, UNDISTURBED))
            await servers[number % 2].restart(balancer, rng.uniform(0, 0.5))

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, balancer.relay, 0, host="127.0.0.1"))
        url = f"http://127.0.0.1:{listeners[0].socket.getsockname()[1]}"
        async with trio.open_nursery() as writing:
            for token in tokens:
                writing.start_soon(write, token, url)
            await keep_killing()
            over.set()
        with trio.fail_after(PATIENCE):
            while not await trio.to_thread.run_sync(_is_all_decided, database, len(mentions)):  # noqa: ASYNC110
                await trio.sleep(0.5)
        nursery.cancel_scope.cancel()
    return mentions, people


async def _send(client: httpx.AsyncClient, url: str, body: dict[str, str]) -> int:
    """Send a message until it is acknowledged; return its seq."""
    while True:
        with suppress(httpx.HTTPError):
            answer = await client.post(f"{url}/api/v1/rooms/{LOBBY_ID}/messages", json=body)
            if answer.is_success:
                seq: int = answer.json()["seq"]
                return seq
        await trio.sleep(0.05)


def _is_all_decided(database: DatabaseAddress, mentions: int) -> bool:
    (row,) = fetch_sql(database, _OPEN)
    return row["open"] == 0 and len(fetch_sql(database, _DECIDED)) >= mentions


def _compare(
    mentions: set[Mention], people: dict[str, int], world: World, database: DatabaseAddress
) -> Counts:
    pushed: Counter[Mention] = Counter()
    for each in world.service.pushed:
        body = msgspec.json.decode(world.browsers[each.name].decrypt(each.body))
        pushed[Mention(people[each.name], body["seq"])] += 1
    ledger = {Mention(row["person_id"], row["seq"]): row for row in fetch_sql(database, _DECIDED)}
    assert mentions <= ledger.keys(), "a mention was never decided"
    assert pushed.keys() <= ledger.keys(), "a push that the ledger does not know"
    delivered = {Mention(row["person_id"], row["seq"]): row for row in fetch_sql(database, _DELIVERED)}
    unknown = {each for each, row in delivered.items() if row["state"] == "unknown"}
    newest: defaultdict[int, int] = defaultdict(int)
    for each, row in ledger.items():
        if row["decision"] == "sent":
            newest[each.person_id] = max(newest[each.person_id], each.seq)
    for each, row in ledger.items():
        assert row["decision"] in ("sent", "collapsed"), (each, row)
        if row["decision"] == "sent":
            assert 1 <= pushed[each] <= 2, f"called sent, and pushed {pushed[each]} times: {each}"
        else:
            assert newest[each.person_id] > each.seq, f"collapsed, and nothing newer was sent: {each}"
        assert pushed[each] <= row["tries"], f"pushed {pushed[each]} times: {each} {row}"
        assert (each in unknown) <= (pushed[each] >= 1), f"called unknown, and never pushed: {each}"
    return Counts(
        mentions=len(ledger),
        sent=sum(row["decision"] == "sent" for row in ledger.values()),
        again=sum(count > 1 for count in pushed.values()),
        lost=sum(each.status == SILENCE for each in world.service.pushed),
        unknown=len(unknown),
    )


def _row(counts: Sequence[Counts]) -> Row:
    mentions, sent, again, lost, unknown = (
        sum(getattr(each, name) for each in counts)
        for name in ("mentions", "sent", "again", "lost", "unknown")
    )
    done = (
        f"{mentions:,} mentions, {sent:,} sent and {mentions - sent:,} collapsed into a newer one; each sent one was"
        f" pushed, {again:,} of them again after an answer was lost ({lost:,} by the service, the others with the"
        f" server), and none thrice; {unknown:,} of them answered neither time; 0 lost"
    )
    return "`kill -9` of one of two servers while people are mentioned (pushes)", f"{KILLS:,} ×", done, "–"


def _register(url: str, name: str) -> str:
    registered = post(f"{url}/api/v1/auth/register", {"name": name, "password": PASSWORD}).json()
    made = post(
        f"{url}/api/v1/me/sessions",
        {"name": "campaign", "days": 1, "password": PASSWORD},
        headers={"Authorization": f"Bearer {registered['access']}"},
    )
    token: str = made.json()["token"]
    return token
