"""What a stranger can't do however often they try, and which resources they can't use up.

FULL_TESTS=1 tries each ten thousand times, as the figures in docs/reliability.md are counted.
"""

import json
import os
import statistics
import threading
import time
from collections.abc import Generator
from contextlib import ExitStack
from typing import NamedTuple

import pytest

from tests.support.campaign import in_campaign
from tests.support.faults.load import register_all
from tests.support.frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, client_frame
from tests.support.people import client, eventually, member, post, request
from tests.support.processes import held_connections, needs_proc, resident_kib
from tests.support.raw_client import RawClient, opening
from tests.support.saved import saved_lines
from tests.support.server import ServerProcess, running_server, used_data_path

TRIES = 10_000 if os.environ.get("FULL_TESTS") else 200
"""How often each forged frame is sent."""

LOGINS = 250 if os.environ.get("FULL_TESTS") else 15


@pytest.fixture(scope="module")
def server() -> Generator[ServerProcess]:
    with used_data_path() as data, running_server(data) as server:
        yield server


@pytest.fixture(scope="module")
def tokens(server: ServerProcess) -> dict[str, str]:
    """Ada and Mallory, whose ids are 1 and 2, as nobody came before them; room 2 is Ada's own."""
    tokens = register_all(server.url, "ada", "mallory")
    made = post(
        f"{server.url}/create-room",
        {"Name": "garden", "IsPrivate": True},
        headers={"Authorization": tokens["ada"]},
    )
    assert made.json() == {"RoomID": ADAS_ROOM}
    return tokens


ADAS_ROOM = 2
NOBODY, MALLORY = "", "mallory"


class Lie(NamedTuple):
    """What somebody sends, on which path and with whose token, and what no answer to it may lack."""

    path: str
    teller: str
    frame: object
    answer: str


LIES = {
    "talker: without a token": Lie("/talker", NOBODY, {"name": "ada", "message": "lie"}, "server"),
    "talker: under another name": Lie("/talker", MALLORY, {"name": "ada", "message": "lie"}, "server"),
    "talker: as the server": Lie("/talker", MALLORY, {"name": "server", "message": "lie"}, "server"),
    "messenger: without a token": Lie("/messenger", NOBODY, {"username": "ada", "message": "lie"}, "server"),
    "messenger: under another name": Lie(
        "/messenger", MALLORY, {"username": "ada", "message": "lie"}, "server"
    ),
    "direct: from another's id": Lie("/direct", MALLORY, {"from": 1, "to": 1, "content": "lie"}, "error"),
    "direct: a guest from a person's id": Lie(
        "/direct", NOBODY, {"from": 2, "to": 1, "content": "lie"}, "error"
    ),
    "rooms: without having entered": Lie("/ws", MALLORY, {"Type": "message", "Text": "lie"}, "not in room"),
    "rooms: into another's room": Lie(
        "/ws", MALLORY, {"Type": "enter", "RoomID": ADAS_ROOM}, "not room member"
    ),
    "support: as an operator": Lie(
        "/support",
        MALLORY,
        {"method": "message.operatorSend", "params": ["lie", 1], "id": 7},
        "Not permitted.",
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_forged_sender_is_refused_each_time(
    server: ServerProcess, tokens: dict[str, str], lie: str
) -> None:
    path, teller, got, answer = LIES[lie]
    query = f"?token={tokens[teller]}" if teller else ""
    saved = saved_lines(server.address)
    with (
        client(server.url) as listener,
        RawClient(server.url) as mallory,
        RawClient(server.url) as ada,
    ):
        ada.shake_hands(f"/direct?token={tokens['ada']}")
        assert ada.read_frame().payload.startswith(b"Connected")
        mallory.shake_hands(f"{path}{query}")
        if teller or path == "/direct":
            mallory.read_frame()  # the greeting
        for _ in range(TRIES // 50):
            mallory.send(client_frame(TEXT, json.dumps(got).encode()) * 50)
            for _ in range(50):
                assert answer in mallory.read_frame().payload.decode()
        with member(server.url, "ada", tokens["ada"]) as honest:
            honest.say(f"after: {lie}")
            assert listener.hear() == ("ada", f"after: {lie}")
        ada.send(client_frame(TEXT, b"ping"))
        assert ada.read_frame().payload == b"pong"  # nothing else was sent to her
    assert saved_lines(server.address) == [*saved, ("ada", f"after: {lie}")]


def test_a_rooms_socket_is_not_opened_without_a_good_token(server: ServerProcess) -> None:
    for number in range(TRIES // 10):
        with RawClient(server.url) as mallory:
            mallory.send(opening("/ws" if number % 2 else "/ws?token=x.y.z"))
            assert mallory.read_head() == 401


def test_a_removed_member_neither_receives_nor_sends_there(
    server: ServerProcess, tokens: dict[str, str]
) -> None:
    for call in ("invite", "remove"):
        body = {"RoomID": ADAS_ROOM, "UID": 2}
        answer = request("PUT", f"{server.url}/{call}", body, headers={"Authorization": tokens["ada"]})
        assert answer.status_code == 200, answer.text
        with RawClient(server.url) as mallory:
            mallory.shake_hands(f"/ws?token={tokens['mallory']}")
            mallory.send(client_frame(TEXT, json.dumps({"Type": "enter", "RoomID": ADAS_ROOM}).encode()))
            mallory.read_frame()
            found = mallory.read_frame().payload
            assert found == (
                b'{"Type":"enter"}' if call == "invite" else b'{"Type":"error","Error":"not room member"}'
            )


# --- what it spends ---

SOCKETS = 20
EACH_KIB = 2048


@needs_proc
@pytest.mark.parametrize(
    "sent",
    [
        client_frame(TEXT, b"x" * 50, fin=False) + client_frame(CONTINUATION, b"y" * 50, fin=False) * 1000,
        client_frame(BINARY, b"x" * 65_000, fin=False),
        client_frame(TEXT, b"[" * 65_536) * 8,
        client_frame(TEXT, b'{"name":"x","message":"' + b"\\u0041" * 9000 + b'"}') * 8,
        client_frame(PING, b"p" * 125) * 5000,
        opening()[:-2] + b"X: " + b"x" * 60_000,
    ],
    ids=["fragments", "half a message", "brackets", "escapes", "pings", "a long head"],
)
def test_a_hostile_socket_costs_less_than_two_mebibytes(server: ServerProcess, sent: bytes) -> None:
    before = resident_kib(server.process.pid)
    with ExitStack() as stack:
        sockets = [stack.enter_context(RawClient(server.url, receive_buffer=4096)) for _ in range(SOCKETS)]
        for one in sockets:
            if not sent.startswith(b"GET"):
                one.shake_hands()
            one.socket.settimeout(0.3)  # it need not take everything from somebody who does not read
            one.send_what_is_taken(sent)
        assert request("GET", f"{server.url}/healthz").status_code == 200
        assert resident_kib(server.process.pid) - before < SOCKETS * EACH_KIB


@needs_proc
def test_clients_that_come_and_go_leave_no_descriptor_and_no_memory(
    server: ServerProcess, tokens: dict[str, str]
) -> None:
    def come_and_go() -> None:
        with ExitStack() as stack:
            for number in range(60):
                one = stack.enter_context(RawClient(server.url))
                path = ("/talker", "/messenger", "/direct", "/support", "/ws")[number % 5]
                one.shake_hands(f"{path}?token={tokens['ada']}")
                one.send(client_frame(PING))
                while one.read_frame().opcode != PONG:
                    pass
                if number % 3 == 0:
                    one.reset()
                elif number % 3 == 1:
                    one.send(client_frame(CLOSE, b"\x03\xe8"))
        eventually(lambda: held_connections(server.process.pid) == 1, "all have left")

    for _ in range(2):
        come_and_go()
    descriptors, memory = os.listdir(f"/proc/{server.process.pid}/fd"), resident_kib(server.process.pid)
    for _ in range(50 if os.environ.get("FULL_TESTS") else 3):
        come_and_go()
    assert len(os.listdir(f"/proc/{server.process.pid}/fd")) <= len(descriptors)
    assert resident_kib(server.process.pid) - memory < 4096


# --- passwords ---


@pytest.fixture(scope="module")
def careful() -> Generator[ServerProcess]:
    """A server whose password hashes cost what they do by default would, or a little less."""
    cost = "10" if os.environ.get("FULL_TESTS") else "9"
    with used_data_path() as data, running_server(data, CHAT_BCRYPT_COST=cost) as server:
        yield server


def test_logins_do_not_keep_a_socket_waiting(careful: ServerProcess) -> None:
    """50 at once: on the loop each ping would wait for one hash, or for all."""
    register_all(careful.url, "eva")
    logins = [
        threading.Thread(
            target=request,
            args=("POST", f"{careful.url}/api/login", {"username": f"u{n}", "password": "x" * 9}),
            kwargs={"timeout": 120},
        )
        for n in range(50)
    ]
    waits: list[float] = []
    with RawClient(careful.url) as eva:
        eva.shake_hands()
        for login in logins:
            login.start()
        while any(login.is_alive() for login in logins):
            begun = time.perf_counter()
            eva.send(client_frame(PING))
            assert eva.read_frame().opcode == PONG
            waits.append(time.perf_counter() - begun)
            time.sleep(0.002)
        for login in logins:
            login.join(120)
    print(f"\npings while 50 log in: p99 {sorted(waits)[len(waits) * 99 // 100] * 1000:.1f} ms")
    assert statistics.median(waits) < 0.05


@in_campaign
def test_an_unknown_name_takes_as_long_as_a_wrong_password(careful: ServerProcess) -> None:
    register_all(careful.url, *(f"known{n}" for n in range(LOGINS)))
    took: dict[str, list[float]] = {"known": [], "unknown": []}
    for number in range(LOGINS):
        for kind, times in took.items():
            begun = time.perf_counter()
            answer = post(f"{careful.url}/api/login", {"username": f"{kind}{number}", "password": "wrong"})
            times.append(time.perf_counter() - begun)
            assert answer.status_code == 401
    known, unknown = (statistics.median(times) for times in took.values())
    print(f"\nmedians: wrong password {known * 1000:.2f} ms, unknown name {unknown * 1000:.2f} ms")
    assert abs(known - unknown) / known < (0.05 if os.environ.get("FULL_TESTS") else 0.3)
