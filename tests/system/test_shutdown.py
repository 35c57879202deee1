"""A stopping server saves accepted messages, notifies everybody, and ends soon."""

import signal
import socket
import time
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.frames import CLOSE, PING, TEXT, client_frame
from tests.support.people import PASSWORD, Burst, Line, client, member, post, register, request
from tests.support.processes import needs_proc, postgres_under, wait_until_ended
from tests.support.raw_client import RawClient, opening
from tests.support.saved import BURST, assert_only_ends_are_missing, assert_told_once_in_order, saved_lines
from tests.support.server import ServerProcess, running_server, used_data_path

GRACE = 1.0
"""Seconds that these servers give to goodbyes."""

BESIDES = 2.0
"""Seconds that a stop may take beside its grace."""

GOING_AWAY = 1001

CALL_WITHOUT_ITS_END = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
"""A server that stops waits for the rest of it, as it would answer."""


@pytest.fixture(scope="module")
def data() -> Generator[Path]:
    """One data directory for all: each server finds what the one before it has left."""
    with used_data_path() as data:
        yield data


def stop(server: ServerProcess, got: signal.Signals = signal.SIGTERM) -> float:
    """Tell it to stop; return how many seconds that took. It must end well."""
    begun = time.monotonic()
    server.process.send_signal(got)
    assert server.process.wait(30) == 0, server.log.read_text()
    return time.monotonic() - begun


@needs_proc
def test_a_stop_in_mid_burst_saves_and_publishes_accepted_messages(data: Path) -> None:
    tokens: dict[str, str] = {}
    received: list[list[Line]] = []
    for start, got in ((0, signal.SIGTERM), (BURST, signal.SIGINT)):
        with running_server(data, CHAT_GRACE=str(GRACE)) as server, ExitStack() as stack:
            tokens = tokens or {name: register(server.url, name) for name in ("ada", "ben", "cem")}
            assert_kept(server, received, tokens)
            postgres = postgres_under(server.process.pid)
            authorised = [stack.enter_context(member(server.url, *person)) for person in tokens.items()]
            readers = [stack.enter_context(client(server.url)) for _ in range(3)]
            readers += [
                stack.enter_context(client(server.url, "/messenger", key="username")) for _ in range(3)
            ]
            raw = [stack.enter_context(RawClient(server.url)) for _ in range(8)]
            not_reading, half_frame, half_head, refused, idle, half_body, silent, _only_connected = raw
            not_reading.shake_hands()
            half_frame.shake_hands()
            half_frame.send(client_frame(TEXT, b'{"name":"ada"}')[:5])
            half_head.send(opening()[:40])
            refused.send(opening().replace(b"Version: 13", b"Version: 8"))
            idle.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert (refused.read_head(), idle.read_head()) == (426, 200)
            half_body.send(CALL_WITHOUT_ITS_END)
            silent.shake_hands()
            with Burst(server.url, tokens, start=start):
                received = [reader.hear_all(100) for reader in readers]
                took = stop(server, got)
                for reader, lines in zip(readers, received, strict=True):
                    lines += reader.hear_to_the_end()
                    assert reader.closed_with == GOING_AWAY
            for person in authorised:
                person.hear_to_the_end()
                assert person.closed_with == GOING_AWAY
            assert silent.read_close() == GOING_AWAY
            assert took < GRACE + BESIDES
            wait_until_ended(postgres)
    with running_server(data) as server:
        assert_kept(server, received, tokens)


def assert_kept(server: ServerProcess, received: list[list[Line]], tokens: dict[str, str]) -> None:
    """What was heard before is in the history, without gaps, and on it goes."""
    saved = saved_lines(server.address)
    for lines in received:
        assert_told_once_in_order(lines, saved)
    assert_only_ends_are_missing(saved, tokens)
    last = Line("ada", f"and on it goes, after {len(saved)}")
    with member(server.url, "ada", tokens["ada"]) as ada, client(server.url) as listener:
        ada.say(last.text)
        assert listener.hear() == last
        ada.say("history 1000")
        expected = [*saved, last][-1000:]
        assert ada.hear_all(len(expected)) == expected


def test_clients_that_behave_do_not_make_a_stop_wait(data: Path) -> None:
    """Nor do those who are gone, however they came."""
    with running_server(data, CHAT_GRACE="20") as server, ExitStack() as stack:
        people = [stack.enter_context(client(server.url)) for _ in range(20)]
        for sent in (
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
            opening("/nothing"),
            opening().replace(b"Version: 13", b"Version: 8"),
            opening().replace(b"Sec-WebSocket-Key", b"X"),
            opening().replace(b"dGhlIHNhbXBsZSBub25jZQ==", b"short"),
        ):
            with RawClient(server.url) as caller:
                caller.send(sent)
                caller.read_head()
        stack.enter_context(RawClient(server.url)).send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert stop(server) < 5
        for person in people:
            assert person.hear_to_the_end() == []
            assert person.closed_with == GOING_AWAY


def test_while_a_goodbye_is_unanswered_nobody_comes_in_and_pings_change_nothing(data: Path) -> None:
    with running_server(data, CHAT_GRACE=str(GRACE)) as server, RawClient(server.url) as chatty:
        chatty.shake_hands()
        server.process.send_signal(signal.SIGTERM)
        assert chatty.read_close() == GOING_AWAY
        with pytest.raises(ConnectionRefusedError):
            RawClient(server.url)
        assert server.process.poll() is None
        for _ in range(100):
            chatty.send_what_is_taken(client_frame(PING, b"are you still there?"))
        chatty.send_what_is_taken(client_frame(CLOSE, GOING_AWAY.to_bytes(2)))
        assert server.process.wait(GRACE + BESIDES) == 0
    assert '"level": "error"' not in server.log.read_text()


def test_a_second_signal_cuts_the_goodbyes_short_and_loses_nothing(data: Path) -> None:
    with (
        running_server(data, CHAT_GRACE="20") as server,
        member(server.url, "dora") as dora,
        client(server.url) as ben,
        RawClient(server.url) as busy,
    ):
        busy.send(CALL_WITHOUT_ITS_END)
        dora.say("saved")
        assert ben.hear() == ("dora", "saved")
        server.process.send_signal(signal.SIGTERM)
        assert ben.hear_to_the_end() == []
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(5) == 1
    with running_server(data) as again:
        assert saved_lines(again.address)[-1] == ("dora", "saved")


def test_the_logs_hold_no_token_no_password_and_no_message(data: Path) -> None:
    secret, password, text = (
        "a secret that nobody should ever read",
        "open sesame 4711",
        "between you and me 0815",
    )
    with running_server(data, CHAT_LOG_LEVEL="debug", CHAT_SECRET=secret) as server:
        token = register(server.url, "gwen", password)
        for wrong in (password, [password], {"a": password}):
            post(server.url, {"name": wrong, "password": "no"})
            post(f"{server.url}/api/login", {"username": "nobody", "password": wrong})
            post(f"{server.url}/api/reg", {"username": "gwen", "password": wrong})
        post(server.url, f'{{"password":"{password}"'.encode())
        request("GET", f"{server.url}/?token={token}", headers={"Authorization": f"Bearer {token}"})
        request("GET", f"{server.url}/nothing?token={token}&password={password}")
        with (
            member(server.url, "gwen", token) as gwen,
            client(server.url, f"/talker?token={token}") as ben,
            client(server.url, additional_headers={"Authorization": token}, name="ben") as cem,
        ):
            gwen.say(text)
            ben.hear_until(lambda line: line == ("gwen", text))
            cem.say(text)
            gwen.send(f'{{"name":"gwen","message":"{text}')
            gwen.say(f"{text}\0")
            cem.say(f"auth {token}x")
            gwen.say("history 10")
            gwen.hear_until(lambda line: line == ("gwen", text))
        with RawClient(server.url) as rude:
            rude.shake_hands(f"/talker?token={token}")
            rude.send(client_frame(TEXT, text.encode() + b"\xff"))
            rude.read_to_the_end()
        with RawClient(server.url) as rude:
            rude.send(f"GET /?token={token} HTTP/1.1\r\nAuthorization {token}\r\n\r\n".encode())
            rude.read_to_the_end()
        with RawClient(server.url) as rude:
            rude.send(f"GET /talker?token={token} HTTP/1.1\r\nX-Token: {token}\r\n".encode())
            rude.socket.shutdown(socket.SHUT_WR)
            rude.read_to_the_end()
        assert stop(server) < 10
    logs = server.log.read_text() + (data / "postgres.log").read_text(errors="replace")
    assert "client connected" in logs
    assert "client left" in logs
    for hidden in (secret, password, PASSWORD + '"', text, token, token.split(".")[2]):
        assert hidden not in logs
