"""Clients that do not read or do not answer are cut; others notice nothing."""

import json
from collections.abc import Callable, Generator
from contextlib import ExitStack

import pytest

from tests.support.campaign import in_campaign
from tests.support.frames import CLOSE, PING, PONG, TEXT, client_frame
from tests.support.people import Line, Person, client, eventually, member, register, request
from tests.support.processes import held_connections, needs_proc
from tests.support.raw_client import RawClient
from tests.support.saved import saved_lines
from tests.support.server import ServerProcess, running_server, used_data_path

OUTBOX_BYTES = 65_536
MOST_BUFFERED = 100_000_000
"""Bytes that no system keeps for a connection whose peer does not read."""

TOO_SLOW = 4008
NO_PONG = 4009


@pytest.fixture(scope="module")
def server() -> Generator[ServerProcess]:
    with used_data_path() as data, running_server(data, CHAT_OUTBOX_BYTES=str(OUTBOX_BYTES)) as server:
        yield server


@pytest.fixture(scope="module")
def impatient() -> Generator[ServerProcess]:
    """A server that soon asks the silent whether they are there."""
    settings = {"CHAT_PING_INTERVAL": "0.4", "CHAT_PONG_TIMEOUT": "1"}
    with used_data_path() as data, running_server(data, **settings) as server:
        yield server


@pytest.fixture(scope="module")
def tokens(server: ServerProcess, impatient: ServerProcess) -> dict[str, str]:
    return {url: register(url, "ada") for url in (server.url, impatient.url)}


def say_until(true: Callable[[], bool], speaker: Person, listener: Person) -> list[Line]:
    """Send long lines until it is true; `listener` receives each at once."""
    text = "語" * 3_900
    said: list[Line] = []
    while not true():
        said.append(Line(speaker.name, f"{len(said)} {text}"))
        assert len(said) * 3 * len(text) < MOST_BUFFERED, "nobody was cut"
        speaker.say(said[-1].text)
        assert listener.hear() == said[-1]
    return said


def read_what_is_left(slow: RawClient) -> tuple[list[Line], int | None]:
    """The whole lines that still come, and the code of the close frame if there is one."""
    lines = []
    try:
        while (found := slow.read_frame()).opcode == TEXT:
            line = json.loads(found.payload)
            lines.append(Line(line["name"], line["message"]))
    except EOFError:
        return lines, None
    assert found.opcode == CLOSE
    slow.read_to_the_end()
    return lines, int.from_bytes(found.payload[:2])


@needs_proc
def test_slow_readers_are_cut_and_not_waited_for(server: ServerProcess, tokens: dict[str, str]) -> None:
    with (
        member(server.url, "ada", tokens[server.url]) as ada,
        client(server.url, path="/messenger", key="username") as ben,
        ExitStack() as stack,
    ):
        slow = [stack.enter_context(RawClient(server.url, receive_buffer=4096)) for _ in range(4)]
        for reader in slow:
            reader.shake_hands()
        said = say_until(lambda: server.log.read_text().count("too slow") >= len(slow), ada, ben)
        for reader in slow[:3]:
            received, code = read_what_is_left(reader)
            # What it did hear is whole and without a gap, it did not hear all, and it is told why.
            assert received == said[: len(received)]
            assert len(received) < len(said)
            assert code == TOO_SLOW
        # The last one never reads, and is forgotten all the same.
        eventually(
            lambda: held_connections(server.process.pid) == 3, "only Ada, Ben and the listener are left"
        )
        ada.say("still here")
        assert ben.hear() == ("ada", "still here")
        assert saved_lines(server.address) == [*said, ("ada", "still here")]


def test_a_client_that_does_not_read_its_history_delays_nobody(
    server: ServerProcess, tokens: dict[str, str]
) -> None:
    with (
        member(server.url, "ada", tokens[server.url]) as ada,
        client(server.url) as ben,
        RawClient(server.url, receive_buffer=4096) as greedy,
    ):
        greedy.shake_hands()
        ask(greedy, f"auth {tokens[server.url]}")
        assert b"authorised as ada" in greedy.read_frame().payload
        for _ in range(16):
            ask(greedy, "history 1000")
        for number in range(50):
            ada.say(f"meanwhile {number}")
            assert ben.hear() == ("ada", f"meanwhile {number}")
        ada.say("history 1000")
        saved = saved_lines(server.address)[-1000:]
        assert ada.hear_all(len(saved)) == saved
        assert request("GET", f"{server.url}/healthz").status_code == 200


def ask(asker: RawClient, message: str) -> None:
    asker.send(client_frame(TEXT, json.dumps({"name": "ada", "message": message}).encode()))


@in_campaign
def test_peers_that_answer_no_ping_are_cut_and_others_are_not(
    impatient: ServerProcess, tokens: dict[str, str]
) -> None:
    with (
        member(impatient.url, "ada", tokens[impatient.url]) as ada,
        client(impatient.url) as ben,
        RawClient(impatient.url) as silent,
        RawClient(impatient.url) as halting,
        RawClient(impatient.url, receive_buffer=4096) as greedy,
    ):
        say_until(iter([False] * 50 + [True]).__next__, ada, ben)
        silent.shake_hands()
        halting.shake_hands()
        halting.send(client_frame(TEXT, b'{"name":"ada"}')[:-1])
        greedy.shake_hands()
        ask(greedy, f"auth {tokens[impatient.url]}")
        for _ in range(16):
            ask(greedy, "history 1000")
        for peer in (silent, halting):
            assert peer.read_frame().opcode == PING
            assert peer.read_close() == NO_PONG
            assert peer.read_to_the_end() == b""
        eventually(lambda: impatient.log.read_text().count("client left") == 3, "the greedy one is cut too")
        # Ada and Ben have been as silent, but their library answers pings.
        ada.say("still here")
        assert ben.hear() == ("ada", "still here")


def test_a_peer_that_answers_each_ping_stays(impatient: ServerProcess) -> None:
    with RawClient(impatient.url) as faithful:
        faithful.shake_hands()
        for _ in range(3):
            assert faithful.read_frame().opcode == PING
            faithful.send(client_frame(PONG))


def test_a_cut_direct_client_gets_the_rest_once_on_its_return(
    server: ServerProcess,
) -> None:
    ada, ben = (
        request(
            "POST", f"{server.url}/signup", {"email": f"{name}@example", "name": name, "password": "secret"}
        )
        for name in ("ada-direct", "ben-direct")
    )
    sender, receiver = ada.json()["id"], ben.json()["id"]
    text = "x" * 3_900
    with ExitStack() as stack:
        slow = stack.enter_context(RawClient(server.url, receive_buffer=4096))
        slow.shake_hands(f"/direct?token={ben.json()['token']}")
        assert slow.read_frame().payload == b"Connected with id %d" % receiver
        speaker = stack.enter_context(RawClient(server.url))
        speaker.shake_hands(f"/direct?token={ada.json()['token']}")
        speaker.read_frame()
        sent = 0
        cuts = server.log.read_text().count("too slow")
        while server.log.read_text().count("too slow") == cuts:
            assert sent * len(text) < MOST_BUFFERED, "nobody was cut"
            for _ in range(20):
                message = {"from": sender, "to": receiver, "content": f"{sent} {text}"}
                speaker.send(client_frame(TEXT, json.dumps(message).encode()))
                sent += 1
            speaker.send(client_frame(TEXT, b"ping"))
            assert speaker.read_frame().payload == b"pong"
        received = direct_numbers(slow, sent)
        assert received == list(range(len(received)))
        for _ in range(sent):  # it may be cut again, while the sender's last messages still come
            if len(received) == sent:
                break
            again = stack.enter_context(RawClient(server.url))
            again.shake_hands(f"/direct?token={ben.json()['token']}")
            assert again.read_frame().payload == b"Connected with id %d" % receiver
            received += direct_numbers(again, sent - len(received))
        assert received == list(range(sent))


def direct_numbers(client: RawClient, most: int) -> list[int]:
    """The numbers of the messages that come: `most`, or those before the close frame or the end.

    Pings and the close frame are answered, as a library does.
    """
    numbers: list[int] = []
    try:
        while len(numbers) < most:
            found = client.read_frame()
            match found.opcode:
                case opcode if opcode == TEXT:
                    numbers.append(int(json.loads(found.payload)["content"].split()[0]))
                case opcode if opcode == PING:
                    client.send_what_is_taken(client_frame(PONG, found.payload))
                case _:
                    client.send_what_is_taken(client_frame(CLOSE, found.payload))
                    client.read_to_the_end()
    except EOFError:
        pass
    return numbers
