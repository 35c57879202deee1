"""The server or its database is killed or stopped in mid-burst: received messages are saved, once and in order."""

import itertools
import os
import signal
from collections.abc import Generator
from pathlib import Path

import asyncpg
import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.people import (
    Burst,
    Line,
    Person,
    client,
    eventually,
    hear_first,
    member,
    register,
    request,
)
from tests.support.processes import needs_proc, postgres_under, stopped, wait_until_ended
from tests.support.saved import (
    BURST,
    assert_only_ends_are_missing,
    assert_told_once_in_order,
    numbers_of,
    saved_lines,
)
from tests.support.server import ServerProcess, running_server, used_data_path

pytestmark = needs_proc

last_words = itertools.count()

NAMES = ("ada", "ben", "cem", "dora")

OUTCOME_UNKNOWN = 1013
MAYBE_SAVED = "the message may or may not have been saved"
NOT_SAVED = "the message could not be saved, try again"


@pytest.fixture(scope="module")
def server() -> Generator[ServerProcess]:
    """A server that outlives its database again and again, and does not wait long for it."""
    settings = {"CHAT_COMMIT_TIMEOUT": "1", "CHAT_QUERY_TIMEOUT": "1"}
    with used_data_path() as data, running_server(data, **settings) as server:
        yield server


@pytest.fixture(scope="module")
def tokens(server: ServerProcess) -> dict[str, str]:
    return {name: register(server.url, name) for name in NAMES}


def health(server: ServerProcess) -> int:
    return request("GET", f"{server.url}/healthz").status_code


def hear_what_is_said_after(burst: Burst, listener: Person) -> list[Line]:
    """Listen until Ada's next lines come through."""
    mark = burst.said["ada"]
    return listener.hear_until(lambda line: max(numbers_of("ada", [line]), default=-1) > mark)


def hear_to_a_last_word(server: ServerProcess, token: str, *listeners: Person) -> list[list[Line]]:
    """Let Ben say one line more as soon as it is taken, and listen up to it, until nothing is said behind it.

    What somebody said who is gone may be read after that.
    """
    last = Line("", "")
    received: list[list[Line]] = [[] for _ in listeners]

    def last_word_is_taken() -> bool:
        nonlocal last
        last = Line("ben", f"last word: {next(last_words)}")
        try:
            return speaks(server, token, last)
        except (ConnectionClosed, OSError):  # cut, as the outcome is not known
            return False

    def is_last_saved() -> bool:
        try:
            return saved_lines(server.address)[-1] == last
        except (OSError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError):  # it starts again
            return False

    while not is_last_saved():
        eventually(last_word_is_taken, "Ben can speak")
        for lines, listener in zip(received, listeners, strict=True):
            lines += listener.hear_until(lambda line: line == last)
    return received


def speaks(server: ServerProcess, token: str, line: Line) -> bool:
    """Say the line once; whether it was taken."""
    with client(server.url, name=line.name) as speaker, client(server.url) as witness:
        speaker.say(f"auth {token}")
        if speaker.hear_until(lambda got: got.name == "server")[-1].text != f"authorised as {line.name}":
            return False
        speaker.say(line.text)
        while (received := hear_first(witness, speaker)) != line:
            if received.name == "server":
                return False
        return True


def test_messages_received_before_a_kill_are_saved(data: Path) -> None:
    tokens: dict[str, str] = {}
    received: list[list[Line]] = []
    for start in (0, BURST, 2 * BURST):
        with running_server(data) as server:
            postgres = postgres_under(server.process.pid)
            tokens = tokens or {name: register(server.url, name) for name in NAMES}
            saved = saved_lines(server.address)
            for lines in received:
                assert_told_once_in_order(lines, saved)
            assert_only_ends_are_missing(saved, NAMES)
            with (
                client(server.url) as listener,
                client(server.url, "/messenger", key="username") as other,
                Burst(server.url, tokens, start=start),
            ):
                received = [person.hear_all(300) for person in (listener, other)]
                server.kill()
                for person, lines in zip((listener, other), received, strict=True):
                    lines += person.hear_to_the_end()
            wait_until_ended(postgres)
    with running_server(data) as server:
        saved = saved_lines(server.address)
        for lines in received:
            assert_told_once_in_order(lines, saved)
        assert_only_ends_are_missing(saved, NAMES)
        with client(server.url) as listener, member(server.url, "ada", tokens["ada"]) as ada:
            ada.say("and on it goes")
            assert listener.hear() == ("ada", "and on it goes")
            ada.say("history 1000")
            newest = [*saved, ("ada", "and on it goes")][-1000:]  # how many were saved is the bursts' affair
            assert ada.hear_all(len(newest)) == newest


@pytest.mark.parametrize(("victim", "start"), [("the postmaster", 0), ("a backend", BURST)])
def test_the_server_survives_a_killed_database_without_losing_messages(
    server: ServerProcess, tokens: dict[str, str], victim: str, start: int
) -> None:
    before = len(saved_lines(server.address))
    with client(server.url) as listener, client(server.url, "/messenger", key="username") as other:
        with Burst(server.url, tokens, start=start, comes_back=True) as burst:
            received = listener.hear_all(300)
            os.kill(find(victim, postgres_under(server.process.pid)), signal.SIGKILL)
            received += hear_what_is_said_after(burst, listener)
        ends = hear_to_a_last_word(server, tokens["ben"], listener, other)
    assert_all_was_told(server, before, received + ends[0], ends[1])
    assert health(server) == 200


def test_a_sender_during_a_database_outage_is_closed_with_unknown_outcome(
    server: ServerProcess, tokens: dict[str, str]
) -> None:
    before = len(saved_lines(server.address))
    with client(server.url) as listener, client(server.url, "/messenger", key="username") as other:
        with (
            member(server.url, "cem", tokens["cem"]) as cem,
            member(server.url, "ada", tokens["ada"]) as ada,
            stopped(postgres_under(server.process.pid)),
        ):
            ada.say("into the silence")
            assert [line.text for line in ada.hear_to_the_end()] == [MAYBE_SAVED]
            assert ada.closed_with == OUTCOME_UNKNOWN
            assert health(server) == 503
            cem.say("it is silent indeed")
            assert cem.is_told() == NOT_SAVED
        ends = hear_to_a_last_word(server, tokens["ben"], listener, other)
    assert_all_was_told(server, before, *ends)
    assert Line("cem", "it is silent indeed") not in ends[0]
    assert health(server) == 200


def test_after_a_database_stop_in_mid_burst_all_saved_messages_are_published(
    server: ServerProcess, tokens: dict[str, str]
) -> None:
    before = len(saved_lines(server.address))
    with client(server.url) as listener, client(server.url, "/messenger", key="username") as other:
        with Burst(server.url, tokens, start=2 * BURST, comes_back=True) as burst:
            received = listener.hear_all(300)
            with stopped(postgres_under(server.process.pid)):
                eventually(lambda: health(server) == 503, "the server says what is wrong")
            received += hear_what_is_said_after(burst, listener)
        ends = hear_to_a_last_word(server, tokens["ben"], listener, other)
    assert_all_was_told(server, before, received + ends[0], ends[1])
    assert health(server) == 200


def find(victim: str, postgres: list[int]) -> int:
    if victim == "the postmaster":
        return postgres[0]
    # The oldest that serves a client is the journal's.
    return min(pid for pid in postgres[1:] if b"[local]" in Path(f"/proc/{pid}/cmdline").read_bytes())


def assert_all_was_told(server: ServerProcess, before: int, *received: list[Line]) -> None:
    """Those who stayed heard nothing that is not kept, and everything that is; the server has never ended."""
    assert server.process.poll() is None
    saved = saved_lines(server.address)
    for lines in received:
        assert lines[0] == saved[before]
        assert assert_told_once_in_order(lines, saved) == 0
    for name in NAMES:
        said = numbers_of(name, saved[before:])
        assert said == sorted(said)
