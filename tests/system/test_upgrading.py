"""Servers of several releases on one database, upgraded one by one while people of every protocol talk.

The older release is the wheel in tests/releases, the next one is this tree with a migration more (docs/migrations.md).
"""

import re
import secrets
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from chat.storage.postgres.database import DatabaseAddress
from tests.support.campaign import in_campaign
from tests.support.command_line import run_chat
from tests.support.faults.everybody import Conversation, register_everybody, talking
from tests.support.faults.listeners import ResumingListener
from tests.support.faults.machine import spare_database
from tests.support.faults.two_servers import SECRET
from tests.support.people import eventually, register, request
from tests.support.releases import Release, next_release, older_release, this_release
from tests.support.saved import execute_sql, fetch_sql, saved_lines
from tests.support.server import ServerProcess, data_path, running_server

_NEXT = """
-- Serves: {serves}
ALTER TABLE users ADD motto text NOT NULL DEFAULT '';
CREATE TABLE frames (room_id bigint NOT NULL REFERENCES rooms ON DELETE CASCADE, seq bigint NOT NULL);
CREATE INDEX messages_of_tomorrow ON messages (room_id, seq) WHERE reply_seq IS NOT NULL;
ALTER TABLE changes DROP CONSTRAINT changes_kind_check, DROP CONSTRAINT changes_seq_check;
ALTER TABLE changes ADD CONSTRAINT changes_kind_check CHECK (kind <> '') NOT VALID;
"""

# As a server does that frames messages: the change, and what it announces of it.
_FRAME = """
WITH log AS (UPDATE lanes SET last_id = last_id + 1 WHERE id = 1 RETURNING last_id),
     room AS (UPDATE rooms SET last_pos = last_pos + 1 FROM log WHERE rooms.id = 1 RETURNING rooms.id, last_pos),
     made AS (INSERT INTO changes (id, room_id, pos, seq, kind, actor_id, created_at)
              SELECT last_id, room.id, last_pos, 1, 'framed', 1, now() FROM log, room RETURNING id)
SELECT pg_notify('chat_bus', format('["Announced",%s,[["Framed",%s,1,{"by":[1]}]]]', id, id)) FROM made"""


class Chat:
    """A database, and servers of several releases on it."""

    def __init__(self, database: DatabaseAddress, stack: ExitStack) -> None:
        self.database = database
        self.servers: list[ServerProcess] = []
        self._stack = stack
        self._url = f"postgresql://{database['user']}@/{database['database']}?host={database['host']}"

    def start(self, release: Release) -> ServerProcess:
        data = self._stack.enter_context(data_path())
        settings = {**SECRET, **release.environment}
        server = self._stack.enter_context(
            running_server(data, "--database", self._url, "--bus", "notify", **settings)
        )
        server.database = self.database
        self.servers.append(server)
        return server

    def refusal(self, release: Release) -> str:
        """Return the line with which a server of this release does not start."""
        with data_path() as data, pytest.raises(RuntimeError) as refused:
            ServerProcess(data, "--database", self._url, "--bus", "notify", **SECRET, **release.environment)
        return str(refused.value)

    def command(self, *words: str) -> str:
        """Run a command of this tree on the database, and return what it prints."""
        done = run_chat([*words, "--database", self._url])
        done.check_returncode()
        return done.stdout

    def versions(self) -> list[str]:
        """The versions of the servers that have a lease."""
        rows = self.fetch("SELECT version FROM nodes WHERE lease_ends > now()")
        return sorted(row["version"] for row in rows)

    def schema(self) -> int:
        return int(self.fetch("SELECT max(version) AS newest FROM schema_migrations")[0]["newest"])

    def fetch(self, query: str) -> list[Any]:
        return fetch_sql(self.database, query)


@pytest.fixture
def chat(server: ServerProcess) -> Generator[Chat]:
    with spare_database(server) as database, ExitStack() as stack:
        yield Chat(database, stack)


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return older_release(tmp_path_factory.mktemp("older") / "release")


@pytest.fixture(scope="module")
def following(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The release after this one, which serves this one."""
    this = this_release()
    return next_release(tmp_path_factory.mktemp("next") / "release", _NEXT.format(serves=this.schema), this)


class Talk:
    """People of every protocol, some of whom are on each of two servers."""

    def __init__(self, talk: Conversation, resuming: tuple[ResumingListener, ResumingListener]) -> None:
        self._talk = talk
        self._resuming = resuming

    def received_by_all(self) -> None:
        """Wait until all hear what is said from now on, over both servers."""
        now = time.monotonic()
        self._talk.received_by_all(now, self._talk.near, self._talk.far)
        self._talk.guests_back_after(now)
        (last, *_) = [
            a for a in self._talk.near.attempts[::-1] if a.began >= now and a.outcome == "acknowledged"
        ]
        for each in self._resuming:
            eventually(
                lambda each=each: last.line.text in each.received, "clients of the native protocol hear it"
            )

    def replace(self, leaves: ServerProcess, comes: ServerProcess) -> None:
        """Stop one server, whose people come back to the other, and see that all hear each other."""
        moved = [each for each in (*self._talk.everybody, *self._resuming) if each.url == leaves.url]
        listening = {each: len(each.connections) for each in self._talk.listeners if each in moved}
        for each in moved:
            each.url = comes.url
        assert leaves.stop() == 0
        eventually(
            lambda: all(len(each.connections) > had for each, had in listening.items()), "they are back"
        )
        self.received_by_all()


@contextmanager
def people(chat: Chat, near: ServerProcess, far: ServerProcess) -> Generator[Talk]:
    """Let people talk on two servers for as long as the block lasts; then all is accounted for."""
    tokens = register_everybody(near.url, chat.database)
    token = register(near.url, "nat")
    with ResumingListener(near.url, token) as one, ResumingListener(far.url, token) as other:
        with talking(near.url, far.url, tokens, lambda: chat.database) as talk:
            yield Talk(talk, (one, other))
        saved = saved_lines(chat.database)
        for each in (one, other):
            eventually(lambda each=each: each.has_received(saved[-1].text), "the end is heard")
            each.check(saved)
    assert one.unknown == other.unknown
    for server in chat.servers:
        assert "Traceback" not in server.log.read_text(), server.log.read_text()


class Searcher:
    """Somebody who writes in a room of their own, and searches."""

    def __init__(self, server: ServerProcess) -> None:
        self._headers = {"Authorization": f"Bearer {register(server.url, 'sue')}"}
        self._room = self._ask(server, "POST", "/rooms", {"name": "patch"})["id"]

    def _ask(self, server: ServerProcess, method: str, path: str, body: object = None) -> Any:
        return request(method, f"{server.url}/api/v1{path}", body, headers=self._headers).json()

    def say(self, server: ServerProcess, text: str) -> None:
        body = {"key": secrets.token_urlsafe(18), "text": text}
        assert self._ask(server, "POST", f"/rooms/{self._room}/messages", body)["seq"] > 0

    def finds_both(self, server: ServerProcess) -> bool:
        return len(self._ask(server, "GET", "/search?q=pumpkin")["hits"]) == 2


def test_an_older_release_serves_beside_this_one_and_again_on_its_schema(chat: Chat, older: Release) -> None:
    this = this_release()
    old_near, old_far = chat.start(older), chat.start(older)
    assert (chat.schema(), chat.versions()) == (older.schema, [older.version] * 2)
    with people(chat, old_near, old_far) as talk:
        checked = chat.command("upgrade", "--check")
        assert f"the tables are of schema {older.schema}, this release has {this.schema}" in checked
        assert re.search(r"^0024_pins +.*messages", checked, re.MULTILINE)
        assert chat.schema() == older.schema, "it only says so"
        new_far = chat.start(this)
        assert "nothing to do" in chat.command("upgrade")
        assert (chat.schema(), chat.versions()) == (this.schema, [older.version] * 2 + [this.version])
        talk.replace(old_far, new_far)
        sue = Searcher(old_near)
        sue.say(old_near, "pumpkin of the older")
        sue.say(new_far, "pumpkin of the newer")
        for server in (old_near, new_far):
            eventually(partial(sue.finds_both, server), "each finds what any has indexed")
        _pin_and_unpin(chat, new_far)
        _reply_in_a_thread(old_near, new_far)
        talk.received_by_all()
        old_again = chat.start(older)
        talk.replace(old_near, old_again)
        assert chat.versions() == [older.version, this.version]


def _pin_and_unpin(chat: Chat, server: ServerProcess) -> None:
    """Have changes of a feature in the lobby, of which the older release knows nothing."""
    token = register(server.url, "mona")
    execute_sql(chat.database, "UPDATE users SET is_moderator = true WHERE name = 'mona'")
    (said,) = chat.fetch("SELECT max(seq) AS seq FROM messages WHERE room_id = 1 AND kind = 'message'")
    path = f"/api/v1/rooms/1/pins/{said['seq']}"
    for method, pins in (("PUT", 1), ("DELETE", 0), ("PUT", 1)):
        answer = request(method, f"{server.url}{path}", headers={"Authorization": f"Bearer {token}"})
        assert answer.json() == {"pins": pins}


def _reply_in_a_thread(older: ServerProcess, newer: ServerProcess) -> None:
    """Reply on both releases: the newer one shows a thread, also of what the older one sends."""
    headers = {"Authorization": f"Bearer {register(newer.url, 'theo')}"}

    def ask(server: ServerProcess, method: str, path: str, body: object = None) -> Any:
        return request(method, f"{server.url}/api/v1/rooms{path}", body, headers=headers).json()

    room = ask(newer, "POST", "", {"name": "threads"})["id"]

    def say(server: ServerProcess, reply: int | None = None) -> int:
        body = {"key": secrets.token_urlsafe(18), "text": "words", **({"reply": reply} if reply else {})}
        return int(ask(server, "POST", f"/{room}/messages", body)["seq"])

    root = say(older)
    first = say(older, root)
    replies = [first, say(newer, first), say(older, first)]
    thread = ask(newer, "GET", f"/{room}/threads/{replies[-1]}")
    assert (thread["root"], [each["seq"] for each in thread["messages"]]) == (root, replies)


@in_campaign
def test_this_release_serves_beside_the_next_and_skips_its_unknown_changes(
    chat: Chat, following: Release
) -> None:
    this = this_release()
    near, far = chat.start(this), chat.start(this)
    with people(chat, near, far) as talk:
        next_far = chat.start(following)
        assert chat.schema() == following.schema == this.schema + 1
        talk.replace(far, next_far)
        execute_sql(chat.database, _FRAME)
        talk.received_by_all()
        again = chat.start(this)
        execute_sql(chat.database, _FRAME)
        talk.replace(near, again)
    (framed,) = chat.fetch("SELECT count(*) AS count FROM changes WHERE kind = 'framed'")
    assert framed["count"] == 2


def test_a_server_of_an_unsupported_release_refuses_to_start(
    chat: Chat, older: Release, following: Release, tmp_path: Path
) -> None:
    beyond = next_release(tmp_path / "beyond", "CREATE TABLE beyond ()", following)
    chat.start(beyond).stop()
    for release in (older, this_release()):
        text = f"the database is at schema {beyond.schema}, newer than this server's {release.schema}"
        assert text in chat.refusal(release)
    with pytest.raises(subprocess.CalledProcessError) as refused:
        chat.command("upgrade", "--check")
    assert refused.value.stderr.startswith(f"chat: {text}: start trio-chat {this_release().version}")


def test_the_older_release_is_the_one_before_this(older: Release) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "chat", "--version"],
        env=older.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == f"chat {older.version}\n"
    assert tuple(map(int, older.version.split("."))) < tuple(map(int, this_release().version.split(".")))
