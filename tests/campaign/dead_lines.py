"""`make campaign ARGS="--only dead-lines"`: connections that are lost or slow while direct messages are sent.

In each round a person is written to on one line, which then answers nothing more, or reads nothing more, at a random
moment. What the server sends to the next connection is held against what was said, and so is what it sends to the one
after that. `LINES` says how many rounds there are of each kind.
"""

import json
import os
import random
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.campaign.rows import Row
from tests.support.frames import PING, PONG, TEXT, client_frame
from tests.support.people import PATIENCE, request
from tests.support.raw_client import RawClient
from tests.support.server import ServerProcess, data_path, running_server

LINES = int(os.environ.get("LINES", "50"))
SAID = 200
"""Messages of each round."""
SLOW_SAID, SLOW_TEXT = 1_500, "x" * 3_900
"""Messages of a round with a slow reader, and what is in each: more than is kept for it."""


class Account(NamedTuple):
    id: int
    path: str


class Outcome(NamedTuple):
    """Of one round: how many messages were confirmed before the line died, and how many were sent twice."""

    confirmed: int
    again: int


def dead_lines() -> Iterable[Row]:
    settings = {"CHAT_PING_INTERVAL": "1", "CHAT_PONG_TIMEOUT": "1", "CHAT_REGISTRATIONS_PER_HOUR": "0"}
    with data_path() as data, running_server(data, CHAT_OUTBOX_BYTES="262144", **settings) as server:
        speaker, chance = _account(server, "speaker"), random.Random(1)
        kinds = (
            ("answers nothing more and takes all bytes", _dies),
            ("reads nothing more, is cut, and is gone", _stops_reading),
        )
        for what, round_of in kinds:
            outcomes = []
            for number in range(LINES):
                with _person(server, speaker) as socket:
                    who = _account(server, f"{round_of.__name__}-{number}")
                    outcomes.append(round_of(server, socket, speaker, who, chance))
            assert "Traceback" not in server.log.read_text()
            confirmed, again = (sum(each) for each in zip(*outcomes, strict=True))
            yield (
                f"a line that is written to directly {what}",
                f"{LINES} ×",
                f"0 lost, 0 out of order; {confirmed:,} confirmed before and sent once, {again:,} sent again",
                "–",
            )


def _dies(
    server: ServerProcess, socket: ClientConnection, speaker: Account, who: Account, chance: random.Random
) -> Outcome:
    texts = [str(number) for number in range(SAID)]
    answered = chance.randrange(SAID)
    received = 0
    with RawClient(server.url) as line:
        line.shake_hands(who.path)
        for text in texts:
            _say(socket, speaker, who, [text])
        with suppress(EOFError):
            while True:
                frame = line.read_frame()
                received += frame.opcode == TEXT
                if frame.opcode == PING and received <= answered:
                    line.send_what_is_taken(client_frame(PONG, frame.payload))
    return _held_against(server, who, texts, received - 1)


def _stops_reading(
    server: ServerProcess, socket: ClientConnection, speaker: Account, who: Account, chance: random.Random
) -> Outcome:
    texts = [f"{number} {SLOW_TEXT}" for number in range(SLOW_SAID)]
    with RawClient(server.url, receive_buffer=4096) as line:
        line.shake_hands(who.path)
        for first in range(0, SLOW_SAID, 50):
            _say(socket, speaker, who, texts[first : first + 50])
        line.reset()
    return _held_against(server, who, texts, SLOW_SAID)


def _held_against(server: ServerProcess, who: Account, texts: list[str], took: int) -> Outcome:
    """Compare what the next connections are sent with what was said; `took` is what the dead line took at most."""
    missed: list[str] = []
    for _ in range(100):  # it may be cut again, as it is sent all at once
        came: list[str] = []
        with suppress(ConnectionClosed), _person(server, who) as back:
            back.send("ping")
            came.extend(json.loads(frame)["content"] for frame in iter(partial(back.recv, PATIENCE), "pong"))
        missed = missed[: missed.index(came[0])] + came if came and came[0] in missed else missed + came
        if missed[-1:] == texts[-1:]:
            break
    first = len(texts) - len(missed)
    assert missed == texts[first:], f"{who.path[:30]} lost some"
    with _person(server, who) as once_more:
        once_more.send("ping")
        assert once_more.recv(PATIENCE) == "pong", "sent again, though it was confirmed"
    return Outcome(first, max(0, took - first))


def _account(server: ServerProcess, name: str) -> Account:
    body = {"email": f"{name}@example", "name": name.replace("_", ""), "password": "secret"}
    answer = request("POST", f"{server.url}/signup", body).json()
    return Account(answer["id"], f"/direct?token={answer['token']}")


def _person(server: ServerProcess, who: Account) -> ClientConnection:
    """Somebody whose library answers pings."""
    url = server.url.replace("http", "ws", 1) + who.path
    socket = connect(url, open_timeout=PATIENCE, ping_interval=None, max_queue=None, proxy=None)
    assert socket.recv(PATIENCE) == f"Connected with id {who.id}"
    return socket


def _say(socket: ClientConnection, speaker: Account, to: Account, texts: Iterator[str] | list[str]) -> None:
    for text in texts:
        socket.send(json.dumps({"from": speaker.id, "to": to.id, "content": text}))
    socket.send("ping")
    assert socket.recv(PATIENCE) == "pong"
