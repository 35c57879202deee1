"""Lost connections at the real server: a direct message is delivered when the client has confirmed it."""

import json
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import NamedTuple

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from chat.shutdown import CLOSE_ANSWER
from tests.support.campaign import in_campaign
from tests.support.frames import CLOSE, PING, PONG, TEXT, Frame, client_frame
from tests.support.people import PATIENCE, eventually, request
from tests.support.processes import needs_proc
from tests.support.raw_client import RawClient
from tests.support.server import ServerProcess, running_server, used_data_path

OUTBOX_BYTES = 65_536
NO_PONG, TOO_SLOW, GOING_AWAY = 4009, 4008, 1001


class Account(NamedTuple):
    """Somebody who writes and is written to."""

    id: int
    path: str


@pytest.fixture(scope="module")
def server() -> Generator[ServerProcess]:
    """A server that soon asks the silent whether they are there, and cuts slow readers soon."""
    settings = {
        "CHAT_PING_INTERVAL": "2",
        "CHAT_PONG_TIMEOUT": "1",
        "CHAT_OUTBOX_BYTES": str(OUTBOX_BYTES),
        "CHAT_REGISTRATIONS_PER_HOUR": "0",
    }
    with used_data_path() as data, running_server(data, **settings) as server:
        yield server


def account(server: ServerProcess, name: str) -> Account:
    body = {"email": f"{name}@example", "name": name, "password": "secret"}
    answer = request("POST", f"{server.url}/signup", body).json()
    return Account(answer["id"], f"/direct?token={answer['token']}")


@contextmanager
def person(server: ServerProcess, who: Account) -> Generator[ClientConnection]:
    """Somebody with a library that answers pings by itself."""
    url = server.url.replace("http", "ws", 1) + who.path
    with connect(url, open_timeout=PATIENCE, ping_interval=None, max_queue=None, proxy=None) as socket:
        assert socket.recv(PATIENCE) == f"Connected with id {who.id}"
        yield socket


def say(socket: ClientConnection, sender: Account, to: Account, texts: Iterator[str] | list[str]) -> None:
    for text in texts:
        socket.send(json.dumps({"from": sender.id, "to": to.id, "content": text}))
    socket.send("ping")
    assert socket.recv(PATIENCE) == "pong"


def hear(socket: ClientConnection, count: int) -> list[str]:
    return [json.loads(socket.recv(PATIENCE))["content"] for _ in range(count)]


def hear_missed(server: ServerProcess, who: Account) -> list[str]:
    """What is sent to a new connection until it says something, and leaves."""
    with person(server, who) as socket:
        socket.send("ping")
        frames = iter(lambda: socket.recv(PATIENCE), "pong")
        return [json.loads(frame)["content"] for frame in frames]


def numbers(count: int) -> list[str]:
    return [str(number) for number in range(count)]


def frames_of(client: RawClient) -> Iterator[Frame]:
    """What comes until the server closes."""
    with suppress(EOFError):
        while True:
            yield client.read_frame()


def test_messages_lost_with_a_silent_connection_are_sent_again_once(server: ServerProcess) -> None:
    ada, ben = account(server, "ada-dead"), account(server, "ben-dead")
    with RawClient(server.url) as dead, person(server, ada) as speaker:
        dead.shake_hands(ben.path)
        say(speaker, ada, ben, numbers(30))
        took = list(frames_of(dead))
        assert sum(frame.opcode == TEXT for frame in took) == 31, "its id, and all that was said"
        assert int.from_bytes(took[-1].payload[:2]) == NO_PONG
    assert hear_missed(server, ben) == numbers(30)
    assert hear_missed(server, ben) == []


def test_a_slow_reader_that_is_cut_and_gone_is_sent_all_that_it_did_not_confirm(
    server: ServerProcess,
) -> None:
    ada, ben = account(server, "ada-slow"), account(server, "ben-slow")
    text = "x" * 3_900
    sent = list[str]()
    with RawClient(server.url, receive_buffer=4096) as slow, person(server, ada) as speaker:
        slow.shake_hands(ben.path)
        cuts = server.log.read_text().count("too slow")
        while server.log.read_text().count("too slow") == cuts:
            said = [f"{len(sent) + n} {text}" for n in range(20)]
            say(speaker, ada, ben, said)
            sent += said
        slow.reset()
    with ExitStack() as stack:
        received = list[str]()
        for _ in sent:  # it may be cut again, as it is sent all at once
            with suppress(ConnectionClosed):
                received += hear(stack.enter_context(person(server, ben)), len(sent) - len(received))
            if len(received) >= len(sent):
                break
    assert received == sent


def test_a_client_that_leaves_right_after_a_message_does_not_get_it_again(server: ServerProcess) -> None:
    ada, ben = account(server, "ada-quick"), account(server, "ben-quick")
    received = list[str]()
    with person(server, ada) as speaker:
        for number in range(20):
            with person(server, ben) as listener:
                say(speaker, ada, ben, [f"live {number}"])
                received += hear(listener, 1)
            say(speaker, ada, ben, [f"missed {number}"])
            with person(server, ben) as listener:
                received += hear(listener, 1)
    assert received == [f"{kind} {number}" for number in range(20) for kind in ("live", "missed")]
    assert hear_missed(server, ben) == []


def test_a_client_that_answers_only_the_close_frame_gets_nothing_again() -> None:
    """Attempts in which this process was too slow to answer prove nothing."""
    with used_data_path() as data:
        for attempt in range(5):
            with running_server(data) as server:
                ada, ben = account(server, f"ada-{attempt}"), account(server, f"ben-{attempt}")
                with RawClient(server.url) as deaf, person(server, ada) as speaker:
                    deaf.shake_hands(ben.path)
                    say(speaker, ada, ben, numbers(30))
                    took = answer_a_stop(server, deaf)
            if took < CLOSE_ANSWER:
                break
        with running_server(data) as server:
            assert hear_missed(server, ben) == []


def answer_a_stop(server: ServerProcess, client: RawClient) -> float:
    """Stop the server, answer its close frame, and return the seconds until then."""
    began = time.monotonic()
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    close = next(frame for frame in frames_of(client) if frame.opcode == CLOSE)
    assert int.from_bytes(close.payload[:2]) == GOING_AWAY
    client.send(client_frame(CLOSE, close.payload))
    took = time.monotonic() - began
    assert list(frames_of(client)) == []
    stopping.join(PATIENCE)
    return took


@needs_proc
@pytest.mark.parametrize("ends", ["stop", pytest.param("kill", marks=in_campaign)])
def test_a_server_that_ends_loses_no_message_and_one_that_stops_sends_none_again(ends: str) -> None:
    with used_data_path() as data:
        with running_server(data) as server:
            ada, ben, cem = (account(server, name) for name in ("ada", "ben", "cem"))
            with RawClient(server.url) as dead, ExitStack() as stack:
                dead.shake_hands(cem.path)
                speaker, listener = (stack.enter_context(person(server, who)) for who in (ada, ben))
                say(speaker, ada, cem, numbers(30))
                received = list[str]()
                for number in range(30):
                    say(speaker, ada, ben, [str(number)])
                    received += hear(listener, 1)
                server.stop() if ends == "stop" else server.kill()
        assert received == numbers(30)
        with running_server(data) as server:
            assert hear_missed(server, cem) == numbers(30)
            again = hear_missed(server, ben)
            assert again == numbers(30)[30 - len(again) :]
            assert not again or ends == "kill", "its library answers pings and close frames"
            assert hear_missed(server, ben) == hear_missed(server, cem) == []


def test_a_client_that_sends_pongs_that_nobody_asked_for_confirms_nothing(server: ServerProcess) -> None:
    ada, ben = account(server, "ada-pongs"), account(server, "ben-pongs")
    with RawClient(server.url) as client, person(server, ada) as speaker:
        client.shake_hands(ben.path)
        say(speaker, ada, ben, ["hello"])
        assert [client.read_frame().opcode for _ in range(3)] == [TEXT, TEXT, PING], (
            "its id, and what was said"
        )
        left = server.log.read_text().count("client left")
        for payload in (b"", b"0", b"2", b"\0", b"x" * 125):
            client.send(client_frame(PONG, payload))
        client.reset()
        eventually(lambda: server.log.read_text().count("client left") > left, "it is gone")
    assert hear_missed(server, ben) == ["hello"]


def test_a_client_with_fragmented_frames_confirms_deliveries(server: ServerProcess) -> None:
    """Its frames are the library's from the first fragment on, pongs too."""
    ada, ben = account(server, "ada-parts"), account(server, "ben-parts")
    with RawClient(server.url) as client, person(server, ada) as speaker:
        client.shake_hands(ben.path)
        client.send(client_frame(TEXT, b"pi", fin=False) + client_frame(0, b"ng"))
        assert [client.read_frame().payload for _ in range(2)][1] == b"pong"
        say(speaker, ada, ben, ["hello"])
        assert client.read_frame().opcode == TEXT
        ping = client.read_frame()
        assert ping.opcode == PING
        client.send(client_frame(PONG, ping.payload))
        client.send(client_frame(TEXT, b"ping"))
        assert client.read_frame().payload == b"pong"
        client.reset()
    assert hear_missed(server, ben) == []
