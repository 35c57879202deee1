"""`make campaign ARGS="--only hostile"`: attackers of every kind at full speed, beside sixty ordinary people.

Attackers come from addresses of their own (the server trusts us about them), because loopback is spared by many limits.
"""

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from tests.campaign.hostile import ODD, SOCKETS, Job
from tests.campaign.innocents import EACH, Account, Innocents, sign_up
from tests.campaign.rows import Row, percentile
from tests.support.people import PATIENCE, client
from tests.support.processes import cpu_seconds, memory_of, waited_seconds
from tests.support.saved import LOBBY, execute_sql, fetch_sql
from tests.support.server import DEFAULT_LIMITS, ServerProcess, data_path, running_server

BRIEF = bool(os.environ.get("BRIEF"))
"""Whether only all attackers are measured, for half as long: to try something, in a minute and a half."""

CALM = 15.0 if BRIEF else 30.0
ALONE = 12.0
TOGETHER = 30.0 if BRIEF else 60.0
"""Seconds that the innocents are among themselves, before and again after the others; that each kind is alone with
them; and that all are there. What else the machine does meanwhile changes from minute to minute, so calm is measured
on both sides of what it is compared with."""

REST = 3.0
"""Seconds after each, in which budgets come back and what is waiting is read."""

MOST_RATIO = 1.1
MOST_KIB = 2048
"""How much the innocents' p99 is to grow at most, and how much the server may for each hostile socket."""

_MOST_TEXT = 524_288 + 65_536 * (TOGETHER + 5) + 50 * TOGETHER * 20
"""Bytes that one account may save meanwhile (a guest saves nothing), and what the innocents say."""

LONG_ROOM, BIG_ROOM = 300_000, 1_000_000
"""Messages of a room that is paged through, and of one that is deleted."""

_FILL = """
WITH room AS (
    UPDATE rooms SET last_seq = last_seq + $3, last_pos = last_pos + $3 WHERE id = $1
    RETURNING id, last_seq - $3 AS seq, last_pos - $3 AS pos
)
INSERT INTO messages (id, room_id, seq, pos, sender_id, kind, text, created_at)
SELECT $4 + n, id, seq + n, pos + n, $2, 'message', coalesce($5, 'said ' || n), now()
FROM room, generate_series(1, $3) AS n"""
_TAKE_IDS = "UPDATE lanes SET last_id = last_id + $1 RETURNING last_id - $1"
_PIECE = 50_000


class Seen(NamedTuple):
    """What happened meanwhile."""

    latencies: list[float]
    early: int
    cut: int
    cpu: float
    waited: float
    journal_waited: float
    base_kib: int
    most_kib: int
    text_bytes: int
    disk_bytes: int
    answers: dict[str, dict[str, int]]

    def quantile(self, part: float) -> float:
        return percentile(self.latencies, part)


class Attack:
    """A server, sixty innocents on it, and an account of each hostile kind with what it needs."""

    def __init__(self, server: ServerProcess) -> None:
        self.server = server
        url = server.url
        assert server.process.stdout is not None
        irc = int(server.process.stdout.readline().rpartition(":")[2])  # the line after its URL's
        people = [sign_up(url, f"innocent{n}", f"192.0.2.{n + 1}") for n in range(6 * EACH)]
        operator = sign_up(url, "olga", "192.0.2.200")
        execute_sql(server.address, "UPDATE users SET is_operator = true WHERE name = 'olga'")
        self._jobs: dict[str, dict[str, Any]] = {}
        for number, kind in enumerate(SOCKETS, 1):
            name = kind.__name__.replace("_", "-")
            account = sign_up(url, name, f"198.51.100.{number}")
            self._jobs[kind.__name__] = {
                "url": url,
                "irc": irc,
                "account": account,
                "rooms": [LOBBY],
                "victim": people[5 * EACH - 1].id,
                "name": name,
            }
        self._room(self._jobs["searches"]["account"], "odd", 60, text=ODD)
        garden = self._room(people[0], "garden", 0)
        self._jobs["removes"]["rooms"] = [garden]
        pager = self._jobs["pages"]
        pager["rooms"] = [self._room(pager["account"], "long", LONG_ROOM)]
        self._fill(LOBBY, pager["account"], 2000)  # so that `history 1000` has something to tell
        self._catch_up(pager["account"], pager["name"])
        query = "SELECT max(id) FROM messages WHERE room_id = $1"
        pager["victim"] = fetch_sql(server.address, query, pager["rooms"][0])[0][0]
        self._owner = self._jobs["deletes"]["account"]
        self._jobs["registers"]["name"] = "innocent0"
        self._count_rooms = 0
        self.innocents = Innocents(url, irc, people, operator)

    def fill(self) -> None:
        """Make the room that is to be deleted, and let the database settle."""
        self._count_rooms += 1
        # Nobody reads it, so its ids need not be of the log, which everybody would be told.
        big = self._room(self._owner, f"big{self._count_rooms}", 0)
        first = -self._count_rooms * 10**9 - BIG_ROOM
        for filled in range(_PIECE, BIG_ROOM + 1, _PIECE):
            self._fill(big, self._owner, _PIECE, first + filled)
            self.innocents.listen()  # on a busy machine this takes minutes, and who answers no ping is cut
        self._jobs["deletes"]["rooms"] = [big]
        for statement in ("VACUUM ANALYZE", "CHECKPOINT"):
            execute_sql(self.server.address, statement)

    def meet(self, kinds: Sequence[str], seconds: float) -> Seen:
        """Let the innocents chat for so long beside attackers of these kinds."""
        address = self.server.address
        texts = "SELECT coalesce(sum(octet_length(text)), 0)::bigint FROM messages WHERE id > $1"
        newest = fetch_sql(address, "SELECT coalesce(max(id), 0) FROM messages")[0][0]
        size = "SELECT pg_total_relation_size('messages')"
        disk = fetch_sql(address, size)[0][0]
        cut, cpu = self.innocents.cut, cpu_seconds(self.server.process.pid)
        waited, journal_waited = map(waited_seconds, (self.server.process.pid, self._journal()))
        with memory_of(self.server.process.pid) as most, self._attacked_by(kinds, seconds) as answers:
            latencies = self.innocents.chat(seconds)
            cpu = (cpu_seconds(self.server.process.pid) - cpu) / seconds
        return Seen(
            latencies,
            self.innocents.early,
            self.innocents.cut - cut,
            cpu,
            waited_seconds(self.server.process.pid) - waited,
            waited_seconds(self._journal()) - journal_waited,
            most[0],
            max(most),
            fetch_sql(address, texts, newest)[0][0],
            fetch_sql(address, size)[0][0] - disk,
            answers,
        )

    def _journal(self) -> int:
        """The process of PostgreSQL that commits."""
        query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'chat journal'"
        pid: int = fetch_sql(self.server.address, query)[0][0]
        return pid

    def _room(self, owner: Account, name: str, messages: int, text: str | None = None) -> int:
        address = self.server.address
        room: int = fetch_sql(
            address,
            "INSERT INTO rooms (kind, name, name_key, creator_id) VALUES ('room', $1, $1, $2) RETURNING id",
            name,
            owner.id,
        )[0][0]
        execute_sql(address, "INSERT INTO memberships (room_id, user_id) VALUES ($1, $2)", room, owner.id)
        self._fill(room, owner, messages, text=text)
        return room

    def _fill(
        self, room: int, owner: Account, messages: int, before: int | None = None, text: str | None = None
    ) -> None:
        """Fill a room, with ids of the log, or with such as were before that id."""
        for done in range(0, messages, _PIECE):
            size = min(_PIECE, messages - done)
            if before is None:
                base = fetch_sql(self.server.address, _TAKE_IDS, size)[0][0]
            else:
                base = before - messages + done - 1
            execute_sql(self.server.address, _FILL, room, owner.id, size, base, text)

    def _catch_up(self, account: Account, name: str) -> None:
        """Let the server find out how much was written beside it: with the next message, which ends who is there."""
        with client(self.server.url, f"/talker?token={account.token}", name=name) as speaker:
            speaker.say("what did I miss?")
            speaker.hear_to_the_end()

    @contextmanager
    def _attacked_by(self, kinds: Sequence[str], seconds: float) -> Generator[dict[str, dict[str, int]]]:
        command = [sys.executable, "-m", "tests.campaign.hostile"]
        processes = {
            kind: subprocess.Popen(
                [*command, kind],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            for kind in kinds
        }
        answers: dict[str, dict[str, int]] = {}
        try:
            for process in processes.values():
                assert process.stdout is not None
                assert process.stdout.readline() == "ready\n"
                self.innocents.chat(0.0)  # nobody of theirs has to wait for the others to be ready
            until = time.monotonic() + seconds
            for kind, process in processes.items():
                assert process.stdin is not None
                json.dump(self._jobs[kind] | {"until": until}, process.stdin)
                process.stdin.close()
                process.stdin = None
            yield answers
            for kind, process in processes.items():
                answers[kind] = json.loads(process.communicate(timeout=2 * PATIENCE)[0])
        finally:
            for process in processes.values():
                process.kill()
                process.wait()


def hostile(kinds: Mapping[Callable[[Job], None], int] = SOCKETS) -> Iterable[Row]:
    """The rows: calm, each kind alone, and all together."""
    options = ["--trusted-proxy", "127.0.0.1", "--irc", "127.0.0.1:0"]
    with data_path() as data, running_server(data, *options, **DEFAULT_LIMITS) as server:
        attack = Attack(server)
        attack.fill()
        gc.collect()
        gc.freeze()
        gc.disable()  # the pauses of the one who measures are nobody's
        try:
            with attack.innocents:
                yield from _rows(attack, {kind.__name__: sockets for kind, sockets in kinds.items()})
        finally:
            gc.enable()
        assert server.process.poll() is None
        assert "Traceback" not in server.log.read_text()


def _rows(attack: Attack, kinds: Mapping[str, int]) -> Iterable[Row]:
    attack.meet([], 5.0)
    calm = attack.meet([], CALM)
    base = calm.most_kib
    yield (
        f"{len(attack.innocents)} innocents among themselves",
        f"{CALM:.0f} s",
        _told(calm, calm, base, 0),
        "–",
    )
    for kind, sockets in () if BRIEF else kinds.items():
        seen = attack.meet([kind], ALONE)
        attack.innocents.chat(REST)
        yield f"`{kind}`", f"{ALONE:.0f} s", _told(seen, calm, seen.base_kib, sockets), "–"
    attack.fill()
    before = attack.meet([], CALM)
    seen = attack.meet(list(kinds), TOGETHER)
    attack.innocents.chat(REST)
    after = attack.meet([], CALM)
    sockets = sum(kinds.values())
    promised = [
        (seen.cut == 0, "an innocent was cut"),
        (seen.text_bytes <= _MOST_TEXT, "more was saved than the budgets allow"),
        (seen.most_kib - base <= MOST_KIB * sockets, "the server grew too much"),
    ]
    yield "among themselves before all of them", f"{CALM:.0f} s", _told(before, before, base, 0), "–"
    around = before._replace(latencies=before.latencies + after.latencies)
    yield (
        f"all of them at once, {sockets} sockets",
        f"{TOGETHER:.0f} s",
        _told(seen, around, base, sockets),
        "–",
    )
    yield "among themselves after all of them", f"{CALM:.0f} s", _told(after, around, base, 0), "–"
    assert all(kept for kept, _ in promised), [broken for kept, broken in promised if not kept]


def _told(seen: Seen, calm: Seen, base: float, sockets: int) -> str:
    ratio = seen.quantile(0.99) / calm.quantile(0.99)
    verdict = "" if ratio <= MOST_RATIO else f", more than {MOST_RATIO}"
    parts = [
        f"p50/p99 {seen.quantile(0.5) * 1000:.1f}/{seen.quantile(0.99) * 1000:.1f} ms",
        f"p99 {ratio:.2f} of calm{verdict}",
        f"after the first second p99 {percentile(seen.latencies[seen.early :], 0.99) * 1000:.1f} ms",
        f"longest {max(seen.latencies) * 1000:.0f} ms",
        f"{seen.cut} cut",
        f"{len(seen.latencies)} heard",
        f"{seen.cpu:.0%} of a core",
        f"no core for {seen.waited:.2f} s, for the journal's backend {seen.journal_waited:.2f} s",
    ]
    if sockets:
        parts.append(f"memory {(seen.most_kib - base) / sockets / 1024:+.2f} MiB a socket")
    parts.append(f"texts {seen.text_bytes / 1024:.0f} KiB, table {seen.disk_bytes / 1024:+.0f} KiB")
    parts += [f"{kind}: {json.dumps(answers)}" for kind, answers in seen.answers.items()]
    return "; ".join(parts)
