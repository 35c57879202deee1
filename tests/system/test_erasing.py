"""Somebody is erased by the real server: nothing of theirs is left in any table, in the files, or after a restore."""

import json
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import trio

from chat.client import open_chat
from chat.client.wire import MessageDeleted
from chat.storage.file_store import GRACE, DiskFileStore
from chat.storage.removal_list import NAME
from tests.support.campaign import in_campaign
from tests.support.databases import execute, fetch
from tests.support.people import PASSWORD, eventually, post, request
from tests.support.server import ServerProcess, running_server, used_data_path

V1 = "/api/v1"
NAMES = ("zerlinde", "zerlinde the great", "zerlinde@example.org", "old-zerlinde")
WORDS = ("quagmire", "murmuration", "palimpsest", "zeugma", "halcyon", "secret-key-1")
"""What she said: in a message, in an edited one before and after, privately, to support; and a key of hers."""

SETTLED = ("--commit-timeout", "0.5")
"""So that nobody waits long until no write of hers can be in flight."""


class Person:
    """Somebody with a token."""

    def __init__(self, server: ServerProcess, name: str, email: str | None = None) -> None:
        fields = {"name": name, "password": PASSWORD} | ({"email": email} if email else {})
        made = post(f"{server.url}{V1}/auth/register", fields)
        assert made.status_code == 201, made.text
        self.server, self.id, self.token = server, made.json()["me"]["id"], made.json()["access"]

    def call(self, method: str, path: str, body: object = None, *, wants: int = 200) -> Any:
        answer = request(
            method,
            f"{self.server.url}{V1}{path}",
            body,
            headers={"Authorization": f"Bearer {self.token}"},
        )
        assert answer.status_code == wants, (path, answer.text)
        return answer.json() if answer.text else None

    def say(self, room: int, text: str, **fields: object) -> int:
        body = {"key": text.replace(" ", "-"), "text": text, **fields}
        return int(self.call("POST", f"/rooms/{room}/messages", body, wants=201)["seq"])


@pytest.fixture
def data() -> Generator[Path]:
    with used_data_path() as data:
        yield data


def rows(server: ServerProcess, query: str) -> list[dict[str, Any]]:
    """The rows of a query."""
    found = trio.run(fetch, server.address, f"SELECT json_agg(to_json(q))::text FROM ({query}) AS q")
    return json.loads(found) if found else []


def traces(server: ServerProcess, of: tuple[str, ...]) -> dict[str, list[str]]:
    """The words of these that stand in a table, by table."""
    tables = rows(server, "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
    content = " UNION ALL ".join(
        f"SELECT '{each['name']}' AS name, (SELECT json_agg(to_json(t)) FROM {each['name']} AS t) AS rows"
        for each in tables
    )
    found = {
        table["name"]: [word for word in of if word in str(table["rows"]).casefold()]
        for table in rows(server, content)
    }
    return {table: words for table, words in found.items() if words}


def is_erased(server: ServerProcess, person: int) -> bool:
    query = f"SELECT FROM account_removals WHERE finished_at IS NOT NULL AND user_id = {person}"
    return bool(trio.run(fetch, server.address, f"SELECT EXISTS ({query})"))


class Town:
    """Ben's room and his direct room with her, support, and all that she did there."""

    def __init__(self, server: ServerProcess) -> None:
        self.server = server
        self.ben = Person(server, "ben")
        self.her = Person(server, NAMES[3], NAMES[2])
        self.her.call("PATCH", "/me", {"name": NAMES[0], "display": NAMES[1]})
        self.room = self.ben.call("POST", "/rooms", {"name": "garden"}, wants=201)["id"]
        self.her.call("PUT", f"/rooms/{self.room}/members/{self.her.id}")
        self.said = self.her.say(self.room, f"{WORDS[0]} again", key=WORDS[5])
        self.edited = self.her.say(self.room, WORDS[1])
        self.her.call("PATCH", f"/rooms/{self.room}/messages/{self.edited}", {"text": WORDS[2]})
        self.direct = self.ben.call("PUT", f"/direct/{self.her.id}")["id"]
        self.her.say(self.direct, WORDS[3])
        self.answered = self.ben.say(self.direct, "an answer")
        self.her.call("PUT", f"/rooms/{self.direct}/messages/{self.answered}/reactions/👍")
        self.support = self.her.call("PUT", "/support")["id"]
        self.her.say(self.support, WORDS[4])
        self.replied = self.ben.say(self.room, "I agree", reply=self.said)
        file = self.upload(self.her, self.room, b"her bytes")
        self.filed = self.her.say(self.room, WORDS[0], files=[file])
        self.upload(self.her, self.room, b"never sent")
        self.ben.call("PUT", f"/me/blocks/{self.her.id}", wants=204)

    def upload(self, person: Person, room: int, content: bytes) -> int:
        path = f"/rooms/{room}/files?name={NAMES[0]}.txt"
        return int(person.call("POST", path, content, wants=201)["id"])

    def positions(self) -> list[tuple[int, ...]]:
        return [tuple(row.values()) for row in rows(self.server, _POSITIONS)]


_POSITIONS = """
SELECT room_id, count(*), min(pos), max(pos) AS high, max(rooms.last_pos) AS last, count(DISTINCT pos) AS different
FROM (SELECT room_id, pos FROM messages UNION ALL SELECT room_id, pos FROM changes) AS each
JOIN rooms ON rooms.id = room_id AND rooms.deleted_at IS NULL GROUP BY room_id ORDER BY room_id"""


def bytes_of(server: ServerProcess) -> set[bytes]:
    folder = server.data / "files"
    return {each.read_bytes() for each in folder.glob("??/*")}


async def leave(town: Town) -> None:
    """Have her erase herself, until Ben's client has the deletions of her messages in the room."""
    missing = {(town.room, seq) for seq in (town.said, town.edited, town.filed)} | {(town.direct, 1)}
    with trio.fail_after(20):
        async with open_chat(town.server.url, token=town.ben.token) as chat:
            body = {"how": "erase", "password": PASSWORD}
            await trio.to_thread.run_sync(lambda: town.her.call("POST", "/me/removal", body, wants=204))
            async for event in chat.events():
                if isinstance(event, MessageDeleted):
                    missing.discard((event.room, event.seq))
                if not missing:
                    return


def test_nothing_of_an_erased_person_is_left(data: Path) -> None:
    with running_server(data, *SETTLED) as server:
        town = Town(server)
        before = traces(server, NAMES + WORDS)
        assert {"messages", "edits", "users", "files", "name_skeletons", "display_skeletons"} <= before.keys()
        assert bytes_of(server) == {b"her bytes", b"never sent"}
        trio.run(leave, town)
        eventually(lambda: is_erased(server, town.her.id), "she is erased")
        eventually(lambda: traces(server, NAMES + WORDS) == {}, "no trace is left")
        town.her.call("GET", "/me", wants=401)
        for _, count, low, high, last, different in town.positions():
            assert (low, high, different) == (1, last, count) == (1, count, count), "no position is missing"
        history = town.ben.call("GET", f"/rooms/{town.room}/messages")["messages"]
        (agreed,) = [each for each in history if each.get("text")]
        assert agreed["text"] == "I agree"
        assert agreed["reply"] == town.said, "the reply shows a gap"
        direct = town.ben.call("GET", f"/rooms/{town.direct}/messages")["messages"]
        (answer,) = [each for each in direct if each.get("text")]
        assert (answer["text"], answer.get("reactions")) == ("an answer", None)
        digests = {
            bytes.fromhex(row["digest"][2:]) for row in rows(server, "SELECT digest FROM deleted_files")
        }
        assert len(digests) == 2
        audit = [row["what"] for row in rows(server, "SELECT what FROM audit ORDER BY id")]
        assert audit == ["person_erased", "erasure_ended"]
        assert not any(name in (server.data / NAME).read_text() for name in NAMES)
    store = DiskFileStore(data / "files", lambda: time.time() + GRACE + 60)
    for digest in digests:
        trio.run(store.remove, digest)
    assert bytes_of(server) == set()


def test_who_was_erased_after_a_backup_is_erased_again_after_its_restore(data: Path) -> None:
    with running_server(data, *SETTLED) as server:
        her = Person(server, NAMES[0], NAMES[2])
        other = Person(server, "ben")
        her.say(1, WORDS[0])
        her.call("POST", "/me/removal", {"how": "erase", "password": PASSWORD}, wants=204)
        eventually(lambda: is_erased(server, her.id), "she is erased")
        # As a restored backup has it.
        trio.run(execute, server.address, "TRUNCATE account_removals")
        trio.run(
            execute,
            server.address,
            f"""UPDATE users SET deleted_at = NULL, name = '{NAMES[0]}', name_key = '{NAMES[0]}' WHERE id = {her.id};
            UPDATE messages SET deleted_at = NULL, text = '{WORDS[0]}' WHERE sender_id = {her.id}""",
        )
        listed = (data / NAME).read_text()
        # Somebody else who has the id of a listed account, and a line of another database.
        line = json.loads(listed)
        other_line = line | {"person": other.id}
        foreign = line | {"store": "00000000-0000-0000-0000-000000000001"}
        (data / NAME).write_text("".join(json.dumps(each) + "\n" for each in (line, other_line, foreign)))
    with running_server(data, *SETTLED) as server:
        eventually(lambda: is_erased(server, her.id), "she is erased")
        eventually(lambda: traces(server, (NAMES[0], WORDS[0])) == {}, "no trace is left")
        other.server = server
        assert other.call("GET", "/me")["name"] == "ben"
        assert "removed accounts that a restored database still had" in server.log.read_text()


@in_campaign
def test_a_kill_in_the_middle_of_an_erasure_loses_none_of_it(data: Path) -> None:
    with running_server(data) as server:
        her = Person(server, NAMES[0])
        trio.run(
            execute,
            server.address,
            f"""
            WITH base AS (SELECT last_seq, last_pos FROM rooms WHERE id = 1), end_of_log AS (SELECT last_id FROM lanes)
            INSERT INTO messages (id, room_id, seq, pos, sender_id, kind, text, created_at)
            SELECT last_id + n, 1, last_seq + n, last_pos + n, {her.id}, 'message', '{WORDS[0]} ' || n, now()
            FROM base, end_of_log, generate_series(1, 100) AS n;
            UPDATE rooms SET last_seq = last_seq + 100, last_pos = last_pos + 100 WHERE id = 1;
            UPDATE lanes SET last_id = last_id + 100""",
        )
        server.kill()
    with running_server(data, *SETTLED) as server:
        her.server = server
        her.call("POST", "/me/removal", {"how": "erase", "password": PASSWORD}, wants=204)
        left = "SELECT count(*) FROM messages WHERE text <> ''"
        eventually(lambda: trio.run(fetch, server.address, left) < 100, "it has begun")
        server.kill()
    with running_server(data, *SETTLED) as server:
        assert trio.run(fetch, server.address, left) > 0
        eventually(lambda: is_erased(server, her.id), "the rest is erased", 60)
        assert trio.run(fetch, server.address, left) == 0
        eventually(lambda: traces(server, (*NAMES, WORDS[0])) == {}, "search follows, and no trace is left")
        (row,) = rows(server, "SELECT last_seq, last_pos FROM rooms WHERE id = 1")
        assert (row["last_seq"], row["last_pos"]) == (100, 200), "one deletion each, and none twice"
