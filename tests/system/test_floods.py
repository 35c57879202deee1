"""A client that floods gets only its budget through; steady readers stay connected."""

import json
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from tests.support.frames import TEXT, client_frame, whole_frames
from tests.support.people import PATIENCE, eventually, request
from tests.support.processes import held_connections, needs_proc
from tests.support.raw_client import RawClient
from tests.support.saved import execute_sql, fetch_sql
from tests.support.server import DEFAULT_LIMITS, ServerProcess, running_server, used_data_path

MESSAGES, BYTES = (200, 50), (524_288, 65_536)
"""What one person may send by default: at once, and each second."""
LONG = "x" * 4000
AT_ONCE = 8192
"""Bytes that a steady reader takes in one read."""

pytestmark = needs_proc


@pytest.fixture
def server() -> Generator[ServerProcess]:
    with used_data_path() as data, running_server(data, **DEFAULT_LIMITS) as server:
        yield server


class Reader:
    """A client that reads steadily in small pieces, no faster than so many bytes a second."""

    def __init__(self, client: RawClient, bytes_a_second: float) -> None:
        self._client = client
        self._pause = AT_ONCE / bytes_a_second
        self._read = bytearray()
        self.is_cut = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on)

    def __enter__(self) -> "Reader":
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._over.set()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def _go_on(self) -> None:
        self._client.socket.settimeout(0.1)
        while not self._over.wait(self._pause):
            try:
                data = self._client.socket.recv(AT_ONCE)
            except TimeoutError:
                continue
            except OSError:
                data = b""
            if not data:
                self.is_cut = True
                return
            self._read += data

    def texts(self) -> list[str]:
        """The text frames so far."""
        return [each.payload.decode() for each in whole_frames(bytes(self._read)) if each.opcode == TEXT]


@contextmanager
def flooding(*floods: tuple[RawClient, Any]) -> Generator[None]:
    """They all send their frame for as long as the block lasts, as fast as it is taken; then they are gone."""
    over = threading.Event()

    def flood(client: RawClient, body: Any) -> None:
        client.socket.settimeout(0.1)
        frames = memoryview(client_frame(TEXT, json.dumps(body).encode()) * 16)
        at = 0
        while not over.is_set():
            try:
                at = (at + client.socket.send(frames[at:])) % len(frames)
            except TimeoutError:
                continue
            except OSError:  # the server has closed it
                return

    threads = [threading.Thread(target=flood, args=each) for each in floods]
    try:
        for thread in threads:
            thread.start()
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(PATIENCE)
        for client, _ in floods:
            client.reset()


def sign_up(server: ServerProcess, name: str) -> tuple[int, str]:
    """A new person's id and token."""
    body = {"email": f"{name}@example.com", "name": name, "password": "secret"}
    answer = request("POST", f"{server.url}/signup", body).json()
    return answer["id"], answer["token"]


def connected(stack: ExitStack, server: ServerProcess, path: str, *first: object) -> RawClient:
    """A socket, after its first frames and the answers to them."""
    client = stack.enter_context(RawClient(server.url))
    client.shake_hands(path)
    client.read_frame()  # the greeting
    for each in first:
        client.send(client_frame(TEXT, json.dumps(each).encode()))
        client.read_frame()
    return client


def said(server: ServerProcess) -> Sequence[Any]:
    """How many messages are in the table, and how many bytes their texts have."""
    (row,) = fetch_sql(server.address, "SELECT count(*), coalesce(sum(octet_length(text)), 0) FROM messages")
    return tuple(row)


def logged_counts(server: ServerProcess) -> list[int]:
    """How many messages each of the listeners below should have heard: three are in the lobby."""
    rows = fetch_sql(
        server.address,
        "SELECT r.kind FROM messages m JOIN rooms r ON r.id = m.room_id WHERE m.kind = 'message'",
    )
    return [
        sum(kind == each for (kind,) in rows) for each in ("lobby", "lobby", "lobby", "support", "direct")
    ]


def test_one_account_on_every_protocol_has_one_budget(
    server: ServerProcess,
) -> None:
    eve, token = sign_up(server, "eve")
    ada, hers = sign_up(server, "ada")
    _, operators = sign_up(server, "olga")
    execute_sql(server.address, "UPDATE users SET is_operator = true WHERE name = 'olga'")
    enter = {"Type": "enter", "RoomID": 1}
    with ExitStack() as stack:
        floods = [
            (connected(stack, server, f"/talker?token={token}"), {"name": "eve", "message": LONG}),
            (connected(stack, server, f"/messenger?token={token}"), {"username": "eve", "message": LONG}),
            (connected(stack, server, f"/ws?token={token}", enter), {"Type": "message", "Text": LONG}),
            (
                connected(stack, server, f"/support?token={token}"),
                {"method": "message.send", "params": [LONG], "id": 1},
            ),
            (connected(stack, server, f"/direct?token={token}"), {"from": eve, "to": ada, "content": LONG}),
        ]
        listeners = [
            connected(stack, server, f"/talker?token={hers}"),
            connected(stack, server, f"/messenger?token={hers}"),
            connected(stack, server, f"/ws?token={hers}", enter),
            connected(stack, server, f"/support?token={operators}"),
            connected(stack, server, f"/direct?token={hers}"),
        ]
        readers = [stack.enter_context(Reader(client, 2_000_000)) for client in listeners]
        began = time.monotonic()
        with flooding(*floods):
            eventually(lambda: said(server)[1] > BYTES[0], "the burst is through, and more")
        eventually(
            lambda: held_connections(server.process.pid) == 1 + len(listeners),
            "who flooded is gone; those who listen and the server's own socket are left",
        )
        eventually(
            lambda: (
                [sum(LONG in text for text in reader.texts()) for reader in readers] == logged_counts(server)
            ),
            "everybody heard all of it",
        )
        messages, size = said(server)
        took = time.monotonic() - began
        assert size <= BYTES[0] + BYTES[1] * took
        assert messages <= MESSAGES[0] + MESSAGES[1] * took
        assert not any(reader.is_cut for reader in readers)


def test_a_flooding_guest_does_not_cut_the_person_or_delay_others(
    server: ServerProcess,
) -> None:
    ada, hers = sign_up(server, "ada")
    ben, his = sign_up(server, "ben")
    with ExitStack() as stack:
        guest = stack.enter_context(RawClient(server.url))
        guest.shake_hands("/direct")
        number = int(guest.read_frame().payload.split()[-1])
        friend = connected(stack, server, f"/direct?token={his}")
        reader = stack.enter_context(Reader(connected(stack, server, f"/direct?token={hers}"), 500_000))
        began = time.monotonic()
        with flooding((guest, {"from": number, "to": ada, "content": LONG})):
            for text in ("one", "two", "three"):
                friend.send(
                    client_frame(TEXT, json.dumps({"from": ben, "to": ada, "content": text}).encode())
                )
            eventually(lambda: _from(ben, reader) == ["one", "two", "three"], "ada hears her friend")
            eventually(
                lambda: len(_from(number, reader)) * len(LONG) > BYTES[0], "the burst is through, and more"
            )
        took = time.monotonic() - began
        assert len(_from(number, reader)) * len(LONG) <= BYTES[0] + BYTES[1] * took
        assert not reader.is_cut
        assert said(server)[0] == 3, "a guest has no history"


def _from(sender: int, reader: Reader) -> list[str]:
    """What one sender said, as far as it was read."""
    received = map(json.loads, reader.texts())
    return [each["content"] for each in received if each["from"] == sender]


def test_background_work_goes_on_while_one_account_floods(server: ServerProcess) -> None:
    """Search, read marks, uploads, revocation: what runs beside the sockets waits for nobody's flood."""
    eve, token = sign_up(server, "eve")
    ben, his = sign_up(server, "ben")
    _, hers = sign_up(server, "ada")
    execute_sql(server.address, "UPDATE users SET is_admin = true WHERE name = 'ada'")
    with ExitStack() as stack:
        floods: list[tuple[RawClient, Any]] = [
            (connected(stack, server, f"/talker?token={token}"), {"name": "eve", "message": LONG}),
            (connected(stack, server, f"/direct?token={token}"), {"from": eve, "to": ben, "content": LONG}),
        ]
        with flooding(*floods):
            eventually(lambda: said(server)[1] > BYTES[0] / 2, "the flood has begun")
            asked = {"key": "found", "text": "what ben looks for"}
            seq = called(server, his, "POST", "/rooms/1/messages", asked)["seq"]
            called(server, his, "PUT", "/rooms/1/read", {"seq": seq})
            uploaded = called(server, his, "POST", "/rooms/1/files?name=a.txt", b"words")
            assert uploaded["size"] == 5
            marks = "SELECT true FROM marks WHERE user_id = $1 AND seq >= $2"
            eventually(
                lambda: bool(fetch_sql(server.address, marks, ben, seq)), "how far he has read is kept"
            )
            indexed = "SELECT true FROM words_written w, messages m WHERE room_id = 1 AND seq = $1 AND last_id >= m.id"
            eventually(lambda: bool(fetch_sql(server.address, indexed, seq)), "it is indexed")
            assert len(called(server, his, "GET", "/search?q=looks")["hits"]) == 1
            called(server, hers, "PATCH", f"/admin/people/{eve}", {"disabled": True})
            eventually(lambda: held_connections(server.process.pid) == 1, "who floods is disabled, and gone")


def called(server: ServerProcess, token: str, method: str, path: str, body: object = None) -> Any:
    """The answer of the native protocol, which must be good."""
    headers = {"Authorization": f"Bearer {token}"}
    answer = request(method, f"{server.url}/api/v1{path}", body, headers=headers)
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else None
