"""Who does not read, and who does not answer, is cut; nobody else notices."""

import itertools
import json
from collections.abc import Generator

import pytest
from conftest import ServerProcess, data_path, running_server
from people import Line, Person, client, eventually, member, register, request
from processes import held_connections, needs_proc
from raw_wire import CLOSE, PING, PONG, TEXT, RawClient, frame
from saved import saved_lines

OUTBOX_BYTES = 65_536
BUFFERS = 12_000_000
"""More bytes than the system keeps for a connection whose peer does not read, on both sides together."""

TOO_SLOW = 4008
NO_PONG = 4009


@pytest.fixture(scope="module")
def server() -> Generator[ServerProcess]:
    with data_path() as data, running_server(data, CHAT_OUTBOX_BYTES=str(OUTBOX_BYTES)) as server:
        yield server


@pytest.fixture(scope="module")
def impatient() -> Generator[ServerProcess]:
    """A server that soon asks the silent whether they are there."""
    settings = {"CHAT_PING_INTERVAL": "0.4", "CHAT_PONG_TIMEOUT": "0.4"}
    with data_path() as data, running_server(data, **settings) as server:
        yield server


@pytest.fixture(scope="module")
def tokens(server: ServerProcess, impatient: ServerProcess) -> dict[str, str]:
    return {url: register(url, "ada") for url in (server.url, impatient.url)}


def say_much(speaker: Person, listener: Person, amount: int = BUFFERS) -> list[Line]:
    """Fill every buffer of who does not listen; `listener` hears it all, in order, while it is said."""
    text = "語" * 3_900
    said, heard = [], []
    for number in range(amount // (3 * len(text))):
        said.append(Line(speaker.name, f"{number} {text}"))
        speaker.say(said[-1].text)
        if number >= 20:  # so that no reader is ever far behind
            heard.append(listener.hear())
    heard += listener.hear_all(len(said) - len(heard))
    assert heard == said
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


def test_a_slow_reader_is_cut_and_not_waited_for(server: ServerProcess, tokens: dict[str, str]) -> None:
    with (
        member(server.url, "ada", tokens[server.url]) as ada,
        client(server.url, path="/messenger", key="username") as ben,
        RawClient(server.url, receive_buffer=4096) as slow,
    ):
        slow.shake_hands()
        said = say_much(ada, ben)
        heard, code = read_what_is_left(slow)
        # What it did hear is whole and without a gap, and it did not hear all.
        assert heard == said[: len(heard)]
        assert len(heard) < len(said)
        assert code in (TOO_SLOW, None)
        ada.say("still here")
        assert ben.hear() == ("ada", "still here")
    assert saved_lines(server.address)[-len(said) - 1 :] == [*said, ("ada", "still here")]


def test_who_is_too_slow_and_then_reads_is_told_so(server: ServerProcess, tokens: dict[str, str]) -> None:
    with (
        member(server.url, "ada", tokens[server.url]) as ada,
        client(server.url, path="/messenger", key="username") as ben,
        RawClient(server.url, receive_buffer=4096) as slow,
    ):
        slow.shake_hands()
        cut_before = server.log.read_text().count('"client too slow"')
        text = "語" * 3_900
        for number in itertools.count():
            ada.say(f"{number} {text}")
            ben.hear()
            if server.log.read_text().count('"client too slow"') > cut_before:
                break
        heard, code = read_what_is_left(slow)
        assert heard == [("ada", f"{place} {text}") for place in range(len(heard))]
        assert len(heard) <= number
        assert code == TOO_SLOW


@needs_proc
def test_who_is_cut_leaves_nothing_behind(server: ServerProcess, tokens: dict[str, str]) -> None:
    with (
        member(server.url, "ada", tokens[server.url]) as ada,
        client(server.url, path="/messenger", key="username") as ben,
    ):
        eventually(lambda: held_connections(server.process.pid) == 3, "only these two and the listener are open")
        slow = [RawClient(server.url, receive_buffer=4096) for _ in range(5)]
        for client_ in slow:
            client_.shake_hands()
        say_much(ada, ben)
        eventually(lambda: held_connections(server.process.pid) == 3, "the slow ones are forgotten")
        for client_ in slow:
            client_.socket.close()


def test_who_asks_for_history_and_does_not_read_it_holds_nobody_up(
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
    asker.send(frame(TEXT, json.dumps({"name": "ada", "message": message}).encode()))


def test_a_peer_that_answers_no_ping_is_cut_and_one_that_does_is_not(
    impatient: ServerProcess, tokens: dict[str, str]
) -> None:
    with (
        member(impatient.url, "ada", tokens[impatient.url]) as ada,
        client(impatient.url) as ben,
        RawClient(impatient.url) as silent,
    ):
        silent.shake_hands()
        assert silent.read_frame().opcode == PING
        assert silent.read_close() == NO_PONG
        assert silent.read_to_the_end() == b""
        # Ada and Ben have been as silent, but their library answers pings.
        ada.say("still here")
        assert ben.hear() == ("ada", "still here")


def test_a_peer_that_answers_each_ping_stays(impatient: ServerProcess) -> None:
    with RawClient(impatient.url) as faithful:
        faithful.shake_hands()
        for _ in range(4):
            assert faithful.read_frame().opcode == PING
            faithful.send(frame(PONG))


def test_a_peer_that_sends_half_a_frame_and_no_more_is_cut(impatient: ServerProcess) -> None:
    with RawClient(impatient.url) as silent:
        silent.shake_hands()
        silent.send(frame(TEXT, b'{"name":"ada"}')[:-1])
        assert silent.read_frame().opcode == PING
        assert silent.read_close() == NO_PONG


def test_a_peer_that_neither_reads_nor_answers_is_cut_with_its_history_unread(
    impatient: ServerProcess, tokens: dict[str, str]
) -> None:
    with member(impatient.url, "ada", tokens[impatient.url]) as ada, client(impatient.url) as ben:
        say_much(ada, ben, BUFFERS // 4)
        with RawClient(impatient.url, receive_buffer=4096) as greedy:
            greedy.shake_hands()
            ask(greedy, f"auth {tokens[impatient.url]}")
            for _ in range(16):
                ask(greedy, "history 1000")
            left = impatient.log.read_text().count('"client left"')
            eventually(
                lambda: impatient.log.read_text().count('"client left"') > left, "the greedy one is cut"
            )
        ada.say("still here")
        assert ben.hear() == ("ada", "still here")
